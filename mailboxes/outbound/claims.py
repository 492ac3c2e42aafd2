"""Taking mails of the outbox for work: one sender per mail, a lease that ends, a number no late sender passes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import F, Q
from django.utils import timezone

from mailboxes.errors import LeaseLost
from mailboxes.models import OutboundMessage
from mailboxes.models.outbound import OutboundQuerySet

State = OutboundMessage.State
#: Longer than one request may take; renewed before each.
LEASE: Final = timedelta(seconds=50)
#: An upload lets short mails overtake it while it is this young; then its turn comes like that of any other.
YOUNG: Final = timedelta(minutes=10)
#: How many candidates are tried when others are quicker.
_LOOK_AHEAD: Final = 5


def claim_due(mailbox_id: int, *, most_recipients: int) -> OutboundMessage | None:
    """Take the oldest mail of a mailbox that may be sent now, to so many recipients at most."""
    due = OutboundMessage.objects.filter(mailbox_id=mailbox_id, recipient_count__lte=most_recipients)
    due = due.due(timezone.now())
    return _claim(due, taken_in=State.QUEUED, state=State.SENDING, tries=F("tries") + 1, retry_at=None)


def claim_doubtful(mailbox_id: int) -> OutboundMessage | None:
    """Take the next mail whose fate is to be looked up."""
    doubtful = OutboundMessage.objects.filter(mailbox_id=mailbox_id).in_doubt(timezone.now())
    return _claim(doubtful, taken_in=State.UNCERTAIN)


def _claim(rows: OutboundQuerySet, *, taken_in: str, **values: object) -> OutboundMessage | None:
    until = timezone.now() + LEASE
    # Short mails do not wait for the end of an upload that has begun.
    shorter = rows.filter(Q(upload=None) | Q(queued_at__lt=timezone.now() - YOUNG))
    for pk, number in _first(shorter) or _first(rows):
        # As it was seen, and by its own columns alone: what a join has shown is not looked at again when two meet here.
        mine = OutboundMessage.objects.filter(pk=pk, claim_number=number, state=taken_in)
        if mine.update(claimed_until=until, claim_number=number + 1, **values):
            row: OutboundMessage = OutboundMessage.objects.select_related("upload").get(pk=pk)
            row.claim_number = number + 1
            return row
    return None


def _first(rows: OutboundQuerySet) -> list[tuple[int, int]]:
    return list(rows.order_by("queued_at", "pk").values_list("pk", "claim_number")[:_LOOK_AHEAD])


def hold(row: OutboundMessage, **values: object) -> None:
    """Renew the claim and note how far it has come. Raises LeaseLost when somebody else has the mail."""
    _write(row, claimed_until=timezone.now() + LEASE, **values)


def settle(row: OutboundMessage, state: str, **values: object) -> None:
    """Write what became of it and end the claim. Raises LeaseLost."""
    _write(row, state=state, claimed_until=None, **values)


def _write(row: OutboundMessage, **values: object) -> None:
    mine = OutboundMessage.objects.filter(
        pk=row.pk, claim_number=row.claim_number, state__in=(State.SENDING, State.UNCERTAIN)
    )
    if not mine.update(**values):
        raise LeaseLost(f"outbox {row.pk}: the claim {row.claim_number} is no longer held")
    for name, value in values.items():
        setattr(row, name, value)


def recover(now: datetime) -> int:
    """Take back the mails of dead senders: to the queue where nothing was asked yet, else to those in doubt."""
    rows = OutboundMessage.objects.abandoned(now)
    anew = {"claimed_until": None, "claim_number": F("claim_number") + 1}
    doubtful = rows.filter(asked_at__isnull=False).update(state=State.UNCERTAIN, retry_at=now, **anew)
    return doubtful + rows.filter(asked_at=None).update(state=State.QUEUED, retry_at=None, **anew)
