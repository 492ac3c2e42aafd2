from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.ownership import OwnedQuerySet, TenantOwned

# One statement decides and writes it down, so that of two who ask at the same moment one is refused.
_CLAIM: Final = """
INSERT INTO tickets_autoanswer (tenant_id, mailbox_id, email, is_proven, answered_at)
VALUES {rows}
ON CONFLICT (tenant_id, email) DO UPDATE
   SET mailbox_id = excluded.mailbox_id, is_proven = excluded.is_proven, answered_at = excluded.answered_at
 WHERE tickets_autoanswer.answered_at <= %(before)s
RETURNING id, email
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Somebody who may be answered: from which mailbox, and whether he is proven to be who he says."""

    email: str
    mailbox_id: int
    is_proven: bool


class AutoAnswerQuerySet(OwnedQuerySet):
    def claim(
        self, tenant_id: int, asked: Sequence[Asked], *, now: datetime, before: datetime
    ) -> frozenset[str]:
        """Note an answer to each sender who has had none since `before`; gives their addresses."""
        if not asked:
            return frozenset()
        values: dict[str, Any] = {"tenant": tenant_id, "now": now, "before": before}
        rows = []
        # In one order, so that two who ask for the same senders do not wait for each other.
        for place, one in enumerate(sorted(asked, key=lambda one: one.email)):
            values |= {f"mailbox{place}": one.mailbox_id, f"email{place}": one.email}
            values[f"proven{place}"] = one.is_proven
            rows.append(f"(%(tenant)s, %(mailbox{place})s, %(email{place})s, %(proven{place})s, %(now)s)")
        return frozenset(row.email for row in self.raw(_CLAIM.format(rows=", ".join(rows)), values))


class AutoAnswer(TenantOwned):
    """When a sender was answered automatically last; kept for a day, which is how long there is no second one."""

    mailbox = models.ForeignKey(
        "mailboxes.Mailbox", on_delete=models.CASCADE, related_name="+", verbose_name=_("mailbox")
    )
    #: In lower case.
    email = models.CharField(_("address"), max_length=320)
    is_proven = models.BooleanField(default=False)
    answered_at = models.DateTimeField(_("answered"))

    objects = AutoAnswerQuerySet.as_manager()  # type: ignore[misc]  # narrower than the inherited one

    class Meta:
        verbose_name = _("automatic answer")
        verbose_name_plural = _("automatic answers")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "email"], name="auto_answer_once_per_sender")
        ]
        indexes = [models.Index(fields=["mailbox", "answered_at"], name="auto_answer_lately")]

    @classmethod
    def in_queues(cls, queues: Iterable[int]) -> models.Q:
        return models.Q(mailbox__queue__in=queues)

    def __str__(self) -> str:
        return self.email
