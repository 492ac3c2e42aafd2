"""How fast mail leaves: 30 a minute and 10,000 recipients a day of a mailbox, whose turn it is, and when it will be.

Source: https://learn.microsoft.com/office365/servicedescriptions/exchange-online-service-description/exchange-online-limits
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from math import inf
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet, Sum
from django.utils import timezone

from mailboxes.models import Mailbox, OutboundMessage, Sender
from tenants.whom import for_its_tenant

State = OutboundMessage.State
#: Counted over the last 24 hours. Organisations on trial have less, and are told so by Exchange.
RECIPIENTS_PER_DAY: Final = 10_000
MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)
STEP_ASIDE: Final = timedelta(seconds=10)
#: A forecast is made for no more mails of a mailbox than this.
MOST_FORECAST: Final = 5_000


class Allowance:
    """What a mailbox may still send; asked once for a run, then counted along.

    Its turn lasts `turn_s`; `stay` keeps its seat, and with it its place among those being served.
    """

    def __init__(
        self, mailbox_id: int, *, turn_s: float = inf, stay: Callable[[], None] = lambda: None
    ) -> None:
        self.mailbox_id, self.turn_s, self.stay = mailbox_id, turn_s, stay
        self.recipients = RECIPIENTS_PER_DAY - _recipients_of_day(mailbox_id, timezone.now())

    def has_minute(self) -> bool:
        """Tell whether Exchange takes one more mail in this minute."""
        lately = _asked(self.mailbox_id, timezone.now() - MINUTE).count()
        most: int = settings.SEND_PER_MINUTE
        return lately < most

    def spend(self, row: OutboundMessage) -> None:
        self.recipients -= row.recipient_count


def _asked(mailbox_id: int, since: datetime) -> QuerySet[Any]:
    rows: QuerySet[Any] = OutboundMessage.objects.filter(mailbox_id=mailbox_id, asked_at__gt=since)
    return rows


def _recipients_of_day(mailbox_id: int, now: datetime) -> int:
    return int(_asked(mailbox_id, now - DAY).aggregate(n=Sum("recipient_count"))["n"] or 0)


def in_turn(mailbox_ids: Iterable[int]) -> list[int]:
    """Order mailboxes with mail: those of the tenants that sent least in the last minute first, one of each in turn.

    Where there is only an upload to go on with, it counts as if the minute was sent, so that others go first. Left out
    are those that have sent what a minute allows, are being served, or whose tenant has enough of them served.
    """
    now = timezone.now()
    waiting = OutboundMessage.objects.filter(
        mailbox_id__in=list(mailbox_ids), state__in=(State.QUEUED, State.UNCERTAIN)
    )
    due = Q(retry_at=None, state=State.QUEUED) | Q(retry_at__lte=now)
    firsts = (
        waiting.order_by()
        .values("mailbox_id", "tenant_id")
        .annotate(first=Min("queued_at"), unbegun=Count("pk", filter=due & Q(upload__isnull=True)))
    )
    places = {row["mailbox_id"]: row for row in firsts}
    lately = _sent_lately(places, now)
    rows = Mailbox.objects.filter(pk__in=places)
    busy = set(
        rows.filter(Q(visitor_until__gt=now) | Q(send_wait_until__gt=now)).values_list("pk", flat=True)
    )
    crowded = _crowded(now)
    used = Counter[int]()
    for pk, row in places.items():
        used[row["tenant_id"]] += lately.get(pk, 0) if row["unbegun"] else int(settings.SEND_PER_MINUTE)
    free = [
        pk
        for pk, row in places.items()
        if pk not in busy and lately.get(pk, 0) < settings.SEND_PER_MINUTE and row["tenant_id"] not in crowded
    ]
    return _dealt(
        sorted(free, key=lambda pk: places[pk]["first"]), {pk: places[pk]["tenant_id"] for pk in free}, used
    )


def _crowded(now: datetime) -> set[int]:
    """Name the tenants of which as many mailboxes are served as may be.

    One worker is left, to others and to reading: a large mail over SMTP cannot stop midway, and a slow line holds
    whoever sends it for minutes; a flood from several mailboxes would have the worker to itself as long as it lasts.
    """
    at_once = max(1, settings.CELERY_WORKER_CONCURRENCY - 1)
    # By the mails they hold, not by their seat: whoever tests a mailbox has one as well. Who still waits for a seat
    # does so for seconds, and the run he waits for has a worker of its own.
    held = OutboundMessage.objects.filter(claimed_until__gt=now).order_by()
    claimed = held.values_list("tenant_id", "mailbox_id")
    # One by one: SQLite uses no index whose condition is a list.
    served = {*claimed.filter(state=State.SENDING), *claimed.filter(state=State.UNCERTAIN)}
    counted = Counter(tenant_id for tenant_id, _mailbox in served)
    return {tenant_id for tenant_id, mailboxes in counted.items() if mailboxes >= at_once}


def _sent_lately(mailbox_ids: Iterable[int], now: datetime) -> dict[int, int]:
    rows = OutboundMessage.objects.filter(mailbox_id__in=list(mailbox_ids), asked_at__gt=now - MINUTE)
    return dict(rows.order_by().values_list("mailbox_id").annotate(n=Count("pk")))


def _dealt(mailbox_ids: Iterable[int], tenants: dict[int, int], used: Counter[int]) -> list[int]:
    """Deal out: each further mailbox of a tenant counts as if it had sent its minute already."""
    weights: list[tuple[int, int]] = []
    for pk in mailbox_ids:
        tenant_id = tenants[pk]
        weights.append((used[tenant_id], pk))
        used[tenant_id] += int(settings.SEND_PER_MINUTE)
    # Sorting is stable: within a weight the mail that has waited longest is first.
    return [pk for _weight, pk in sorted(weights, key=lambda one: one[0])]


def step_aside(mailbox_id: int) -> None:
    """Give others their turn: nothing of this mailbox could be begun although work waits, and nobody else serves it."""
    now = timezone.now()
    mails = OutboundMessage.objects.filter(mailbox_id=mailbox_id)
    copies = Sender.objects.filter(mailbox_id=mailbox_id, copy_due_at__lte=now)
    if mails.due(now).exists() or mails.in_doubt(now).exists() or copies.exists():
        alone = Mailbox.objects.filter(Q(visitor_until=None) | Q(visitor_until__lt=now), pk=mailbox_id)
        alone.update(send_wait_until=now + STEP_ASIDE)


class Forecast:
    """When queued mails will leave; the plan of a mailbox is made once."""

    def __init__(self) -> None:
        self._plans: dict[int, dict[int, datetime]] = {}

    def leaves_at(self, row: OutboundMessage) -> datetime | None:
        """Say when a mail leaves if nothing comes between; None where it does not, or its mailbox is off."""
        if row.state != State.QUEUED:
            return None
        if row.mailbox_id not in self._plans:
            self._plans[row.mailbox_id] = _planned(row, timezone.now())
        return self._plans[row.mailbox_id].get(row.pk)


@for_its_tenant
def _planned(row: OutboundMessage, now: datetime) -> dict[int, datetime]:
    """Go through the queue of a mail's mailbox: so many a minute, and no more recipients than the day has left."""
    mailbox_id = row.mailbox_id
    sending = Mailbox.objects.filter(pk=mailbox_id, is_active=True, tenant__is_active=True)
    mailbox = sending.exclude(outbound_transport=Mailbox.Outbound.NONE).only("send_wait_until").first()
    if mailbox is None:
        return {}
    queued = OutboundMessage.objects.filter(mailbox_id=mailbox_id, state=State.QUEUED).order_by(
        "queued_at", "pk"
    )
    per_minute = max(int(settings.SEND_PER_MINUTE), 1)
    free = per_minute - _asked(mailbox_id, now - MINUTE).count()
    left = RECIPIENTS_PER_DAY - _recipients_of_day(mailbox_id, now)
    first_of_day = _asked(mailbox_id, now - DAY).aggregate(first=Min("asked_at"))["first"] or now
    found: dict[int, datetime] = {}
    at = max(now, mailbox.send_wait_until or now)
    for pk, retry_at, recipients in queued.values_list("pk", "retry_at", "recipient_count")[:MOST_FORECAST]:
        if free <= 0:
            at, free = at + MINUTE, per_minute
        if recipients > left:
            at, left = max(at, first_of_day + DAY), RECIPIENTS_PER_DAY
        found[pk] = max(at, retry_at or at)
        free, left = free - 1, left - recipients
    return found
