from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants.diagnosis import Diagnosis
from tenants.ownership import OwnedQuerySet, TenantOwned

#: States in which nothing more is to be decided: the mail may be moved, marked or deleted at Microsoft.
SETTLED_STATES = ("filed", "skipped", "suspended")


def remote_key_of(remote_id: str) -> str:
    """Hash an id of the wire; ids are case-sensitive and may be longer than an index likes."""
    return hashlib.sha256(remote_id.encode("utf-8", "surrogatepass")).hexdigest()


class InboundQuerySet(OwnedQuerySet):
    def received(self) -> InboundQuerySet:
        """Leave out what was found in Sent Items."""
        return self.filter(is_sent=False)

    def unacknowledged(self, now: datetime) -> InboundQuerySet:
        """Keep the settled mails that Microsoft's side has not been told about, and are due to be."""
        return self.filter(
            Q(acknowledge_at=None) | Q(acknowledge_at__lte=now),
            acknowledged_at=None,
            is_sent=False,
            state__in=SETTLED_STATES,
        )

    def waiting_for_download(self, now: datetime) -> InboundQuerySet:
        """Keep the mails that were listed but could not be downloaded yet, and are due."""
        return self.filter(
            Q(retry_at=None) | Q(retry_at__lte=now), state=InboundMessage.State.RECEIVED, raw_path=""
        )


class InboundMessage(TenantOwned):
    """A line of the ledger: one mail we have seen, and what became of it."""

    class State(models.TextChoices):
        RECEIVED = "received", _("waiting")
        FILED = "filed", _("filed on a ticket")
        SKIPPED = "skipped", _("skipped")
        SUSPENDED = "suspended", _("suspended")
        QUARANTINED = "quarantined", _("in quarantine")
        GONE = "gone", _("gone before we could fetch it")

    class Source(models.TextChoices):
        POLL = "poll", _("regular look")
        PUSH = "push", _("notification")
        MANUAL = "manual", _("by hand")

    class Wanted(models.TextChoices):
        """What staff decided over a verdict."""

        NO = "", _("as decided")
        TICKET = "ticket", _("a ticket, whatever the verdict")
        STUB = "stub", _("a ticket with the original beside it, without opening it")

    mailbox = models.ForeignKey(
        "mailboxes.Mailbox", on_delete=models.CASCADE, related_name="ledger", verbose_name=_("mailbox")
    )
    remote_id = models.TextField(_("id at Microsoft"))
    remote_key = models.CharField(max_length=64)
    source = models.CharField(_("found by"), max_length=10, choices=Source, default=Source.POLL)
    received_at = models.DateTimeField(_("received"))
    seen_at = models.DateTimeField(_("first seen"), auto_now_add=True)
    # What the listing said; good enough to recognise a mail that cannot be opened.
    message_id = models.TextField(_("Message-ID"), blank=True)
    subject = models.CharField(_("subject"), max_length=255, blank=True)
    sender = models.CharField(_("sender"), max_length=320, blank=True)

    # The bytes.
    raw_path = models.CharField(max_length=200, blank=True)
    raw_bytes = models.PositiveBigIntegerField(_("size"), default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    is_truncated = models.BooleanField(_("cut at the size limit"), default=False)
    #: Found in Sent Items: somebody wrote it in Outlook. It is only read; nothing is ever done with it at Microsoft.
    is_sent = models.BooleanField(_("from Sent Items"), default=False, db_default=False)
    #: It lay in the folder before we were connected: never answered automatically.
    is_imported = models.BooleanField(_("imported"), default=False)

    # What became of it.
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.RECEIVED)
    reason = models.TextField(_("reason"), blank=True)
    #: None, or the diagnosis of the last failure: {"code", "cause", "who", "fix", "correlation"}.
    error = models.JSONField(_("error"), null=True, blank=True)
    traceback = models.TextField(blank=True)
    filed_at = models.DateTimeField(_("filed"), null=True)
    #: Null in rows of the release before the column.
    wanted = models.CharField(max_length=10, choices=Wanted, default=Wanted.NO, blank=True, null=True)  # noqa: DJ001

    # The claim. `tries` is committed with it and grows with it, so it is the fencing number too.
    tries = models.PositiveIntegerField(_("tries"), default=0)
    claimed_until = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(_("next try"), null=True)

    # Telling Microsoft's side: copy, then move, mark or delete.
    #: When it was found to be gone before we could tidy it up: somebody else moved it out of reach or deleted it.
    taken_at = models.DateTimeField(_("moved or deleted by others"), null=True)
    copied_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(_("tidied up at Microsoft"), null=True)
    acknowledge_at = models.DateTimeField(null=True)
    acknowledge_tries = models.PositiveIntegerField(default=0)

    objects = InboundQuerySet.as_manager()  # type: ignore[misc]  # narrower than the inherited one

    class Meta:
        ordering = ["-received_at", "-pk"]
        verbose_name = _("mail in the ledger")
        verbose_name_plural = _("ledger")
        constraints = [
            models.UniqueConstraint(fields=["mailbox", "remote_key"], name="ledger_once_per_mailbox_and_mail")
        ]
        indexes = [
            models.Index(
                fields=["tenant", "received_at"], name="ledger_to_file", condition=Q(state="received")
            ),
            models.Index(
                fields=["mailbox", "id"],
                name="ledger_to_acknowledge",
                # Of one condition only: SQLite does not use an index whose list of states is bound as parameters.
                condition=Q(acknowledged_at=None),
            ),
            models.Index(fields=["mailbox", "state", "received_at"], name="ledger_by_mailbox_and_state"),
            models.Index(fields=["tenant", "-received_at"], name="ledger_newest"),
            # For the operator, who sees all: the newest of every tenant, and the few that wait for a person.
            models.Index(fields=["-received_at", "-id"], name="ledger_newest_of_all"),
            models.Index(
                fields=["tenant", "-received_at"], name="ledger_quarantined", condition=Q(state="quarantined")
            ),
            models.Index(
                fields=["tenant", "-received_at"], name="ledger_suspended", condition=Q(state="suspended")
            ),
        ]

    @classmethod
    def in_queues(cls, queues: Iterable[int]) -> models.Q:
        # A ticket may have been moved on to another queue than its mailbox's; the mail is seen where the ticket is.
        on_no_ticket = Q(entry=None, mailbox__queue__in=queues)
        return Q(entry__ticket__queue__in=queues) | on_no_ticket

    def __str__(self) -> str:
        return self.subject or self.message_id or str(self.pk)

    def error_as_json(self) -> dict[str, Any] | None:
        """Give the error in the shape of the commands' JSON: code, cause, who, fix; None without one."""
        return Diagnosis.as_error(self.error)
