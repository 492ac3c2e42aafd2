from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.ownership import TenantOwned


class ExaminationResult(TenantOwned):
    """What the last examination of a mailbox found, step by step."""

    mailbox = models.OneToOneField(
        "mailboxes.Mailbox", on_delete=models.CASCADE, related_name="examination", verbose_name=_("mailbox")
    )
    examined_at = models.DateTimeField(_("examined"), db_index=True)
    is_ok = models.BooleanField(_("works"))
    #: As `doctor --json` prints them, each with the correlation ids beside.
    checks = models.JSONField(_("steps"), default=list)

    class Meta:
        verbose_name = _("examination")
        verbose_name_plural = _("examinations")

    @classmethod
    def in_queues(cls, queues: Iterable[int]) -> models.Q:
        return models.Q(mailbox__queue__in=queues)

    def __str__(self) -> str:
        return f"examination of mailbox {self.mailbox_id}"
