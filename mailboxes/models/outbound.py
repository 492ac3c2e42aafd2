from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.diagnosis import Diagnosis
from tenants.ownership import OwnedQuerySet, TenantOwned

#: A mail that could not be sent for so long fails, where people see it.
GIVE_UP_AFTER: Final = timedelta(days=5)


class OutboundQuerySet(OwnedQuerySet):
    def due(self, now: datetime) -> OutboundQuerySet:
        """Keep the mails that may be sent now, of mailboxes and tenants that are on.

        Of a mailbox whose outgoing mail is off, those only that have waited too long: it is time for them to fail.
        """
        ready = self.filter(Q(retry_at=None) | Q(retry_at__lte=now), state=OutboundMessage.State.QUEUED)
        ready = ready.filter(~Q(mailbox__outbound_transport="none") | Q(queued_at__lt=now - GIVE_UP_AFTER))
        return ready.filter(mailbox__is_active=True, tenant__is_active=True)

    def in_doubt(self, now: datetime) -> OutboundQuerySet:
        """Keep the mails whose fate is to be looked up now; those without a time wait for a person."""
        free = Q(claimed_until=None) | Q(claimed_until__lt=now)
        doubtful = self.filter(free, state=OutboundMessage.State.UNCERTAIN, retry_at__lte=now)
        return doubtful.filter(mailbox__is_active=True, tenant__is_active=True)

    def abandoned(self, now: datetime) -> OutboundQuerySet:
        """Keep the mails whose sender has died."""
        return self.filter(state=OutboundMessage.State.SENDING, claimed_until__lt=now)


