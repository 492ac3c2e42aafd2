"""A mail whose answer was lost: look in the mailbox what became of it, and send again only what is still a draft."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from mailboxes.models import OutboundMessage
from mailboxes.outbound import claims
from mailboxes.outbound.journal import has_taken, settle_as_taken
from mailboxes.transports.outgoing import Found, OutboundTransport, Sighting
from tenants.diagnosis import diagnose_own

State = OutboundMessage.State
#: A request may still be under way so long after it was made; only then does a draft prove that it was not sent.
GRACE: Final = claims.LEASE
#: Sent Items may lag; what no look has found for so long only a person can tell.
LOOK_FOR: Final = timedelta(hours=1)
SHORTEST_WAIT: Final = timedelta(seconds=10)


def resolve(row: OutboundMessage, wire: OutboundTransport) -> None:
    """Settle a mail in doubt, or name the time of the next look. Raises IntegrationError, LeaseLost."""
    seen = _look(row, wire)
    now = timezone.now()
    asked_at = row.asked_at or now
    if seen.found is Found.SENT:
        _sent(row, seen, now)
    elif seen.found is Found.DRAFT and now - asked_at >= GRACE:
        claims.settle(row, State.QUEUED, retry_at=None, asked_at=None, remote_id=seen.remote_id)
    elif seen.found is Found.CANNOT_TELL or now - asked_at > LOOK_FOR:
        # Without a time nobody looks again: it waits for a person, who sees it in the outbox.
        claims.settle(row, State.UNCERTAIN, retry_at=None, error=diagnose_own("send_in_doubt").as_json())
    else:
        claims.settle(row, State.UNCERTAIN, retry_at=now + max(SHORTEST_WAIT, (now - asked_at) / 2))


def _look(row: OutboundMessage, wire: OutboundTransport) -> Sighting:
    if has_taken(row):
        # What lies in Sent Items may be the copy of the part that certainly left.
        return Sighting(found=Found.CANNOT_TELL)
    return wire.find(remote_id=row.remote_id, message_id=row.remote_message_id or row.message_id)


def _sent(row: OutboundMessage, seen: Sighting, now: datetime) -> None:
    settle_as_taken(
        row,
        sent_at=row.asked_at or now,
        remote_id=seen.remote_id,
        remote_message_id=seen.message_id[:512],
    )
