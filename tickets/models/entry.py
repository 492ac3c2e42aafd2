from collections.abc import Iterable
from typing import Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from mailboxes.models import OutboundMessage
from tenants.ownership import TenantOwned

#: What approvers have answered stands on the ticket and is no part of the conversation with the customer.
NOT_OF_APPROVERS = models.Q(decisions__approval__isnull=True)


class Entry(TenantOwned):
    """One item of a ticket's conversation."""

    class Kind(models.TextChoices):
        MAIL_IN = "mail_in", _("mail from the customer")
        MAIL_OUT = "mail_out", _("mail to the customer")
        NOTE = "note", _("note")
        SYSTEM = "system", _("event")

    ticket = models.ForeignKey(
        "tickets.Ticket", on_delete=models.CASCADE, related_name="entries", verbose_name=_("ticket")
    )
    #: Where it stood before its ticket was merged into this one, so that it finds back.
    came_from = models.ForeignKey(
        "tickets.Ticket",
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        db_index=False,
        related_name="+",
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    happened_at = models.DateTimeField(_("when"))
    inbound = models.OneToOneField(
        "mailboxes.InboundMessage",
        on_delete=models.PROTECT,
        null=True,
        related_name="entry",
        verbose_name=_("mail"),
    )
    outbound = models.OneToOneField(
        "mailboxes.OutboundMessage",
        on_delete=models.SET_NULL,
        null=True,
        related_name="entry",
        verbose_name=_("mail in the outbox"),
    )
    message_id = models.TextField(_("Message-ID"), blank=True)
    from_name = models.CharField(_("sender's name"), max_length=320, blank=True)
    from_email = models.CharField(_("sender's address"), max_length=320, blank=True)
    #: Lists of {"name", "email"}.
    to = models.JSONField(_("to"), default=list)
    cc = models.JSONField(_("cc"), default=list)
    subject = models.CharField(_("subject"), max_length=998, blank=True)
    #: Of a note: what its page said, so that a form sent twice is one note.
    key = models.CharField(max_length=64, null=True, editable=False)  # noqa: DJ001 - many have none, and none is no key
    text = models.TextField(_("text"), blank=True)
    #: The text without quoted history and signature; blank when it is the whole text.
    new_text = models.TextField(_("new text"), blank=True)
    #: Sanitised; shown in a sandboxed frame only.
    html = models.TextField(_("HTML"), blank=True)
    auto_reply = models.BooleanField(_("automatic mail"), default=False)
    #: Why it was taken for what it is: the verdict's reason.
    reason = models.TextField(_("reason"), blank=True)
    #: What was wrong with the bytes, as a list of {"code", "text"}.
    problems = models.JSONField(_("problems"), default=list)
    #: What was decided about a mail when it was filed, by policy: trust, rules, thread, bounce, answer. None before
    #: the column was there.
    decisions = models.JSONField(_("decisions"), null=True, editable=False)
    #: Invitation, links, seal, as `tickets.cards` keeps them.
    cards = models.JSONField(_("cards"), null=True, editable=False)

    class Meta:
        ordering = ["happened_at", "pk"]
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "key"],
                name="note_once_per_ticket_and_key",
                condition=models.Q(key__isnull=False),
            )
        ]
        indexes = [
            models.Index(fields=["ticket", "happened_at"], name="entry_of_ticket"),
            # Few ever moved; without it the deletion of a ticket reads every entry there is.
            models.Index(
                fields=["came_from"], name="entry_moved", condition=models.Q(came_from__isnull=False)
            ),
        ]

    @classmethod
    def of_outgoing(cls, row: OutboundMessage, *, ticket: models.Model, **more: Any) -> Self:
        """Make, unsaved, what a ticket shows of a mail in the outbox; `more` is what differs."""
        return cls(
            tenant_id=row.tenant_id,
            ticket=ticket,
            kind=cls.Kind.MAIL_OUT,
            happened_at=row.queued_at,
            outbound=row,
            message_id=row.message_id,
            from_name=row.from_name,
            from_email=row.from_email,
            to=row.to,
            cc=row.cc,
            subject=row.subject,
            text=row.text,
            **more,
        )

    @classmethod
    def in_queues(cls, queues: Iterable[int]) -> models.Q:
        return models.Q(ticket__queue__in=queues)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    def visible_text(self) -> str:
        """Give the new text, or all of it where nothing was quoted."""
        return self.new_text or self.text
