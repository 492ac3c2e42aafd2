from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.ownership import TenantOwned


class Copy(TypedDict, total=False):
    """Where a mail's copies lie, and what of its headers was kept; None, or absent, where that cannot be told."""

    own: bool | None
    named: bool | None
    message_id: bool
    threading: bool
    shown_as: str


class Sender(TenantOwned):
    """An address that a mailbox sends from, and what Exchange has shown about it."""

    mailbox = models.ForeignKey(
        "mailboxes.Mailbox", on_delete=models.CASCADE, related_name="senders", verbose_name=_("mailbox")
    )
    address = models.CharField(_("address"), max_length=320)
    #: When Exchange first took a mail from it, and when it last refused one; a mail that is taken ends a refusal.
    proved_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)

    #: The mail whose copy is to be looked up next, when, and how often that was in vain.
    copy_of = models.ForeignKey(
        "mailboxes.OutboundMessage", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    copy_due_at = models.DateTimeField(null=True)
    copy_looks = models.PositiveSmallIntegerField(default=0, db_default=0)
    #: What the look has shown, as Copy; None before it.
    copy = models.JSONField(null=True)
    copy_seen_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("sender")
        verbose_name_plural = _("senders")
        constraints = [models.UniqueConstraint(fields=["mailbox", "address"], name="sender_once_per_mailbox")]

    @classmethod
    def in_queues(cls, queues: Iterable[int]) -> models.Q:
        return models.Q(mailbox__queue__in=queues)

    def __str__(self) -> str:
        return self.address
