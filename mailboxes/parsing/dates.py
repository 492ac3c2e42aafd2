"""The Date header: aware UTC within a believable range, or nothing."""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
MAX_AHEAD = timedelta(days=2)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
_USUAL = re.compile(
    r"\s*(?:[A-Za-z]{3},?\s+)?(\d{1,2})\s+([A-Za-z]{3})\s+(\d{4})\s+(\d\d):(\d\d)(?::(\d\d))?"
    r"\s+(?:([+-])(\d\d)([0-5]\d)|GMT|UTC|UT|Z)\b",
    re.ASCII,
)


def read_date(raw: str, *, now: datetime) -> datetime | None:
    """Read an RFC 5322 date; None when it is none, before 1990 or more than two days after `now`."""
    found = _USUAL.match(raw)
    # A date of the right form that is impossible is not guessed at: `email.utils` reads the year 0000 as 2000.
    moment = _usual(found) if found else _odd(raw[:200])
    if moment is None:
        return None
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        return None
    return moment if EARLIEST <= moment <= now + MAX_AHEAD else None


def _usual(found: re.Match[str]) -> datetime | None:
    day, month, year, hour, minute, second, sign, off_hours, off_minutes = found.groups()
    offset = timedelta(hours=int(off_hours or 0), minutes=int(off_minutes or 0))
    try:
        zone = timezone(-offset if sign == "-" else offset) if offset else UTC
        # A leap second (:60) is read as the last ordinary one.
        parts = (
            int(year),
            _MONTHS.get(month.lower(), 0),
            int(day),
            int(hour),
            int(minute),
            min(int(second or 0), 59),
        )
        return datetime(*parts, tzinfo=zone)
    except ValueError:
        return None


def _odd(raw: str) -> datetime | None:
    """Leave old and broken spellings to `email.utils`, which guesses well and raises on some of them."""
    try:
        parsed = parsedate_tz(raw)
        if parsed is None:
            return None
        year, month, day, hour, minute, second = parsed[:6]
        zone = timezone(timedelta(seconds=parsed[9] or 0))
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
