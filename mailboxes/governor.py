"""Seats at Microsoft: at most four requests at once per application and mailbox, over all workers.

A run holds all seats of its mailbox through its claim. A visitor (folder picker, connection test) takes one: he
writes down that he is there, the run sees it at its next page and goes on with one seat less, and only then, or
when no run is under way, the visitor may speak. Source: Graph throttling limits, Outlook service.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Case, Q, QuerySet, Value, When
from django.utils import timezone

from mailboxes.errors import LeaseLost
from mailboxes.models import Mailbox
from tenants.errors import Misconfigured, Throttled

#: How long a visitor waits for his seat, and how often he looks. Seconds.
WAIT_S = 15.0
LOOK_S = 0.1


class RunGate:
    """The seats of a run, as GraphClient and the downloads ask for them."""

    def __init__(self, *, has_visitor: bool = False) -> None:
        self.count = settings.GRAPH_SLOTS - has_visitor

    def slots(self) -> int:
        return int(self.count)


@dataclass(slots=True)
class VisitorGate:
    """One seat; it ends by itself, so that of a visitor who was killed it is free again."""

    mailbox_id: int = 0
    held_for: timedelta = timedelta()
    until: datetime | None = None

    def slots(self) -> int:
        return 1

    def renew(self) -> None:
        """Keep the seat for as long again, where half of the time is over."""
        now = timezone.now()
        if self.until is None or self.until - now > self.held_for / 2:
            return
        mine = Mailbox.objects.filter(pk=self.mailbox_id, visitor_until=self.until)
        if mine.update(visitor_until=now + self.held_for):
            self.until = now + self.held_for


def renew(mailbox: Mailbox, gate: RunGate) -> None:
    """Prolong the lease of a run and see whether a visitor needs a seat.

    Raises LeaseLost when somebody else has the mailbox.
    """
    now = timezone.now()
    alone = settings.GRAPH_SLOTS
    held = Mailbox.objects.filter(
        pk=mailbox.pk, claim_number=mailbox.claim_number, claimed_until__isnull=False
    )
    seats = Case(When(visitor_until__gt=now, then=Value(alone - 1)), default=Value(alone))
    if not held.update(claimed_until=now + timedelta(seconds=settings.SYNC_LEASE_S), slots=seats):
        raise LeaseLost(f"mailbox {mailbox.pk}: the claim {mailbox.claim_number} is no longer held")
    gate.count = held.values_list("slots", flat=True).get()


@contextmanager
def visit(mailbox: Mailbox, *, hold: timedelta | None = None) -> Iterator[VisitorGate]:
    """Hold one seat for a few requests; with `hold` for so long, and renewed by whoever stays.

    Raises Throttled when another visitor is there, or the run does not make room in time, and Misconfigured while
    the tenant is switched off.
    """
    if not mailbox.tenant.is_active:
        raise Misconfigured.own("tenant_off")
    rows = Mailbox.objects.filter(pk=mailbox.pk)
    now = timezone.now()
    held_for = hold or timedelta(seconds=settings.GRAPH_DEADLINE_S * 2)
    gate = VisitorGate(mailbox.pk, held_for, now + held_for)
    if not rows.filter(Q(visitor_until=None) | Q(visitor_until__lt=now)).update(visitor_until=gate.until):
        raise _no_seat()
    try:
        _await_seat(
            rows.filter(Q(claimed_until=None) | Q(claimed_until__lt=now) | Q(slots__lt=settings.GRAPH_SLOTS))
        )
        yield gate
    finally:
        rows.filter(visitor_until=gate.until).update(visitor_until=None)


def _await_seat(free: QuerySet[Mailbox]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not free.exists():
        if time.monotonic() > deadline:
            raise _no_seat()
        time.sleep(LOOK_S)


def _no_seat() -> Throttled:
    return Throttled.own("slots_taken")