class OutboundMessage(TenantOwned):
    """A line of the outbox: one mail of ours, composed from these columns, and what became of it."""

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting to be sent")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        UNCERTAIN = "uncertain", _("in doubt")
        BOUNCED = "bounced", _("not delivered")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    #: Of these the desk does not know that they left.
    STUCK = (State.FAILED, State.UNCERTAIN)

    class Delivery(models.TextChoices):
        """What a wire that asks for each recipient by name said of one."""

        ASKED = "asked", _("asked for")
        TAKEN = "taken", _("has it")
        LATER = "later", _("asked again later")
        REFUSED = "refused", _("refused")

    mailbox = models.ForeignKey(
        "mailboxes.Mailbox", on_delete=models.CASCADE, related_name="outbox", verbose_name=_("mailbox")
    )
    #: One per logical send: whoever queues the same answer twice finds the first.
    key = models.CharField(max_length=64)

    # The mail.
    from_name = models.CharField(_("sender's name"), max_length=320, blank=True)
    from_email = models.CharField(_("sender's address"), max_length=320)
    #: Lists of {"name", "email"}.
    to = models.JSONField(_("to"), default=list)
    cc = models.JSONField(_("cc"), default=list)
    bcc = models.JSONField(_("bcc"), default=list)
    subject = models.CharField(_("subject"), max_length=998, blank=True)
    #: Ours, with angle brackets; the same at every try.
    message_id = models.CharField(_("Message-ID"), max_length=255, db_index=True)
    in_reply_to = models.TextField(blank=True)
    #: Message-IDs with angle brackets, the root first.
    references = models.JSONField(default=list)
    text = models.TextField(_("text"), blank=True)
    #: Cleaned; blank for a plain mail. The text above is then written from it.
    html = models.TextField(_("HTML"), blank=True, default="", db_default="")
    #: What stands below the text, filled in; of the mail and not of what somebody said.
    footer = models.TextField(_("footer"), blank=True, db_default="")
    #: Further header lines of ours, by name.
    headers = models.JSONField(default=dict)
    #: {"name", "content_type", "size_bytes", "path"}, the bytes in storage.
    files = models.JSONField(default=list)

    # What became of it.
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    #: None, or the diagnosis of the last failure: {"code", "cause", "who", "fix", "correlation"}.
    error = models.JSONField(_("error"), null=True, blank=True)
    queued_at = models.DateTimeField(_("queued"), default=timezone.now)
    #: When Microsoft was asked to send it. Committed before the request: from here on silence means doubt.
    asked_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(_("sent"), null=True)
    #: The draft's immutable id, which stays when the mail moves to Sent Items, and the Message-ID it has there.
    remote_id = models.TextField(blank=True)
    remote_message_id = models.CharField(max_length=512, blank=True, db_index=True)
    #: Over SMTP, once one recipient was refused: what was said of each address. Who has it is never asked again.
    deliveries = models.JSONField(
        _("recipients"), default=dict, db_default=models.Value({}, models.JSONField())
    )

    #: How many are to get it; Exchange counts them by the day.
    recipient_count = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    #: When its ticket was told that it did not leave, or may not have; None while nobody knows.
    told_at = models.DateTimeField(null=True, editable=False)

    # The claim.
    tries = models.PositiveIntegerField(_("tries"), default=0)
    #: Fencing: grows with every claim; a write that names an older number is refused.
    claim_number = models.PositiveIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(_("next try"), null=True)

    objects = OutboundQuerySet.as_manager()  # type: ignore[misc]  # narrower than the inherited one

    class Meta:
        ordering = ["-queued_at", "-pk"]
        verbose_name = _("mail in the outbox")
        verbose_name_plural = _("outbox")
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="outbox_once_per_send")]
        indexes = [
            models.Index(
                fields=["mailbox", "queued_at"],
                name="outbox_open",
                condition=Q(state__in=("queued", "sending", "uncertain")),
            ),
            models.Index(fields=["mailbox", "asked_at"], name="outbox_pace"),
            models.Index(fields=["tenant", "-queued_at"], name="outbox_newest"),
            # One for each state: SQLite uses none whose condition is a list.
            models.Index(fields=["mailbox", "queued_at"], name="outbox_queued", condition=Q(state="queued")),
            models.Index(fields=["claimed_until"], name="outbox_sending", condition=Q(state="sending")),
            models.Index(
                fields=["tenant", "told_at"], name="outbox_uncertain", condition=Q(state="uncertain")
            ),
            models.Index(fields=["tenant", "told_at"], name="outbox_failed", condition=Q(state="failed")),
            models.Index(fields=["tenant", "told_at"], name="outbox_bounced", condition=Q(state="bounced")),
        ]

    @classmethod
    def in_queues(cls, queues: Iterable[int]) -> Q:
        # Seen where the ticket is, which may have been moved on to another queue than its mailbox's.
        on_no_ticket = Q(entry=None, mailbox__queue__in=queues)
        return Q(entry__ticket__queue__in=queues) | on_no_ticket

    def __str__(self) -> str:
        return self.subject or self.message_id

    def save(self, **kwargs: Any) -> None:
        if self._state.adding:
            self.recipient_count = len(self.to) + len(self.cc) + len(self.bcc)
        super().save(**kwargs)

    @property
    def is_cancellable(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.UNCERTAIN, self.State.FAILED)

    @property
    def is_repeatable(self) -> bool:
        return self.state in (self.State.FAILED, self.State.UNCERTAIN, self.State.CANCELLED)

    def told_of_recipients(self) -> list[tuple[str, str]]:
        """Give what was said of each recipient, in words; nothing where the wire does not tell them apart."""
        known = dict(self.Delivery.choices)
        marks = [(email, self.deliveries.get(email)) for email in self.everybody()]
        return [(email, str(known.get(mark, mark))) for email, mark in marks if mark]

    def everybody(self) -> list[str]:
        """List all the mail is meant for, in its order, each once."""
        return list({one["email"].lower(): one["email"] for one in (*self.to, *self.cc, *self.bcc)}.values())

    def error_as_json(self) -> dict[str, Any] | None:
        """Give the error in the shape of the commands' JSON: code, cause, who, fix; None without one."""
        return Diagnosis.as_error(self.error)
