"""Flow: who has read how far, and who has a ticket open just now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import F, FilteredRelation, IntegerField, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from tickets.models import Look, Ticket

#: How often an open page says so, and how long that is believed: one word lost makes nobody vanish. Seconds.
SAID_EVERY_S: Final = 15
BELIEVED_S: Final = 40


@dataclass(frozen=True, slots=True)
class Present:
    name: str
    is_answering: bool


def look(ticket: Ticket, *, by: User, seen: int, is_answering: bool) -> list[Present]:
    """Note that somebody has the ticket open and has read so many entries; gives who else has it open."""
    now = timezone.now()
    seen = max(0, min(seen, ticket.entry_count))
    Look.objects.update_or_create(
        user=by,
        ticket=ticket,
        defaults={
            "tenant_id": ticket.tenant_id,
            "entries_seen": seen,
            "present_until": now + timedelta(seconds=BELIEVED_S),
            "is_answering": is_answering,
        },
    )
    others = ticket.looks.filter(present_until__gt=now, user__is_active=True).exclude(user=by)
    return [
        Present(one.user.get_full_name() or one.user.get_username(), one.is_answering)
        for one in others.select_related("user").order_by("-is_answering", "user__username")[:20]
    ]


def leave(ticket: Ticket, *, by: User) -> None:
    """Note that the page is closed."""
    Look.objects.filter(ticket=ticket, user=by).update(present_until=timezone.now(), is_answering=False)


def read_own(ticket: Ticket, *, by: User) -> None:
    """Count what somebody has just written as read, where he had read all before it; `ticket` is as it was then."""
    whole = Look.objects.filter(ticket=ticket, user=by, entries_seen=ticket.entry_count)
    whole.update(entries_seen=F("entries_seen") + 1)


def mark_read(tickets: Sequence[Ticket], *, by: User) -> None:
    """Note that somebody has read all there is, without having been there."""
    now = timezone.now()
    rows = [
        Look(user=by, ticket=one, tenant_id=one.tenant_id, entries_seen=one.entry_count, present_until=now)
        for one in tickets
    ]
    Look.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["user", "ticket"],
        update_fields=["entries_seen"],
    )


def with_reading(tickets: QuerySet[Any], *, by: User) -> QuerySet[Any]:
    """Add `entries_seen`: how far somebody has read each ticket."""
    # A join and no subquery: PostgreSQL asks that once for each of 300,000 tickets when it counts what is unread.
    own = FilteredRelation("looks", condition=Q(looks__user=by))
    seen = Coalesce(F("own_look__entries_seen"), Value(0), output_field=IntegerField())
    rows: QuerySet[Any] = tickets.annotate(own_look=own, entries_seen=seen)
    return rows


def unread(tickets: QuerySet[Any]) -> QuerySet[Any]:
    """Keep those of `with_reading` that have more entries than were read."""
    return tickets.filter(Q(entry_count__gt=F("entries_seen")))
