"""Counts about mail, as plain queries over the rows given: those of one person's tenants, or all for /metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import TruncHour
from django.utils import timezone

from mailboxes.health import endless
from mailboxes.models import InboundMessage, Mailbox, OutboundMessage
from tenants.models import Credential
from tenants.models.credential import WARN_DAYS

State = InboundMessage.State
#: The states of the outbox that something happens in by itself yet.
OPEN = ("queued", "sending", "uncertain")


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


def unsent(outbox: QuerySet[Any]) -> dict[str, int]:
    """Count the mails of ours by state, as long as they have not left for certain."""
    return {state: outbox.filter(state=state).count() for state in OPEN}


def stuck(outbox: QuerySet[Any]) -> int:
    """Count the mails of ours that failed, and those of which nobody knows yet whether they left."""
    # One by one: SQLite finds no index of several states.
    return sum(outbox.filter(state=state).count() for state in OutboundMessage.STUCK)


def expiring(credentials: QuerySet[Any], today: date) -> QuerySet[Any]:
    """Keep the credentials that run out soon, or have; a newer one of the registration settles the matter."""
    last_day = today + timedelta(days=WARN_DAYS)
    longer = Credential.objects.filter(registration=OuterRef("registration"), expires_on__gt=last_day)
    return credentials.filter(expires_on__lte=last_day).exclude(Exists(longer))


def per_hour(ledger: QuerySet[Any], now: datetime, *, hours: int = 24) -> Sequence[tuple[datetime, int]]:
    """Count the mails received in each of the last hours, oldest first, empty ones included."""
    spans = _hours(now, hours)
    found = dict(_received(ledger, spans).values_list("hour").annotate(Count("pk")))
    return [(hour, found.get(hour, 0)) for hour in spans]


def per_hour_of_busiest(
    ledger: QuerySet[Any], now: datetime, *, most: int, hours: int = 24
) -> dict[int, Sequence[tuple[datetime, int]]]:
    """Count the same for each of the mailboxes that received most, by the mailbox's id, most mail first."""
    spans = _hours(now, hours)
    # Chosen here: asked for some mailboxes by name, SQLite would read all the mail they ever had.
    rows = _received(ledger, spans).values_list("mailbox_id", "hour").annotate(number=Count("pk"))
    found: dict[int, Counter[datetime]] = {}
    for mailbox_id, hour, number in rows:
        found.setdefault(mailbox_id, Counter())[hour] = number
    chosen = sorted(found, key=lambda pk: (-found[pk].total(), pk))[:most]
    return {pk: [(hour, found[pk][hour]) for hour in spans] for pk in chosen}


def _hours(now: datetime, hours: int) -> list[datetime]:
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    return [this_hour - timedelta(hours=back) for back in range(hours - 1, -1, -1)]


def _received(ledger: QuerySet[Any], spans: Sequence[datetime]) -> QuerySet[Any]:
    end = spans[-1] + timedelta(hours=1)
    # The hours of UTC, as those of `spans`: in some zones hours begin at half past.
    rows: QuerySet[Any] = ledger.annotate(hour=TruncHour("received_at", tzinfo=UTC))
    return rows.filter(received_at__gte=spans[0], received_at__lt=end, is_sent=False).order_by()


def by_health() -> dict[str, Q]:
    """Tell mailboxes apart by how they are, in the same order of reasons as `health_of`."""
    off = Q(is_active=False) | Q(tenant__is_active=False) | Q(inbound_transport=Mailbox.Inbound.NONE)
    paused = Q(paused=Mailbox.Pause.STAFF)
    now = timezone.now()
    waiting, ailing = Q(retry_after_until__gt=now), Q(trouble__isnull=False) | endless(now)
    running = ~off & ~paused
    return {
        "trouble": running & ~waiting & ailing,
        "waiting": running & waiting,
        "paused": ~off & paused,
        "off": off,
        "working": running & ~waiting & ~ailing,
        "quiet": running & Q(quiet_since_at__isnull=False),
    }


def count_by_health(mailboxes: QuerySet[Any]) -> dict[str, int]:
    """Count the mailboxes of each health, and all of them."""
    # A name of a column would be taken for it by the counts that follow.
    counts = {f"is_{name}": Count("pk", filter=rows) for name, rows in by_health().items()}
    found = mailboxes.order_by().aggregate(is_all=Count("pk"), **counts)
    return {name.removeprefix("is_"): number for name, number in found.items()}


def in_trouble(mailboxes: QuerySet[Any]) -> QuerySet[Any]:
    """Keep the mailboxes that are on and do not work, the longest-suffering first."""
    return mailboxes.filter(by_health()["trouble"]).order_by("trouble_since_at")


def stale(mailboxes: QuerySet[Any], now: datetime) -> int:
    """Count the working mailboxes that have had no successful look for ten intervals, a quarter of an hour at least."""
    limit = now - max(timedelta(seconds=settings.SYNC_INTERVAL_S * 10), timedelta(minutes=15))
    silent = Q(last_success_at__lt=limit) | Q(last_success_at=None, created_at__lt=limit)
    running = mailboxes.filter(is_active=True, tenant__is_active=True).exclude(paused=Mailbox.Pause.STAFF)
    return running.exclude(inbound_transport=Mailbox.Inbound.NONE).filter(silent).count()
