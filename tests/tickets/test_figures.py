"""Counts about tickets, as the overview plots them and /metrics gives them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from tests.factories import QueueFactory, TicketFactory
from tickets import figures
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
Status, Spoke = Ticket.Status, Ticket.Spoke


@pytest.mark.parametrize("status", [Status.SOLVED, Status.CLOSED])
def test_ticket_that_is_done_remembers_since_when(status: str) -> None:
    ticket = TicketFactory(status=Status.OPEN)
    assert ticket.closed_at is None
    ticket.status = status
    ticket.save(update_fields=["status"])
    assert Ticket.objects.get().closed_at == ticket.closed_at is not None


def test_closing_what_is_solved_keeps_the_time_of_solving() -> None:
    ticket = TicketFactory(status=Status.SOLVED)
    since = ticket.closed_at
    ticket.status = Status.CLOSED
    ticket.save()
    assert ticket.closed_at == since


def test_ticket_that_is_opened_again_is_not_done() -> None:
    ticket = TicketFactory(status=Status.CLOSED)
    ticket.status = Status.OPEN
    ticket.save(update_fields=["status", "last_entry_at"])
    assert Ticket.objects.get().closed_at is None


def test_days_are_those_of_the_time_zone_and_none_is_left_out() -> None:
    """Two in the morning in Auckland is the day before in UTC."""
    TicketFactory(opened_at=datetime(2026, 11, 18, 13, 0, tzinfo=UTC))
    with timezone.override("Pacific/Auckland"):
        found = figures.per_day(Ticket.objects.all(), "opened_at", NOW, days=4)
    assert [(day.day, count) for day, count in found] == [(17, 0), (18, 0), (19, 1), (20, 0)]


def test_days_stay_whole_when_clocks_change() -> None:
    """In Berlin 25 October 2026 has 25 hours."""
    with timezone.override("Europe/Berlin"):
        found = figures.per_day(Ticket.objects.all(), "opened_at", NOW.replace(month=10, day=27), days=5)
    assert [(day.day, day.hour) for day, _count in found] == [(23, 0), (24, 0), (25, 0), (26, 0), (27, 0)]


def test_days_before_the_first_are_not_counted() -> None:
    TicketFactory(opened_at=NOW - timedelta(days=14))
    assert sum(count for _day, count in figures.per_day(Ticket.objects.all(), "opened_at", NOW)) == 0


def test_waiting_counts_what_the_customer_said_last_and_is_not_done() -> None:
    for hours in (0, 2, 10, 48, 100, 200):
        TicketFactory(last_entry_at=NOW - timedelta(hours=hours))
    TicketFactory(last_entry_at=NOW, last_entry_by=Spoke.STAFF)
    TicketFactory(last_entry_at=NOW, status=Status.WAITING)
    TicketFactory(last_entry_at=NOW, status=Status.CLOSED)
    assert [count for *_span, count in figures.by_waiting(Ticket.objects.all(), NOW)] == [1, 1, 1, 1, 2]
    assert figures.longest_wait(Ticket.objects.all(), NOW) == timedelta(hours=200)


def test_nobody_waiting_is_no_wait() -> None:
    assert figures.longest_wait(Ticket.objects.all(), NOW) == timedelta()


def test_busiest_queues_come_first_and_done_tickets_do_not_count() -> None:
    quiet, busy = QueueFactory(), QueueFactory()
    TicketFactory(queue=quiet, tenant=quiet.tenant)
    for status in (Status.NEW, Status.WAITING, Status.CLOSED):
        TicketFactory(queue=busy, tenant=busy.tenant, status=status)
    assert figures.busiest(Ticket.objects.all(), "queue", most=5) == [(busy.pk, 2), (quiet.pk, 1)]
    assert figures.busiest(Ticket.objects.all(), "tenant", most=1) == [(busy.tenant_id, 2)]
