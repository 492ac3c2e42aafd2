"""What expires, as a calendar: one whole-day event for each, with reminders. Source: RFC 5545."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from mailboxes.radar import STAGES, Expiry, Level

#: A line holds at most this many bytes, line break not counted.
_LINE_BYTES: Final = 75


def calendar(expiries: Iterable[Expiry], *, public_url: str, now: datetime) -> str:
    """Write the calendar; what has no date, or is followed by something that lasts longer, is left out."""
    host = urlsplit(public_url).hostname or "localhost"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//m365integration//What expires//EN",
        "METHOD:PUBLISH",
        "X-WR-CALNAME:" + _text(_("Microsoft 365: what expires")),
        "REFRESH-INTERVAL;VALUE=DURATION:PT12H",
        "X-PUBLISHED-TTL:PT12H",
    ]
    for one in expiries:
        if one.ends_on is not None and one.level is not Level.CALM:
            lines += _event(one, one.ends_on, host=host, public_url=public_url, now=now)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _event(one: Expiry, day: date, *, host: str, public_url: str, now: datetime) -> Iterator[str]:
    about = {"kind": one.kind, "name": one.name, "tenant": one.tenant}
    title = _("%(kind)s ends: %(name)s (%(tenant)s)") % about
    advice = _("Mail stops with it. Make a new one at Microsoft and replace it in the admin.")
    yield "BEGIN:VEVENT"
    yield f"UID:{hashlib.sha256(one.key.encode()).hexdigest()[:24]}@{host}"
    yield f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{day:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{_text(title)}"
    yield f"DESCRIPTION:{_text(advice)}"
    yield f"URL:{public_url}{one.path}"
    yield "TRANSP:TRANSPARENT"
    for days in STAGES:
        yield "BEGIN:VALARM"
        yield "ACTION:DISPLAY"
        yield f"DESCRIPTION:{_text(title)}"
        yield f"TRIGGER:-P{days}D"
        yield "END:VALARM"
    yield "END:VEVENT"


def _text(value: str) -> str:
    """Write a text value: what would end it or begin another is escaped, control characters are dropped."""
    plain = "".join(
        " " if char in "\r\n\t" else char for char in value if char.isprintable() or char in "\r\n\t"
    )
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _folded(line: str) -> Iterator[str]:
    """Break a long line without cutting a character in two; what follows begins with a blank."""
    part, size = "", 0
    for char in line:
        width = len(char.encode())
        if size + width > _LINE_BYTES:
            yield part
            part, size = " ", 1
        part, size = part + char, size + width
    yield part
