"""Counts about mail, as plain queries over the rows given: those of one person's tenants, or all for /metrics."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncHour
from django.utils import timezone

from mailboxes.models import InboundMessage, Mailbox

State = InboundMessage.State


def quarantined(ledger: QuerySet[Any]) -> int:
    """Count the mails that wait for a person."""
    return ledger.filter(state=State.QUARANTINED).count()


def in_quarantine(ledger: QuerySet[Any]) -> QuerySet[Any]:
    """Keep the mails that wait for a person."""
    return ledger.filter(state=State.QUARANTINED)


def suspended(ledger: QuerySet[Any]) -> int:
    """Count the mails kept off the tickets as loops, until somebody decides otherwise."""
    return ledger.filter(state=State.SUSPENDED).count()


def waiting(ledger: QuerySet[Any]) -> int:
    """Count the mails that are seen and not decided on yet."""
    return ledger.filter(state=State.RECEIVED).count()


def by_state(ledger: QuerySet[Any]) -> dict[str, int]:
    """Count the mails of each state that has any."""
    return dict(ledger.order_by().values_list("state").annotate(Count("pk")))


def taken_of(ledger: QuerySet[Any]) -> QuerySet[Any]:
    """Keep the mails that somebody else moved or deleted before we could fetch them, or tidy them up."""
    return ledger.filter(Q(state=State.GONE) | Q(taken_at__isnull=False))


def per_hour(ledger: QuerySet[Any], now: datetime, *, hours: int = 24) -> Sequence[tuple[datetime, int]]:
    """Count the mails received in each of the last hours, oldest first, empty ones included."""
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    first = this_hour - timedelta(hours=hours - 1)
    rows = (
        ledger.filter(received_at__gte=first, is_sent=False)
        .order_by()
        .annotate(hour=TruncHour("received_at"))
    )
    found = dict(rows.values_list("hour").annotate(Count("pk")))
    return [
        (hour, found.get(hour, 0)) for hour in (first + timedelta(hours=number) for number in range(hours))
    ]


def in_trouble(mailboxes: QuerySet[Any]) -> QuerySet[Any]:
    """Keep the mailboxes that are on and do not work, the longest-suffering first."""
    ailing = mailboxes.filter(is_active=True, tenant__is_active=True, trouble__isnull=False)
    ailing = ailing.exclude(inbound_transport=Mailbox.Inbound.NONE).exclude(paused=Mailbox.Pause.STAFF)
    # One that Microsoft asked for patience waits; the list of mailboxes says so too.
    return ailing.exclude(retry_after_until__gt=timezone.now()).order_by("trouble_since_at")


def stale(mailboxes: QuerySet[Any], now: datetime) -> int:
    """Count the working mailboxes that have had no successful look for ten intervals, a quarter of an hour at least."""
    limit = now - max(timedelta(seconds=settings.SYNC_INTERVAL_S * 10), timedelta(minutes=15))
    silent = Q(last_success_at__lt=limit) | Q(last_success_at=None, created_at__lt=limit)
    running = mailboxes.filter(is_active=True, tenant__is_active=True).exclude(paused=Mailbox.Pause.STAFF)
    return running.exclude(inbound_transport=Mailbox.Inbound.NONE).filter(silent).count()
