"""Flow: too many mails of one sender, or on one ticket, within minutes stop every automatic answer; the mail is kept.

Asked for fresh mail only, at once for a batch: what is imported or read after a long stop is not answered anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from mailboxes.models import InboundMessage
from tickets.conversations import Letter
from tickets.models import Entry
from tickets.policies.loops import MAX_ON_TICKET, WINDOW, Recent, flood

#: Older mail is answered by nobody but people.
FRESH: Final = timedelta(days=1)
#: Enough to see that there are too many.
LOOKED_AT: Final = 5_000

Moments = dict[str, list[datetime]]


def note_floods(tenant_id: int, letters: Sequence[Letter]) -> None:
    """Note on each letter that is on a ticket, saved or not yet, why it gets no automatic answer."""
    oldest = timezone.now() - FRESH
    fresh = [
        one
        for one in letters
        if one.row.received_at > oldest and not one.row.is_imported and not one.row.is_sent
    ]
    if not fresh:
        return
    since = min(one.row.received_at for one in fresh) - WINDOW
    by_sender = _of_senders(tenant_id, {one.row.sender for one in fresh if one.row.sender}, since)
    by_ticket = _on_tickets(fresh, since)
    for letter in fresh:
        at, place = letter.row.received_at, letter.ticket.reference if letter.ticket else ""
        by_ticket.setdefault(place, []).append(at)
        recent = Recent(
            from_sender=_within(by_sender.get(letter.row.sender, ()), at),
            on_ticket=_within(by_ticket[place], at),
        )
        letter.flood = flood(recent)


def _of_senders(tenant_id: int, senders: Iterable[str], since: datetime) -> Moments:
    rows = InboundMessage.objects.received().filter(tenant_id=tenant_id, received_at__gt=since)
    rows = rows.filter(sender__in=sorted(senders)).order_by("-received_at")
    return _gathered(rows.values_list("sender", "received_at")[:LOOKED_AT])


def _on_tickets(letters: Sequence[Letter], since: datetime) -> Moments:
    """Ask for the tickets alone that hold so many mails at all."""
    full = {
        one.ticket.pk: one.ticket.reference
        for one in letters
        if one.ticket and not one.is_new and one.ticket.entry_count > MAX_ON_TICKET
    }
    # A ticket of this very batch has no number yet; its mails are all among the letters.
    asked = [pk for pk in full if pk]
    if not asked:
        return {}
    rows = Entry.objects.filter(ticket__in=asked, kind=Entry.Kind.MAIL_IN, happened_at__gt=since)
    latest = rows.order_by("-happened_at").values_list("ticket_id", "happened_at")[:LOOKED_AT]
    return _gathered((full[pk], moment) for pk, moment in latest)


def _gathered(pairs: Iterable[tuple[str, datetime]]) -> Moments:
    found: Moments = {}
    for name, moment in pairs:
        found.setdefault(name, []).append(moment)
    return found


def _within(moments: Iterable[datetime], at: datetime) -> int:
    return sum(at - WINDOW < moment <= at for moment in moments)
