"""Windows names of time zones beside IANA's."""

from datetime import UTC, datetime

import pytest

from mailboxes.time_zones import _IANA, agrees

WINTER, SUMMER = datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC)


@pytest.mark.parametrize("name", _IANA)
def test_every_name_leads_to_a_zone(name: str) -> None:
    assert agrees(name, "UTC", at=WINTER) is not None


def test_zones_are_compared_by_the_time_they_show() -> None:
    """S1-14."""
    assert agrees("W. Europe Standard Time", "Europe/Vienna", at=SUMMER) is True
    assert agrees("GMT Standard Time", "UTC", at=WINTER) is True
    assert agrees("GMT Standard Time", "UTC", at=SUMMER) is False


@pytest.mark.parametrize("name", ["Customized Time Zone", "", "../etc/passwd"])
def test_unknown_name_is_no_verdict(name: str) -> None:
    assert agrees(name, "UTC", at=WINTER) is None
