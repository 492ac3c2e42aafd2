from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.ownership import TenantOwned


class Sender(TenantOwned):
    """An address that a mailbox sends from, and what Exchange has shown about it."""

    mailbox = models.ForeignKey(
        "mailboxes.Mailbox", on_delete=models.CASCADE, related_name="senders", verbose_name=_("mailbox")
    )
    address = models.CharField(_("address"), max_length=320)
    #: When Exchange first took a mail from it, and when it last refused one; a mail that is taken ends a refusal.
    proved_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("sender")
        verbose_name_plural = _("senders")
        constraints = [models.UniqueConstraint(fields=["mailbox", "address"], name="sender_once_per_mailbox")]

    @classmethod
    def in_queues(cls, queues: Iterable[int]) -> models.Q:
        return models.Q(mailbox__queue__in=queues)

    def __str__(self) -> str:
        return self.address
