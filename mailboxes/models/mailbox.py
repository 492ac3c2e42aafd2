from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, Final

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailboxes.models.folder import BEGUN_ANEW
from mailboxes.models.sign_in import Direction
from mailboxes.models.template import template_field
from tenants.diagnosis import Diagnosis
from tenants.models import Credential
from tenants.ownership import OwnedQuerySet, TenantOwned

#: How long a conversation may have been silent for a mail to join it by its subject.
JOINED_DAYS: Final = 14

#: Folders that filed mails go to: the column of the name, and that of the id found for it.
TARGETS: Final = {"move_to": "move_to_id", "copy_to": "copy_to_id"}


class MailboxQuerySet(OwnedQuerySet):
    def meant(self) -> MailboxQuerySet:
        """Keep the mailboxes that are on, and those never read yet: they are being set up."""
        return self.filter(Q(is_active=True) | Q(last_success_at=None))

    def working(self) -> MailboxQuerySet:
        """Keep the mailboxes that fetch mail: on, not paused by staff, with an inbound wire, of a tenant that is on."""
        running = self.filter(is_active=True, tenant__is_active=True).exclude(paused=Mailbox.Pause.STAFF)
        return running.exclude(inbound_transport=Mailbox.Inbound.NONE)

    def due(self, now: datetime) -> MailboxQuerySet:
        """Keep the working mailboxes whose next look is due; one that an error paused is probed now and then."""
        return self.working().filter(next_sync_at__lte=now)

    def repaired(self) -> MailboxQuerySet:
        """Keep the mailboxes an error paused whose registration has been given a new credential since."""
        credentials = Credential.objects.filter(
            registration_id=OuterRef("registration_id"), created_at__gt=OuterRef("last_attempt_at")
        )
        return self.working().filter(Exists(credentials), paused=Mailbox.Pause.ERROR)


