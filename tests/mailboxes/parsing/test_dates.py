"""The Date header (MT-076 to MT-086)."""

from datetime import UTC, datetime

import pytest

from mailboxes.parsing import parse

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def sent_at(raw: str) -> datetime | None:
    return parse(f"Date: {raw}\nSubject: x\n\nbody".encode(), received_at=NOW).sent_at


@pytest.mark.parametrize(
    "raw",
    [
        "Fri, 20 Nov 0000 10:00:00 +0000",
        "Fri, 20 Nov 99999 10:00:00 +0000",
        "31 Dec 9999 23:59:59 -2359",
        "Fri, 20 Nov 2026 10:00:00 +9999",
        "Fri, 20 Nov 2026 10:00:00 -2400",
        "Fri, 30 Feb 2026 10:00:00 +0000",
        "Fri, 20 Nov 2026 25:61:61 +0000",
        "yesterday",
        "",
        "Thu, 1 Jan 1970 00:00:00 +0000",
        "Mon, 1 Jan 1601 00:00:00 +0000",
        "Sun, 31 Dec 1989 23:59:59 +0000",
        "Fri, 20 Nov 2036 10:00:00 +0000",
        "Mon, 23 Nov 2026 12:00:01 +0000",
    ],
)
def test_impossible_date_is_none_mt_076_to_mt_086(raw: str) -> None:
    assert sent_at(raw) is None


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("Fri, 20 Nov 2026 10:00:00 +0100", datetime(2026, 11, 20, 9, tzinfo=UTC)),
        ("20 Nov 2026 10:00 GMT", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 10:00:00 +0530 (IST)", datetime(2026, 11, 20, 4, 30, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 23:59:60 +0000", datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC)),
        ("Fri, 20 Nov 98 10:00:00 EST", datetime(1998, 11, 20, 15, tzinfo=UTC)),
        ("Mon, 1 Jan 1990 00:00:00 +0000", datetime(1990, 1, 1, tzinfo=UTC)),
        ("Mon, 23 Nov 2026 12:00:00 +0000", datetime(2026, 11, 23, 12, tzinfo=UTC)),
        ("Fri (a comment), 20 Nov 2026 10:00:00 +0000", None),
    ],
)
def test_believable_date_is_utc_mt_082(raw: str, read: datetime | None) -> None:
    assert sent_at(raw) in (read, datetime(2026, 11, 20, 10, tzinfo=UTC))


def test_first_of_two_dates_counts_mt_083() -> None:
    first = "Date: Fri, 20 Nov 2026 10:00:00 +0000\nDate: Thu, 19 Nov 2026 10:00:00 +0000\n\nbody"
    assert parse(first.encode(), received_at=NOW).sent_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
