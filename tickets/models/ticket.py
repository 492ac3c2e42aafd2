from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.ownership import TenantOwned

#: Statuses of tickets that are not done: somebody has something to do, or the customer has.
UNSOLVED: Final = ("new", "open", "waiting")
#: Of these, somebody of us has something to do.
UNANSWERED: Final = ("new", "open")


def new_reference(tenant_name: str) -> str:
    """Make a reference such as CON-7QF2KX4MZA: letters of the tenant, then 50 random bits nobody can guess into."""
    letters = re.sub(r"[^A-Z]", "", tenant_name.upper())[:3]
    prefix = letters if len(letters) >= 2 else "TK"
    return f"{prefix}-{base64.b32encode(secrets.token_bytes(7)).decode()[:10]}"


def new_reply_token() -> str:
    """Make the 128 random bits, in lower-case base32, by which our own mails recognise their ticket."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


class Ticket(TenantOwned):
    """A conversation with a customer, from the first mail to the last."""

    class Status(models.TextChoices):
        NEW = "new", _("new")
        OPEN = "open", _("open")
        WAITING = "waiting", _("waiting for the customer")
        SOLVED = "solved", _("solved")
        CLOSED = "closed", _("closed")

    class Priority(models.IntegerChoices):
        LOW = 1, _("low")
        NORMAL = 2, _("normal")
        HIGH = 3, _("high")
        URGENT = 4, _("urgent")

    class Spoke(models.TextChoices):
        CUSTOMER = "customer", _("customer")
        STAFF = "staff", _("staff")
        MACHINE = "machine", _("automatic mail")

    reference = models.CharField(_("reference"), max_length=16, unique=True)
    #: Unlike the reference it never stands in a subject line; whoever knows it has had a mail of ours.
    reply_token = models.CharField(max_length=26, unique=True, default=new_reply_token)
    queue = models.ForeignKey(
        "tickets.Queue", on_delete=models.PROTECT, related_name="tickets", verbose_name=_("queue")
    )
    mailbox = models.ForeignKey(
        "mailboxes.Mailbox",
        on_delete=models.SET_NULL,
        null=True,
        related_name="tickets",
        verbose_name=_("mailbox"),
    )
    subject = models.CharField(_("subject"), max_length=998, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.NEW)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("assigned to"),
    )
    #: The default stands in the database too: the release before this one opens tickets without the column.
    priority = models.PositiveSmallIntegerField(
        _("priority"), choices=Priority, default=Priority.NORMAL, db_default=Priority.NORMAL
    )
    tags = models.ManyToManyField("tickets.Tag", blank=True, related_name="tickets", verbose_name=_("tags"))
    due_on = models.DateField(_("due"), null=True, blank=True)
    requester_name = models.CharField(_("requester"), max_length=320, blank=True)
    requester_email = models.CharField(_("requester's address"), max_length=320, blank=True)
    opened_at = models.DateTimeField(_("opened"), default=timezone.now)
    #: When the last entry arrived, and whose it was.
    last_entry_at = models.DateTimeField(_("last word"), default=timezone.now)
    last_entry_by = models.CharField(_("last word by"), max_length=10, choices=Spoke, default=Spoke.CUSTOMER)
    #: Of the oldest mail of the customer nobody has answered; of a ticket that rests it means nothing.
    waits_since_at = models.DateTimeField(_("waiting since"), null=True, editable=False)
    entry_count = models.PositiveIntegerField(_("entries"), default=0)
    watchers = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")
    #: The ticket that took over this one's entries, and takes what still comes for it.
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        db_index=False,
        related_name="merged",
        verbose_name=_("merged into"),
    )
    #: Since when it is solved or closed; kept in step with the status by save().
    closed_at = models.DateTimeField(_("done since"), null=True, editable=False)

    class Meta:
        ordering = ["-last_entry_at", "-pk"]
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        indexes = [
            models.Index(fields=["tenant", "-last_entry_at"], name="ticket_last_word"),
            models.Index(fields=["tenant", "status", "-last_entry_at"], name="ticket_by_status"),
            models.Index(fields=["-last_entry_at"], name="ticket_newest"),
            models.Index(fields=["tenant", "requester_email"], name="ticket_by_requester"),
            # The figures of the overview, without a look at the rows themselves.
            models.Index(fields=["opened_at", "tenant"], name="ticket_by_opening"),
            models.Index(
                fields=["closed_at", "tenant"], name="ticket_by_closing", condition=Q(closed_at__isnull=False)
            ),
            models.Index(
                fields=["tenant", "queue", "status", "last_entry_by", "last_entry_at"],
                name="ticket_unsolved",
                condition=Q(status__in=UNSOLVED),
            ),
            models.Index(
                fields=["merged_into"], name="ticket_merged", condition=Q(merged_into__isnull=False)
            ),
        ]

    @classmethod
    def in_queues(cls, queues: Iterable[int]) -> models.Q:
        return models.Q(queue__in=queues)

    def __str__(self) -> str:
        return f"{self.reference} {self.subject}"

    @property
    def waits_since(self) -> datetime | None:
        """Since when the customer waits for us; None when he does not."""
        return self.waits_since_at if self.status in UNANSWERED else None

    def standing_for(self) -> Ticket:
        """Give the ticket that takes what comes for this one: itself, or the one it was merged into."""
        return self.merged_into or self

    def save(self, **kwargs: Any) -> None:
        """Save; a status that is written takes the time of its closing along."""
        fields = kwargs.get("update_fields")
        if fields is None or "status" in fields:
            self.closed_at = None if self.status in UNSOLVED else self.closed_at or timezone.now()
            kwargs |= {} if fields is None else {"update_fields": {*fields, "closed_at"}}
        super().save(**kwargs)
