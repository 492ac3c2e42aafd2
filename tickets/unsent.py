"""Flow: an answer that does not leave answers nobody. Taken back or failed, its ticket needs somebody again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from mailboxes.models import OutboundMessage
from mailboxes.outbound import outbox
from tenants import audit
from tenants.whom import for_its_tenant
from tickets.models import Entry, Ticket
from tickets.policies.standing import Mail, Standing, standing
from tickets.records import RESTING

Kind, State, Status = Entry.Kind, OutboundMessage.State, Ticket.Status
#: Waits for a person: no look finds out any more whether it left.
_LOST: Final = Q(outbound__state=State.UNCERTAIN, outbound__retry_at=None)
#: Is no word to the customer.
UNSENT: Final = Q(outbound__state__in=(State.FAILED, State.CANCELLED, State.BOUNCED)) | _LOST
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
        done = outbox.cancel(row, by=by)
        if done and (ticket := _ticket_of(row)):
            _open(ticket)
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
    """Open tickets whose last word is an answer that has failed for good, or may have, and say so on them."""
    failed = Entry.objects.filter(
        Q(outbound__state__in=(State.FAILED, State.BOUNCED)) | _LOST,
        kind=Kind.MAIL_OUT,
        ticket__status__in=RESTING,
        ticket__last_entry_at=F("happened_at"),
    )
    for entry in failed.select_related("ticket", "outbound")[:MAX_FAILED]:
        with transaction.atomic():
            if _open(entry.ticket):
                _tell(entry.ticket, TOLD[entry.outbound.state])


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
        ticket = _ticket_of(row)
        stands = standing_of(ticket) if done and ticket else None
        if ticket and stands and stands.by == Ticket.Spoke.STAFF:
            _write(ticket, stands, status=Status.WAITING)
    return done


def _ticket_of(row: OutboundMessage) -> Ticket | None:
    entry = Entry.objects.filter(outbound=row, kind=Kind.MAIL_OUT, auto_reply=False).select_related("ticket")
    found = entry.first()
    return found.ticket if found else None


def _open(ticket: Ticket) -> bool:
    """Open a ticket that rests, unless another answer of ours is the last word; tells whether it did."""
    stands = standing_of(ticket)
    if stands is None or stands.by == Ticket.Spoke.STAFF:
        return False
    _write(ticket, stands, status=Status.OPEN)
    return True


def _write(ticket: Ticket, stands: Standing, *, status: Ticket.Status) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(
        status=status,
        closed_at=None,
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
