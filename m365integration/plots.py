"""Plots of the overview: numbers turned into places on a drawing. Every bar leads to the list of what it counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants.models import Tenant
from tickets import figures
from tickets.models import Queue

HEIGHT: Final = 90
#: Room of one day, and of each of its two bars.
DAY: Final = 34
BAR: Final = 13
#: Queues and tenants that are named; the lists have the rest.
MOST: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Pillar:
    """A standing bar; `kind` names its colour."""

    x: int
    y: int
    height: int
    kind: str
    title: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A lying bar with its name and number; `percent` is its share of the longest."""

    label: str
    count: int
    percent: int
    link: str
    level: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Tickets opened and closed by day."""

    pillars: Sequence[Pillar]
    #: Where the names of days stand, and what they say.
    marks: Sequence[tuple[int, str]]
    width: int
    opened: int
    closed: int
    opened_link: str
    closed_link: str
    height: int = HEIGHT


def days(tickets: QuerySet[Any], now: datetime) -> Days:
    """Draw the last two weeks."""
    opened = figures.per_day(tickets, "opened_at", now)
    closed = figures.per_day(tickets, "closed_at", now)
    most = max(count for _day, count in [*opened, *closed]) or 1
    pillars = [*_pillars("opened", opened, most), *_pillars("closed", closed, most)]
    marks = [(number * DAY + BAR, _day(day)) for number, (day, _n) in enumerate(opened) if number % 3 == 1]
    return Days(
        pillars=pillars,
        marks=marks,
        width=DAY * len(opened),
        opened=sum(count for _day, count in opened),
        closed=sum(count for _day, count in closed),
        opened_link=tickets_link(opened_at__gte=opened[0][0]),
        closed_link=tickets_link(closed_at__gte=closed[0][0]),
    )


def _pillars(kind: str, counts: Sequence[tuple[datetime, int]], most: int) -> Iterable[Pillar]:
    for number, (day, count) in enumerate(counts):
        end = counts[number + 1][0] if number + 1 < len(counts) else day + timedelta(days=1)
        # A single ticket is a sliver that can still be seen; a day without one a line.
        height = max(3, round(count / most * HEIGHT)) if count else 1
        yield Pillar(
            x=number * DAY + 2 + (BAR + 1) * (kind == "closed"),
            y=HEIGHT - height,
            height=height,
            kind=kind,
            title=_title(kind, day, count),
            link=tickets_link(**{f"{kind}_at__gte": day, f"{kind}_at__lt": end}),
        )


def _title(kind: str, day: datetime, count: int) -> str:
    words = _("%(n)d opened on %(day)s") if kind == "opened" else _("%(n)d closed on %(day)s")
    return words % {"n": count, "day": _day(day)}


def _day(day: datetime) -> str:
    # Translators: day and short month, in Django's letters for dates.
    return date_format(day, _("j M"))


def waiting(tickets: QuerySet[Any], now: datetime) -> list[Line]:
    """Show how long customers have been waiting for us."""
    rows = figures.by_waiting(tickets, now)
    most = max(count for _first, _end, count in rows) or 1
    levels = ["", "", "", "warning", "danger"]
    return [
        Line(
            label=label,
            count=count,
            percent=_percent(count, most),
            level=level,
            link=tickets_link(
                status__in="new,open",
                last_entry_by="customer",
                last_entry_at__gte=first,
                last_entry_at__lt=end,
            ),
        )
        for label, level, (first, end, count) in zip(_spans(), levels, rows, strict=True)
    ]


def _spans() -> list[str]:
    return [
        _("up to 1 hour"),
        _("1 to 4 hours"),
        _("4 to 24 hours"),
        _("1 to 3 days"),
        _("more than 3 days"),
    ]


def by_queue(tickets: QuerySet[Any], *, names_tenants: bool) -> list[Line]:
    """Show the queues with most tickets that are not done."""
    rows = figures.busiest(tickets, "queue", most=MOST)
    queues = Queue._base_manager.select_related("tenant").in_bulk([pk for pk, _count in rows])
    return _lines(
        (
            f"{queues[pk]} · {queues[pk].tenant}" if names_tenants else str(queues[pk]),
            count,
            {"queue__id__exact": pk},
        )
        for pk, count in rows
    )


def by_tenant(tickets: QuerySet[Any]) -> list[Line]:
    """Show the tenants with most tickets that are not done."""
    rows = figures.busiest(tickets, "tenant", most=MOST)
    tenants = Tenant.objects.in_bulk([pk for pk, _count in rows])
    return _lines((str(tenants[pk]), count, {"tenant__id__exact": pk}) for pk, count in rows)


def _lines(rows: Iterable[tuple[str, int, dict[str, Any]]]) -> list[Line]:
    found = list(rows)
    most = max((count for _label, count, _query in found), default=0) or 1
    return [
        Line(
            label=label,
            count=count,
            percent=_percent(count, most),
            link=tickets_link(status__in="new,open,waiting", **query),
        )
        for label, count, query in found
    ]


def _percent(count: int, most: int) -> int:
    return max(1, round(100 * count / most)) if count else 0


def tickets_link(**query: Any) -> str:
    """Lead to the list of tickets; what is None is not asked."""
    asked = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in query.items()
        if value is not None
    }
    return f"{reverse('admin:tickets_ticket_changelist')}?{urlencode(asked, safe=',')}"


def longest_wait(wait: timedelta) -> str:
    """Word the longest wait; blank when nobody waits."""
    if not wait:
        return ""
    hours = int(wait.total_seconds() // 3600)
    if hours >= 48:
        return ngettext("longest: %(n)d day", "longest: %(n)d days", hours // 24) % {"n": hours // 24}
    return ngettext("longest: %(n)d hour", "longest: %(n)d hours", hours) % {"n": hours}
