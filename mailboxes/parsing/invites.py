"""Calendar invitations: the first event of a text/calendar part, nothing expanded, nothing answered."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any, Final

from . import charsets
from .addresses import clean_email
from .gate import one_line, storable
from .leaves import Leaf
from .limits import KB, Limits
from .values import Address, GiveWay, Invitation

_TYPES: Final = frozenset(("text/calendar", "application/ics"))
_READ_BYTES: Final = 512 * KB
_EVENT_CHARS: Final = 64 * KB
_MOST_ZONES: Final = 8
_METHOD: Final = re.compile(r"^METHOD:[ \t]*([A-Za-z-]{1,30})", re.MULTILINE | re.IGNORECASE)
_ZONE: Final = re.compile(r"^BEGIN:VTIMEZONE\n.{0,16000}?^END:VTIMEZONE\n", re.MULTILINE | re.DOTALL)
_JOIN: Final = re.compile(
    r"https://(?:teams\.(?:microsoft|live)\.com/(?:l/)?meet|(?:[a-z0-9-]{1,60}\.)?zoom\.us/j/|meet\.google\.com/)"
    r"[^\s<>\"']{1,1500}"
)
# What the library raises where a hostile calendar makes it stumble.
_STUMBLES: Final = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)


def read_invitation(attached: Sequence[Leaf], *, limits: Limits) -> tuple[Invitation | None, str]:
    """Give the invitation a mail brings and its description; None when there is none that can be read."""
    leaf = next((one for one in attached if one.content_type in _TYPES and one.cut is None), None)
    if leaf is None:
        return None, ""
    if limits.gives_way:
        raise GiveWay
    text = charsets.decode(leaf.content[:_READ_BYTES], declared=leaf.charset or "utf-8")[0]
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    event = _event(text)
    if event is None:
        return None, ""
    method = _METHOD.search(text)
    description = storable(str(event.get("DESCRIPTION", "")), max_chars=limits.text_chars)
    return _invitation(
        event, method=method[1].upper() if method else "PUBLISH", text=description
    ), description


def _event(text: str) -> Any:
    """Read the first event alone with its time zones: a calendar may hold a hundred thousand."""
    start = text.find("BEGIN:VEVENT\n")
    end = text.find("\nEND:VEVENT", start)
    if start < 0 or not 0 <= end - start <= _EVENT_CHARS:
        return None
    zones = [found[0] for found, _ in zip(_ZONE.finditer(text), range(_MOST_ZONES), strict=False)]
    # Imported here: only the process that reads strange mail needs it.
    from icalendar import Calendar

    # Of zones that cannot be read the names are left, and most names say enough.
    for known in (zones, []):
        alone = ["BEGIN:VCALENDAR\nVERSION:2.0\n", *known, text[start:end], "\nEND:VEVENT\nEND:VCALENDAR\n"]
        with suppress(*_STUMBLES):
            return next(iter(Calendar.from_ical("".join(alone)).walk("VEVENT")), None)
    return None


def _invitation(event: Any, *, method: str, text: str) -> Invitation:
    starts, ends = _moment(event, "DTSTART"), _moment(event, "DTEND")
    location = _line(event, "LOCATION")
    link = str(event.get("X-MICROSOFT-SKYPETEAMSMEETINGURL", "") or event.get("X-GOOGLE-CONFERENCE", ""))
    join = _JOIN.search(f"{link} {location} {text[:20_000]}")
    rule = event.get("RRULE")
    return Invitation(
        method=method,
        summary=_line(event, "SUMMARY"),
        starts=starts,
        ends=ends,
        location=location,
        organizer=_person(event.get("ORGANIZER")),
        response=_response(_several(event.get("ATTENDEE"))) if method == "REPLY" else "",
        repeats=str(_several(rule.get("FREQ"))[0]).lower()
        if isinstance(rule, dict) and rule.get("FREQ")
        else "",
        join_url=join[0] if join else "",
    )


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _line(event: Any, name: str) -> str:
    value = _several(event.get(name))
    return one_line(str(value[0]), max_chars=500) if value else ""


def _moment(event: Any, name: str) -> str:
    """Give a day, a moment in UTC, or a moment without a zone as it stands, each in ISO form."""
    try:
        value = getattr(event.get(name), "dt", None)
        if isinstance(value, datetime):
            return (value.astimezone(UTC) if value.tzinfo else value).isoformat(timespec="minutes")
        return value.isoformat() if isinstance(value, date) else ""
    except (ValueError, OverflowError):
        return ""


def _person(value: Any) -> Address:
    if value is None:
        return Address(name="", email="")
    name = one_line(str(getattr(value, "params", {}).get("CN", "")), max_chars=320)
    email = str(value)[:400]
    return Address(name=name, email=clean_email(email[7:] if email[:7].lower() == "mailto:" else email))


def _response(attendees: Sequence[Any]) -> str:
    """Say how the one who replies has decided: accepted, declined, tentative."""
    found = next(iter(attendees), None)
    return one_line(str(getattr(found, "params", {}).get("PARTSTAT", "")).lower(), max_chars=20)
