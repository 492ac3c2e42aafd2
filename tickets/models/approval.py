from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.models.audit import refuse
from tenants.ownership import OwnedQuerySet, TenantOwned

#: How long an approval waits beyond its deadline for a mailbox that cannot be read.
UNREAD_FOR: Final = timedelta(days=1)


class ApprovalQuerySet(OwnedQuerySet):
    def over(self, now: datetime) -> ApprovalQuerySet:
        """Keep the open ones whose time is up, once the mail that came in time has been read, or a day later.

        None of a tenant that is off: answers that came in time wait in its mailboxes.
        """
        late = self.filter(state=Approval.State.OPEN, deadline_at__lte=now, tenant__is_active=True)
        is_read = Q(answers_in=None) | Q(answers_in__last_success_at__gt=F("deadline_at"))
        return late.filter(is_read | Q(deadline_at__lte=now - UNREAD_FOR))


class Approval(TenantOwned):
    """A question staff have asked about a ticket, and how it stands."""

    class State(models.TextChoices):
        OPEN = "open", _("waiting for answers")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        EXPIRED = "expired", _("expired")
        CANCELLED = "cancelled", _("cancelled")

    ticket = models.ForeignKey(
        "tickets.Ticket", on_delete=models.CASCADE, related_name="approvals", verbose_name=_("ticket")
    )
    #: The mailbox that asks.
    mailbox = models.ForeignKey(
        "mailboxes.Mailbox",
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("asked from"),
    )
    #: The mailbox answers come to: the one behind the from address, unless another was chosen.
    answers_in = models.ForeignKey(
        "mailboxes.Mailbox",
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("answers come to"),
    )
    question = models.CharField(_("question"), max_length=500)
    context = models.TextField(_("what it is about"), blank=True)
    quorum = models.PositiveSmallIntegerField(_("approvals needed"), default=1)
    deadline_at = models.DateTimeField(_("answer until"))
    remind_every_h = models.PositiveSmallIntegerField(_("remind every (hours)"), default=0)
    #: What its mails are written in, and the zone their deadline is told in.
    language = models.CharField(_("language of the mails"), max_length=10, default="en", db_default="en")
    zone = models.CharField(max_length=64, default="UTC", db_default="UTC")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("asked by"),
    )
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True)

    objects = ApprovalQuerySet.as_manager()  # type: ignore[misc]  # narrower than the inherited one

    class Meta:
        ordering = ["-asked_at", "-pk"]
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        constraints = [
            models.CheckConstraint(condition=Q(quorum__gte=1), name="approval_needs_somebody"),
            models.CheckConstraint(
                condition=Q(state="open", ended_at=None) | (~Q(state="open") & Q(ended_at__isnull=False)),
                name="approval_ends_with_its_state",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-asked_at"], name="approval_newest"),
            models.Index(fields=["deadline_at"], name="approval_open", condition=Q(state="open")),
        ]

    @classmethod
    def in_queues(cls, queues: Iterable[int]) -> Q:
        return Q(ticket__queue__in=queues)

    def __str__(self) -> str:
        return self.question

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN


class ApprovalRequestQuerySet(OwnedQuerySet):
    def to_remind(self, now: datetime) -> ApprovalRequestQuerySet:
        """Keep what nobody has answered and a reminder is due for, of open approvals with time left."""
        open_ones = self.filter(state="waiting", remind_at__lte=now, approval__state=Approval.State.OPEN)
        open_ones = open_ones.filter(approval__deadline_at__gt=now, tenant__is_active=True)
        # A request that came back does so again and again; whoever works on the ticket has been told.
        return open_ones.exclude(outbound__state="bounced")


class ApprovalRequest(TenantOwned):
    """One approver of an approval, and the answer. The one-time mark by which the answer is known lies hashed among
    the thread keys."""

    class State(models.TextChoices):
        WAITING = "waiting", _("no answer yet")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")

    approval = models.ForeignKey("tickets.Approval", on_delete=models.CASCADE, related_name="requests")
    name = models.CharField(_("name"), max_length=320, blank=True)
    #: In lower case.
    address = models.CharField(_("address"), max_length=320)
    state = models.CharField(_("answer"), max_length=10, choices=State, default=State.WAITING)
    decided_at = models.DateTimeField(_("answered"), null=True)
    outbound = models.ForeignKey(
        "mailboxes.OutboundMessage", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    reminders = models.PositiveSmallIntegerField(_("reminders"), default=0)
    remind_at = models.DateTimeField(null=True)

    objects = ApprovalRequestQuerySet.as_manager()  # type: ignore[misc]  # narrower than the inherited one

    class Meta:
        ordering = ["pk"]
        verbose_name = _("approver")
        verbose_name_plural = _("approvers")
        constraints = [
            models.UniqueConstraint(fields=["approval", "address"], name="approver_once_per_approval"),
            models.CheckConstraint(
                condition=Q(state="waiting", decided_at=None)
                | (~Q(state="waiting") & Q(decided_at__isnull=False)),
                name="approver_decides_at_a_moment",
            ),
        ]
        indexes = [
            models.Index(fields=["remind_at"], name="approver_to_remind", condition=Q(state="waiting"))
        ]

    @classmethod
    def in_queues(cls, queues: Iterable[int]) -> Q:
        return Q(approval__ticket__queue__in=queues)

    def __str__(self) -> str:
        return self.address


class ApprovalAnswerQuerySet(OwnedQuerySet):
    update = delete = bulk_update = update_or_create = refuse


class ApprovalAnswer(TenantOwned):
    """A line of the list of answers: which mail came, from whom, what it counted as and why. Only ever added to."""

    class Counted(models.TextChoices):
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        AUTOMATIC = "automatic", _("automatic mail")
        OTHER_SENDER = "other_sender", _("another sender")
        UNPROVEN = "unproven", _("sender not proven")
        FORWARDED = "forwarded", _("forwarded")
        REPEATED = "repeated", _("repeated")
        LATE = "late", _("too late")
        DOUBTFUL = "doubtful", _("doubtful")

    approval = models.ForeignKey(
        "tickets.Approval", on_delete=models.CASCADE, related_name="answers", verbose_name=_("approval")
    )
    request = models.ForeignKey(
        "tickets.ApprovalRequest",
        on_delete=models.CASCADE,
        related_name="answers",
        verbose_name=_("approver asked"),
    )
    happened_at = models.DateTimeField(_("received"))
    noted_at = models.DateTimeField(_("noted"), default=timezone.now)
    #: Number of the mail in the ledger; a number, so that the line outlives the mail.
    mail = models.BigIntegerField(_("mail"))
    sender = models.CharField(_("sender"), max_length=320, blank=True)
    said = models.CharField(_("first words"), max_length=200, blank=True)
    counted_as = models.CharField(_("counted as"), max_length=15, choices=Counted)
    reason = models.TextField(_("why"))
    #: How the approval stood afterwards.
    outcome = models.CharField(_("approval then"), max_length=10, choices=Approval.State)
    #: Whether somebody was told what to do; once for each approver and cause.
    is_answered = models.BooleanField(_("answered"), default=False)

    objects = ApprovalAnswerQuerySet.as_manager()  # type: ignore[misc]  # narrower than the inherited one

    class Meta:
        ordering = ["-noted_at", "-pk"]
        verbose_name = _("answer to an approval")
        verbose_name_plural = _("answers to approvals")
        constraints = [
            models.UniqueConstraint(fields=["request", "mail"], name="approval_answer_once_per_mail")
        ]
        indexes = [models.Index(fields=["tenant", "-noted_at"], name="approval_answer_newest")]

    @classmethod
    def in_queues(cls, queues: Iterable[int]) -> Q:
        return Q(approval__ticket__queue__in=queues)

    def __str__(self) -> str:
        return f"{self.sender}: {self.get_counted_as_display()}"

    def save(self, **kwargs: Any) -> None:
        """Add the line. Raises OnlyAddedTo for one that stands already."""
        if not self._state.adding:
            refuse()
        super().save(**kwargs)

    delete = refuse


class DecisionWord(TenantOwned):
    """A word or phrase of a tenant's own by which approvers decide, over those everybody has."""

    class Means(models.TextChoices):
        APPROVE = "approve", _("approves")
        REJECT = "reject", _("rejects")
        NOTHING = "nothing", _("decides nothing")

    phrase = models.CharField(
        _("word or phrase"),
        max_length=60,
        help_text=_("An answer must begin with it, as in “go”. Letter case does not matter."),
    )
    means = models.CharField(_("what it does"), max_length=10, choices=Means)

    class Meta:
        ordering = ["phrase"]
        verbose_name = _("decision word")
        verbose_name_plural = _("decision words")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "phrase"], name="decision_word_once_per_tenant")
        ]

    def __str__(self) -> str:
        return self.phrase

    def clean(self) -> None:
        self.phrase = " ".join(self.phrase.lower().split())
