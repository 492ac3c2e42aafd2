"""Both forms of Retry-After and everything that is neither. Covers F-31."""

from datetime import UTC, datetime, timedelta

import pytest
import responses

from tenants.errors import Throttled
from tenants.microsoft.answers import retry_after
from tenants.microsoft.graph import GraphClient

from .answers import GRAPH, graph_error

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10", 10),
        (" 10 ", 10),
        ("1.2", 2),
        ("86400", 86_400),
        ("86401", 86_400),
        ("999999999", 86_400),
        ("Sat, 21 Nov 2026 10:02:00 GMT", 120),
        ("Saturday, 21-Nov-26 10:02:00 GMT", 120),
        ("Mon, 21 Dec 2026 10:00:00 GMT", 86_400),
    ],
)
def test_time_to_come_back_is_read(text: str, seconds: int) -> None:
    assert retry_after({"Retry-After": text}, now=NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    ["", "0", "-5", "banana", "1e3", "9" * 5000, "Sat, 21 Nov 2026 09:00:00 GMT", "Fri, 99 Foo 2026", "١٠"],
)
def test_nonsense_and_the_past_leave_the_waiting_to_the_caller(text: str) -> None:
    assert retry_after({"Retry-After": text}, now=NOW) is None


def test_missing_header_leaves_the_waiting_to_the_caller() -> None:
    assert retry_after({}) is None


def test_date_is_measured_by_the_servers_clock() -> None:
    headers = {"Retry-After": "Sat, 21 Nov 2026 10:02:00 GMT", "Date": "Sat, 21 Nov 2026 10:01:00 GMT"}
    assert retry_after(headers, now=NOW + timedelta(days=400)) == timedelta(minutes=1)


def test_letter_case_of_the_header_does_not_matter() -> None:
    assert retry_after({"retry-after": "7"}) == timedelta(seconds=7)


@pytest.mark.parametrize("status", [429, 503, 504, 509])
def test_error_says_when_to_come_back(wire: responses.RequestsMock, client: GraphClient, status: int) -> None:
    body = graph_error("ApplicationThrottled", "Application is over its MailboxConcurrency limit.")
    wire.get(GRAPH + "/a", status=status, json=body, headers={"Retry-After": "10"})
    with pytest.raises(Throttled) as caught:
        client.get("/a")
    assert caught.value.retry_after == timedelta(seconds=10)
    assert client.requests == 1