class Mailbox(TenantOwned):
    """One address whose mail becomes tickets, and how its mail is fetched, filed and answered."""

    class SignIn(models.TextChoices):
        APPLICATION = "application", _("as the application (no user)")
        AUTHORIZATION_CODE = "authorization_code", _("a user signs in with the browser")
        DEVICE_CODE = "device_code", _("a user enters a code")
        PASSWORD = "password", _("user name and password (legacy)")

    class Inbound(models.TextChoices):
        GRAPH = "graph", _("Microsoft Graph")
        IMAP = "imap", _("Microsoft 365 over IMAP")
        POP3 = "pop3", _("Microsoft 365 over POP3")
        NONE = "none", _("no incoming mail")

    class Outbound(models.TextChoices):
        GRAPH = "graph", _("Microsoft Graph")
        SMTP = "smtp", _("SMTP")
        NONE = "none", _("no outgoing mail")

    class Since(models.TextChoices):
        NOW = "now", _("only mail that arrives from now on")
        ALL = "all", _("everything in the folder")
        DATE = "date", _("mail received since a date")

    class After(models.TextChoices):
        MOVE = "move", _("move to a folder")
        MARK_READ = "mark_read", _("mark as read")
        DELETE = "delete", _("delete (to Recoverable Items)")
        KEEP = "keep", _("leave as it is")

    class Pause(models.TextChoices):
        NONE = "", _("running")
        ERROR = "error", _("paused by an error")
        STAFF = "staff", _("paused by staff")

    address = models.CharField(
        _("address"),
        max_length=320,
        help_text=_("The mailbox's main address or its sign-in name, for example help@contoso.example."),
    )
    registration = models.ForeignKey(
        "tenants.AppRegistration",
        on_delete=models.PROTECT,
        related_name="mailboxes",
        verbose_name=_("app registration"),
    )
    # By name only: the queue is what mail becomes, and nothing of it is imported here.
    queue = models.ForeignKey(
        "tickets.Queue",
        on_delete=models.PROTECT,
        null=True,
        related_name="mailboxes",
        verbose_name=_("queue"),
    )
    sign_in = models.CharField(_("sign-in"), max_length=20, choices=SignIn, default=SignIn.APPLICATION)
    signed_in_user = models.CharField(_("signed-in user"), max_length=320, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    inbound_transport = models.CharField(
        _("fetch over"), max_length=10, choices=Inbound, default=Inbound.GRAPH
    )
    folder = models.CharField(
        _("folder"),
        max_length=500,
        default="inbox",
        help_text=_(
            "A well-known name (inbox, junkemail, archive …) or display names joined by /, as in Support/Incoming."
        ),
    )
    since = models.CharField(_("first look"), max_length=10, choices=Since, default=Since.NOW)
    since_at = models.DateTimeField(_("mail received since"), null=True, blank=True)
    after = models.CharField(_("after filing"), max_length=10, choices=After, default=After.MOVE)
    move_to = models.CharField(_("move to"), max_length=500, default="Processed", blank=True)
    copy_to = models.CharField(
        _("also copy to"),
        max_length=500,
        blank=True,
        help_text=_("A folder that keeps a copy of every mail that was filed."),
    )
    push = models.BooleanField(_("push"), default=True)
    #: Off in the database: a mailbox of the release before the column goes on as it was.
    reads_sent = models.BooleanField(
        _("answers from Outlook"),
        default=True,
        db_default=False,
        help_text=_(
            "Answers that people write in Outlook appear on the ticket they belong to. Sent Items is read for that "
            "from the moment this is switched on, over Microsoft Graph only; nothing in it is moved, marked or deleted."
        ),
    )
    joins_by_subject = models.BooleanField(
        _("join by subject and sender"),
        default=False,
        db_default=False,
        help_text=_(
            "An answer that names no earlier mail, as some programs forget to, opens a ticket of its own. "
            "Switched on, it joins the one open ticket of this mailbox with the same subject instead, if its sender is "
            "proven, takes part there, and the last word is at most 14 days old. The risk: two matters under one "
            "subject meet on one ticket, and whoever answers there may quote one to the other. Each such mail says so "
            "on the ticket, where it can be split off."
        ),
    )
    #: Ids of the folders that `move_to` and `copy_to` name, found at Microsoft; blank until looked up.
    move_to_id = models.CharField(max_length=500, blank=True, editable=False)
    copy_to_id = models.CharField(max_length=500, blank=True, editable=False)

    outbound_transport = models.CharField(
        _("send over"), max_length=10, choices=Outbound, default=Outbound.NONE
    )
    outbound_from = models.CharField(
        _("from address"),
        max_length=320,
        blank=True,
        help_text=_("Where the address the customer wrote to is none of this mailbox's. Blank is its own."),
    )
    #: One address per line, in small letters.
    aliases = models.TextField(
        _("further addresses"),
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "Other addresses whose mail arrives in this mailbox, one per line. An answer leaves from the address the "
            "customer wrote to, if it stands here."
        ),
    )
    reply_to = models.CharField(
        _("reply address"),
        max_length=320,
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "Where customers' answers go, if that is another address than the one answers come from."
        ),
    )
    #: In the database too: the release before this one makes mailboxes without the column.
    outbound_footer = template_field(_("footer"), db_default="")
    outbound_registration = models.ForeignKey(
        "tenants.AppRegistration",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sending_mailboxes",
        verbose_name=_("app registration for sending"),
    )
    outbound_sign_in = models.CharField(_("sign-in for sending"), max_length=20, choices=SignIn, blank=True)
    outbound_signed_in_user = models.CharField(_("signed-in user for sending"), max_length=320, blank=True)

    #: Sending could not begin (no seat, no room, no right): others have their turn until then.
    send_wait_until = models.DateTimeField(null=True, editable=False)

    # Running: when to look next, who is looking now, how it went.
    created_at = models.DateTimeField(_("connected"), auto_now_add=True)
    next_sync_at = models.DateTimeField(_("next look"), null=True, db_index=True)
    claimed_until = models.DateTimeField(_("being synced until"), null=True, editable=False)
    #: Fencing: grows with every claim; a write that names an older number is refused.
    claim_number = models.PositiveBigIntegerField(default=0, editable=False)
    #: Requests at once the run may use, and until when a short visitor (folder picker, test) holds one of the seats.
    slots = models.PositiveSmallIntegerField(default=0, editable=False)
    visitor_until = models.DateTimeField(null=True, editable=False)
    retry_after_until = models.DateTimeField(_("waiting for Microsoft until"), null=True, editable=False)
    last_attempt_at = models.DateTimeField(_("last look"), null=True, editable=False)
    last_success_at = models.DateTimeField(_("last success"), null=True, editable=False)
    last_mail_at = models.DateTimeField(_("last mail"), null=True, editable=False)
    #: None when all is well, else the diagnosis: {"code", "cause", "who", "fix", "correlation"}.
    trouble = models.JSONField(_("trouble"), null=True, editable=False)
    #: Without trouble: since when looks have begun and none has ended.
    trouble_since_at = models.DateTimeField(_("in trouble since"), null=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    paused = models.CharField(
        _("paused"), max_length=10, choices=Pause, default=Pause.NONE, blank=True, editable=False
    )
    #: Mails the folder held when its first walk began; None before that.
    backlog_total = models.PositiveIntegerField(null=True, editable=False)
    #: A full folder that may be a person's is not read before somebody has confirmed that it is meant.
    count_confirmed_at = models.DateTimeField(null=True, editable=False)
    #: How many mails the held folder had when it was looked at; None while nothing is held.
    held_mails = models.PositiveIntegerField(null=True, editable=False)
    #: How many mails others had moved or deleted when we came to tidy them up; counting the ledger would take long.
    taken_mails = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    #: True when the last run left nothing over: then what the next listing holds is new and need not be looked up,
    #: and no mail waits to be downloaded or acknowledged. False while a run is under way, so that a killed one shows.
    is_settled = models.BooleanField(default=False, editable=False)
    #: Somebody asked for a look; one that comes while a run is under way makes the next run start at once.
    nudged_at = models.DateTimeField(null=True, editable=False)
    #: Since when it has been silent against its own habit, as `watch` found; the next mail ends that.
    quiet_since_at = models.DateTimeField(_("unusually quiet since"), null=True, editable=False)
    #: What Microsoft has been asked in the window that began then; see mailboxes.budget.
    requests_used = models.PositiveIntegerField(default=0, editable=False)
    requests_since_at = models.DateTimeField(null=True, editable=False)

    objects = MailboxQuerySet.as_manager()  # type: ignore[misc]  # narrower than the inherited one

    #: The mailbox itself stands for its reading side; see mailboxes.sides.
    direction: ClassVar[str] = Direction.IN

    class Meta:
        ordering = ["address"]
        verbose_name = _("mailbox")
        verbose_name_plural = _("mailboxes")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "address"], name="mailbox_address_once_per_tenant")
        ]
        indexes = [
            models.Index(
                fields=["paused"], name="mailbox_paused_by_error", condition=models.Q(paused="error")
            )
        ]

    @classmethod
    def in_queues(cls, queues: Iterable[int]) -> models.Q:
        return models.Q(queue__in=queues)

    def __str__(self) -> str:
        return self.address

    def clean(self) -> None:
        self.address = self.address.strip().lower()

    @property
    def addresses(self) -> list[str]:
        """Every address whose mail arrives here, the main one first."""
        return list(dict.fromkeys([self.address, *self.aliases.split()]))

    def save(self, **kwargs: Any) -> None:
        """Save; "from now on" gets its moment, and a mailbox that works gets its first look."""
        if self.since == self.Since.NOW and self.since_at is None:
            self.since_at = timezone.now()
        elif self.since == self.Since.ALL:
            self.since_at = None
        if self.next_sync_at is None:
            self.next_sync_at = timezone.now()
        super().save(**kwargs)

    def walk_again(self) -> None:
        """List the folder from its start with the bound as it is now.

        A run under way loses its claim and writes no cursor any more; the ledger keeps the walk from doubling a mail.
        """
        self._take_from_runs()
        # The inbox is looked up once more, to be asked about when it is full; another folder may have been renamed.
        unknown = {"remote_id": ""} if self.reads_inbox else {}
        self.folders.filter(purpose="inbox").update(**BEGUN_ANEW, **unknown)

    def leave_folders(self) -> None:
        """Forget the folders, for they are of another address: runs under way lose their claim.

        The row of the inbox stays, for it tells that "from now on" is settled already; what lies in the inbox of the
        new address counts as imported.
        """
        self._take_from_runs()
        self.folders.exclude(purpose="inbox").delete()
        nothing = dict.fromkeys(
            ("trouble", "compared_at", "comparison", "marker_seen_at", "other_installation")
        )
        blank = dict.fromkeys(("path", "remote_id", "marker_seen_by"), "")
        self.folders.update(**BEGUN_ANEW, imported_until=timezone.now(), **nothing, **blank)

    def _take_from_runs(self) -> None:
        """Keep a run under way from writing anything more of its folders."""
        mine = type(self).objects.filter(pk=self.pk, tenant=self.tenant)
        mine.update(claim_number=models.F("claim_number") + 1, backlog_total=None)

    def forget_confirmation(self) -> set[str]:
        """Ask anew about a full folder, for it is another one; gives the columns to be saved."""
        self.count_confirmed_at = self.held_mails = None
        return {"count_confirmed_at", "held_mails"}

    @property
    def reads_inbox(self) -> bool:
        """Tell whether it is the inbox that is read, not a folder that somebody has made."""
        return self.folder.strip(" /").lower() == "inbox"

    @property
    def is_reading_sent(self) -> bool:
        """Tell whether Sent Items is read: IMAP and POP3 would have to list all of it at every look."""
        return self.reads_sent and self.inbound_transport == self.Inbound.GRAPH

    def trouble_as_error(self) -> dict[str, Any] | None:
        """Give the trouble in the shape of the commands' JSON: code, cause, who, fix; None when all is well."""
        return Diagnosis.as_error(self.trouble)
