"""Flow: an answer that does not leave answers nobody. Taken back or failed, its ticket needs somebody again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from mailboxes.models import OutboundMessage
from mailboxes.outbound import outbox
from tenants import audit
from tenants.whom import for_its_tenant
from tickets.models import Entry, Ticket
from tickets.models.ticket import UNANSWERED
from tickets.policies.standing import Mail, Standing, standing
from tickets.records import RESTING

Kind, State, Status = Entry.Kind, OutboundMessage.State, Ticket.Status
#: Waits for a person: no look finds out any more whether it left.
_LOST: Final = Q(outbound__state=State.UNCERTAIN, outbound__retry_at=None)
#: Sent from Outlook to others than the customer: forwarded to a colleague, say. Asked for by its value it would be
#: neither true nor false of the mails that say nothing of it, and leave them out as well.
_PAST: Final = Q(decisions__has_key="past_customer")
#: Is no word to the customer.
UNSENT: Final = Q(outbound__state__in=(State.FAILED, State.CANCELLED, State.BOUNCED)) | _LOST | _PAST
#: What is said of it on the ticket.
TOLD: Final = {
    State.FAILED: gettext_noop("The answer could not be sent, so the ticket is open again."),
    State.BOUNCED: gettext_noop("The answer did not reach everybody, so the ticket is open again."),
    State.UNCERTAIN: gettext_noop("Nobody can tell whether the answer left, so the ticket is open again."),
}
#: More than fail in a minute.
MAX_FAILED: Final = 500


@for_its_tenant
def take_back(row: OutboundMessage, *, by: audit.Actor) -> bool:
    """Take a mail out of the queue; False when it is being sent, or has been."""
    with transaction.atomic():
        entry = _answers(row).first()
        done = outbox.cancel(row, by=by)
        # Of what had failed before the ticket was told, and somebody may have dealt with it since.
        if done and entry and entry.outbound and entry.outbound.told_at is None:
            _open(entry.ticket)
    return done


@for_its_tenant
def send_again(row: OutboundMessage, *, by: audit.Actor) -> bool:
    """Put a mail back to be sent from now on; its ticket waits for the customer then."""
    return _counted(row, outbox.queue_again, by=by)


@for_its_tenant
def believe_left(row: OutboundMessage, *, by: audit.Actor) -> bool:
    """Believe that a mail in doubt has left; its ticket waits for the customer then."""
    return _counted(row, outbox.note_left, by=by)


def reopen_failed() -> None:
    """Open tickets whose last answer has failed for good, or may have, and say so on them; once for each answer."""
    # State by state: SQLite finds no index of several.
    for failed in (Q(outbound__state=State.FAILED), Q(outbound__state=State.BOUNCED), _LOST):
        untold = _answers().filter(failed, outbound__told_at=None, ticket__status__in=RESTING)
        for entry in untold[:MAX_FAILED]:
            _reopen(entry)


def reopen_bounced(row: OutboundMessage) -> bool:
    """Open the ticket of an answer reported as not delivered; False for a mail that is no answer."""
    entry = _answers(row).first()
    if entry and entry.ticket.status in RESTING:
        _reopen(entry)
    return entry is not None


def standing_of(ticket: Ticket) -> Standing | None:
    """Reckon how the conversation stands from the mails that came, and those that have left or will leave."""
    mails = Entry.objects.filter(ticket=ticket, kind__in=(Kind.MAIL_IN, Kind.MAIL_OUT)).order_by()
    return standing(
        Mail(moment, is_ours=kind == Kind.MAIL_OUT, is_automatic=is_automatic)
        for kind, is_automatic, moment in mails.exclude(UNSENT).values_list(
            "kind", "auto_reply", "happened_at"
        )
    )


def _counted(row: OutboundMessage, act: Callable[..., bool], *, by: audit.Actor) -> bool:
    """Do something after which a mail counts as an answer."""
    with transaction.atomic():
        done = act(row, by=by)
        entry = _answers(row).first()
        stands = standing_of(entry.ticket) if done and entry else None
        if entry and stands and stands.by == Ticket.Spoke.STAFF:
            # What somebody has solved or closed meanwhile stays so.
            waits = {"status": Status.WAITING} if entry.ticket.status in UNANSWERED else {}
            _write(entry.ticket, stands, **waits)
    return done


def _answers(row: OutboundMessage | None = None) -> QuerySet[Entry]:
    """Give the entries of the answers of people, or of this one."""
    entries: QuerySet[Entry] = Entry.objects.filter(kind=Kind.MAIL_OUT, auto_reply=False)
    return (entries.filter(outbound=row) if row else entries).select_related("ticket", "outbound")


def _reopen(entry: Entry) -> None:
    """Note that the ticket knows of a failed answer, and open it unless something came or was answered since."""
    ticket, row = entry.ticket, entry.outbound
    if row is None:
        return
    untold = OutboundMessage.objects.filter(pk=row.pk, state=row.state, told_at=None)
    with transaction.atomic():
        if not untold.update(told_at=timezone.now()) or _is_overtaken(entry):
            return
        if not _open(ticket):
            # An earlier answer is the last word; that it was not enough, the one that failed has shown.
            Ticket.objects.filter(pk=ticket.pk).update(status=Status.OPEN, closed_at=None)
        _tell(ticket, TOLD[State(row.state)])


def _is_overtaken(entry: Entry) -> bool:
    later = Entry.objects.filter(
        ticket=entry.ticket,
        kind__in=(Kind.MAIL_IN, Kind.MAIL_OUT),
        auto_reply=False,
        happened_at__gt=entry.happened_at,
    )
    return bool(later.exclude(UNSENT).exists())


def _open(ticket: Ticket) -> bool:
    """Open a ticket that rests, unless another answer of ours is the last word; tells whether it did."""
    stands = standing_of(ticket)
    if stands is None or stands.by == Ticket.Spoke.STAFF:
        return False
    _write(ticket, stands, status=Status.OPEN, closed_at=None)
    return True


def _write(ticket: Ticket, stands: Standing, **values: Any) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(
        **values,
        last_entry_at=stands.last_at,
        last_entry_by=stands.by,
        waits_since_at=stands.waits_since,
    )


def _tell(ticket: Ticket, said: str) -> None:
    Entry.objects.create(
        tenant_id=ticket.tenant_id,
        ticket=ticket,
        kind=Kind.SYSTEM,
        happened_at=timezone.now(),
        text=said,
    )
    Ticket.objects.filter(pk=ticket.pk).update(entry_count=F("entry_count") + 1)
