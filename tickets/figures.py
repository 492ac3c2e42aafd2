"""Counts about tickets, as plain queries over the rows given: those of one person's tenants, or all for /metrics."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from tickets.models import Ticket
from tickets.models.ticket import UNSOLVED

# What is counted is "*" or a column of the index: it then answers alone, where ids would have to be read row by row.

#: What waits for an answer of ours.
TO_ANSWER: Final = (Ticket.Status.NEW, Ticket.Status.OPEN)
#: How long customers have waited for us: the ages between which the figures distinguish.
AGES: Final = (timedelta(hours=1), timedelta(hours=4), timedelta(days=1), timedelta(days=3))


def unsolved(tickets: QuerySet[Any]) -> QuerySet[Any]:
    """Keep the tickets that somebody still has to do something about, or that wait for the customer."""
    return tickets.filter(status__in=UNSOLVED)


def by_status(tickets: QuerySet[Any]) -> dict[str, int]:
    """Count the tickets of each status, those without any included."""
    found = dict(tickets.order_by().values_list("status").annotate(number=Count("*")))
    return {status: found.get(status, 0) for status in Ticket.Status.values}


def by_unsolved_status(tickets: QuerySet[Any]) -> dict[str, int]:
    """Count the tickets of each status that is not done; those that are done would have to be read one by one."""
    found = dict(unsolved(tickets).order_by().values_list("status").annotate(number=Count("*")))
    return {status: found.get(status, 0) for status in UNSOLVED}


def per_day(
    tickets: QuerySet[Any], column: str, now: datetime, *, days: int = 14
) -> list[tuple[datetime, int]]:
    """Count by `opened_at` or `closed_at` for each of the last days, oldest first, empty ones included.

    A day is one of the current time zone and named by its first moment.
    """
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    # Days of a clock that is put forward or back have 23 or 25 hours, so midnights are counted back by date.
    naive = [midnight.replace(tzinfo=None) - timedelta(days=back) for back in range(days - 1, -1, -1)]
    firsts = [timezone.make_aware(moment) for moment in naive]
    rows = tickets.filter(**{f"{column}__gte": firsts[0]}).order_by().annotate(day=TruncDate(column))
    found = dict(rows.values_list("day").annotate(number=Count("*")))
    return [(first, found.get(first.date(), 0)) for first in firsts]


def awaited(tickets: QuerySet[Any]) -> QuerySet[Any]:
    """Keep the tickets whose last word is the customer's and that nobody has answered yet."""
    return tickets.filter(status__in=TO_ANSWER, last_entry_by=Ticket.Spoke.CUSTOMER)


def by_waiting(tickets: QuerySet[Any], now: datetime) -> list[tuple[datetime | None, datetime | None, int]]:
    """Count the awaited tickets by age, youngest first: (last word from, last word before, count); None is open."""
    edges = [None, *(now - age for age in AGES), None]
    spans = [(edges[number + 1], edges[number]) for number in range(len(AGES) + 1)]
    counts = {
        str(number): Count("last_entry_at", filter=_between(*span)) for number, span in enumerate(spans)
    }
    found = awaited(tickets).aggregate(**{f"span{number}": count for number, count in counts.items()})
    return [(*span, found[f"span{number}"]) for number, span in enumerate(spans)]


def longest_wait(tickets: QuerySet[Any], now: datetime) -> timedelta:
    """Tell how long the customer who waits longest has waited; zero when nobody does."""
    oldest = awaited(tickets).aggregate(oldest=Min("last_entry_at"))["oldest"]
    return now - oldest if oldest else timedelta()


def busiest(tickets: QuerySet[Any], relation: str, *, most: int) -> list[tuple[int, int]]:
    """Give the ids of the queues or tenants with most unsolved tickets, each with its count, most first."""
    rows = unsolved(tickets).order_by().values_list(f"{relation}_id").annotate(number=Count("*"))
    return list(rows.order_by("-number", f"{relation}_id")[:most])


def _between(first: datetime | None, end: datetime | None) -> Q:
    return Q(**({"last_entry_at__gte": first} if first else {})) & Q(
        **({"last_entry_at__lt": end} if end else {})
    )


def opened_since(tickets: QuerySet[Any], moment: datetime) -> int:
    """Count the tickets opened since a moment."""
    return tickets.filter(opened_at__gte=moment).count()
