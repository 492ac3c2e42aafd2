"""Mail per hour as a small drawing that leads to the mails it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

HEIGHT: Final = 72
#: Room of one hour.
WIDTH: Final = 22
HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    x: int
    y: int
    height: int
    hour: datetime
    title: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """The drawing of one mailbox, or of all of them together."""

    bars: Sequence[Bar]
    total: int
    link: str
    width: int
    height: int = HEIGHT


def draw(counts: Sequence[tuple[datetime, int]], *, mailbox_id: int | None = None) -> Hours:
    """Draw the hours of `figures.per_hour`; links ask for the mails of the mailbox that is named."""
    most = max([count for _hour, count in counts], default=0) or 1
    asked = {"mailbox__id__exact": mailbox_id} if mailbox_id else {}
    return Hours(
        bars=[_bar(number, *pair, most, asked) for number, pair in enumerate(counts)],
        total=sum(count for _hour, count in counts),
        link=_mails(counts[0][0], counts[-1][0] + HOUR, asked),
        width=WIDTH * len(counts),
    )


def _bar(number: int, hour: datetime, count: int, most: int, asked: dict[str, Any]) -> Bar:
    # An hour with a single mail is a sliver that can still be seen; an empty one a line.
    height = max(3, round(count / most * (HEIGHT - 4))) if count else 1
    clock = date_format(localtime(hour), "TIME_FORMAT")
    return Bar(
        x=number * WIDTH,
        y=HEIGHT - height,
        height=height,
        hour=hour,
        title=_("%(n)d from %(hour)s") % {"n": count, "hour": clock},
        link=_mails(hour, hour + HOUR, asked),
    )


def _mails(first: datetime, end: datetime, asked: dict[str, Any]) -> str:
    span = {"received_at__gte": first.isoformat(), "received_at__lt": end.isoformat(), "is_sent__exact": 0}
    return f"{reverse('admin:mailboxes_inboundmessage_changelist')}?{urlencode(span | asked)}"
