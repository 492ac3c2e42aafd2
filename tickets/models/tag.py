from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from mailboxes.parsing.gate import one_line
from tenants.ownership import OwnedQuerySet, TenantOwned

MAX_NAME: Final = 40
#: More than anybody reads on one ticket.
MAX_TAGS: Final = 20


def tag_names(names: Iterable[str]) -> list[str]:
    """Give the names as they are kept: in lower case, without commas, each once, MAX_TAGS at most."""
    cleaned = (one_line(name.replace(",", " "), max_chars=MAX_NAME).strip().lower() for name in names)
    return list(dict.fromkeys(name for name in cleaned if name))[:MAX_TAGS]


class TagQuerySet(OwnedQuerySet):
    def named(self, names: Iterable[str], *, tenant_id: int) -> Sequence[Any]:
        """Give the tags of these names, making those that are missing."""
        wanted = tag_names(names)
        found = {tag.name: tag for tag in self.filter(tenant_id=tenant_id, name__in=wanted)}
        if missing := [name for name in wanted if name not in found]:
            # Somebody else may be making the same one just now.
            self.bulk_create(
                [self.model(tenant_id=tenant_id, name=name) for name in missing], ignore_conflicts=True
            )
            found |= {tag.name: tag for tag in self.filter(tenant_id=tenant_id, name__in=missing)}
        return [found[name] for name in wanted]


class Tag(TenantOwned):
    """A word that staff or rules put on tickets of a tenant; in lower case, so that each is there once."""

    name = models.CharField(_("name"), max_length=MAX_NAME)

    objects = TagQuerySet.as_manager()  # type: ignore[misc]  # narrower than the inherited one

    class Meta:
        ordering = ["name"]
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="tag_name_once_per_tenant")]

    def __str__(self) -> str:
        return self.name
