from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from mailboxes.models.template import template_field
from tenants.ownership import OwnedQuerySet, TenantOwned

#: More than anybody looks through beside an answer.
MOST_OFFERED: Final = 100


class CannedAnswerQuerySet(OwnedQuerySet):
    def offered_on(self, ticket: Any) -> models.QuerySet[Any]:
        """Keep those for a ticket: of its tenant, for its queue or for all, by name."""
        own = self.filter(tenant_id=ticket.tenant_id).filter(
            models.Q(queue=None) | models.Q(queue_id=ticket.queue_id)
        )
        return own.order_by("name", "pk")[:MOST_OFFERED]


class CannedAnswer(TenantOwned):
    """Words that staff put into an answer at a keystroke: a template of a tenant, or of one of its queues."""

    name = models.CharField(_("name"), max_length=100)
    queue = models.ForeignKey(
        "tickets.Queue",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("queue"),
        help_text=_("Offered on tickets of this queue only; left empty, on every ticket."),
    )
    text = template_field(_("text"), blank=False)

    objects = CannedAnswerQuerySet.as_manager()  # type: ignore[misc]  # narrower than the inherited one

    class Meta:
        ordering = ["name"]
        verbose_name = _("canned answer")
        verbose_name_plural = _("canned answers")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="canned_answer_name_once_per_tenant")
        ]

    @classmethod
    def in_queues(cls, queues: Iterable[int]) -> models.Q:
        return models.Q(queue=None) | models.Q(queue__in=queues)

    def __str__(self) -> str:
        return self.name
