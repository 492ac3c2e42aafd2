"""From a listing to bytes in storage: what goes wrong with one mail, and what stops the whole mailbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from mailboxes import storage
from mailboxes.inbound.ingest import EMPTY_TRIES
from mailboxes.models import InboundMessage, Mailbox
from tests.journeys.customer import Customer, verify
from tickets.models import Entry

pytestmark = [pytest.mark.journey, pytest.mark.django_db]

Connected = Callable[..., Customer]
VALUE = r"\$value"
State = InboundMessage.State


def raw_files(customer: Customer) -> set[Path]:
    return set(storage.stored_files("raw", customer.mailbox.tenant_id))


def let_retries_come(customer: Customer) -> None:
    InboundMessage.objects.filter(mailbox=customer.mailbox).update(retry_at=None)


def of_mail(mail: dict[str, Any]) -> str:
    """The path of one mail's bytes, as a pattern; ids are encoded on the way."""
    return "".join("." if not letter.isalnum() else letter for letter in mail["id"]) + r"[^/]*/\$value"


def three_mails(customer: Customer) -> dict[str, Any]:
    """Let three mails arrive and give the one in the middle."""
    customer.arrive("first")
    middle = customer.arrive("middle")
    customer.arrive("last")
    return middle


def test_bytes_are_stored_as_they_were_sent(customer: Customer) -> None:
    raw = b"From: ada@fabrikam.example\r\nSubject: caf\xe9 \x00\r\nMessage-ID: <odd@x>\r\n\r\n\xff\xfe body"
    customer.arrive_raw(raw)
    customer.sync()
    row = InboundMessage.objects.get()
    assert storage.full_path(row.raw_path).read_bytes() == raw
    assert (row.raw_bytes, row.state) == (len(raw), State.FILED)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("truncate", {"at_bytes": 120}),
        ("html", {}),
        ("empty", {}),
        ("status", {"status": 500, "code": "ErrorInternalServerError"}),
        ("redirect", {"location": "https://elsewhere.example/"}),
    ],
)
def test_bad_mail_in_the_middle_does_not_stop_its_neighbours(
    customer: Customer, kind: str, options: dict[str, Any]
) -> None:
    """F-34, F-35, F-49: it waits with a cause, no partial body is kept, and it comes with a later try."""
    middle = three_mails(customer)
    customer.control.fault(kind, options=options, path=of_mail(middle))
    customer.sync()
    assert customer.entries() == ["<first@fabrikam.example>", "<last@fabrikam.example>"]
    assert InboundMessage.objects.get(message_id="<middle@fabrikam.example>").error["cause"]
    assert len(raw_files(customer)) == 2
    let_retries_come(customer)
    customer.sync()
    assert customer.entries()[-1] == "<middle@fabrikam.example>"
    verify(customer)


def test_reset_before_the_first_byte_stops_the_run_and_not_the_next(customer: Customer) -> None:
    """F-34: it may be the network, so the mailbox says so; it may be that mail, so the next run goes past it."""
    middle = three_mails(customer)
    customer.control.fault("reset_before", count=None, path=of_mail(middle))
    report = customer.sync()
    assert report.error is not None
    assert report.error.code == "network_reset"
    assert customer.sync().error is None
    assert customer.entries() == ["<first@fabrikam.example>", "<last@fabrikam.example>"]


def test_mail_that_never_comes_is_quarantined_with_its_cause(customer: Customer, settings: Settings) -> None:
    settings.FETCH_TRIES = 2
    customer.control.fault("reset_before", count=None, path=of_mail(three_mails(customer)))
    for _ in range(4):
        customer.sync()
        let_retries_come(customer)
    row = InboundMessage.objects.get(message_id="<middle@fabrikam.example>")
    assert (row.state, bool(row.reason)) == (State.QUARANTINED, True)
    assert row.error["code"] == "network_reset"
    assert customer.folders()["inbox"] == ["<middle@fabrikam.example>"]


def test_mail_without_a_byte_is_a_ticket_once_the_wire_is_no_longer_doubted(customer: Customer) -> None:
    """MT-001"""
    customer.arrive_raw(b"")
    for _ in range(EMPTY_TRIES):
        customer.sync()
        assert customer.states() == {State.RECEIVED: 1}
        let_retries_come(customer)
    customer.sync()
    assert customer.states() == {State.FILED: 1}
    assert (InboundMessage.objects.get().raw_bytes, Entry.objects.count()) == (0, 1)
    assert "inbox" not in customer.folders()


def test_one_empty_answer_after_other_failures_makes_no_empty_mail(customer: Customer) -> None:
    customer.arrive_raw(b"")
    customer.sync()
    error = {"code": "network_reset", "cause": "The connection broke.", "who": "operator", "fix": "Wait."}
    InboundMessage.objects.update(retry_at=None, tries=EMPTY_TRIES, error=error)
    customer.sync()
    assert customer.states() == {State.RECEIVED: 1}
    let_retries_come(customer)
    customer.sync()
    assert customer.states() == {State.FILED: 1}


def test_empty_answers_do_not_make_an_empty_mail_of_one_with_headers(
    customer: Customer, settings: Settings
) -> None:
    settings.FETCH_TRIES = EMPTY_TRIES + 2
    customer.control.fault("empty", count=None, path=of_mail(three_mails(customer)))
    for _ in range(settings.FETCH_TRIES + 1):
        customer.sync()
        let_retries_come(customer)
    assert customer.states() == {State.FILED: 2, State.QUARANTINED: 1}


def test_tries_of_downloading_do_not_count_against_filing(customer: Customer, settings: Settings) -> None:
    settings.FILING_TRIES = 1
    middle = three_mails(customer)
    customer.control.fault("truncate", count=3, options={"at_bytes": 50}, path=of_mail(middle))
    for _ in range(4):
        customer.sync()
        let_retries_come(customer)
    assert customer.states() == {State.FILED: 3}


def test_throttling_in_the_middle_of_a_page_keeps_what_came(customer: Customer) -> None:
    """F-31: the rest of the page is not asked for in vain, and comes with the next run."""
    middle = three_mails(customer)
    options = {"status": 429, "code": "ApplicationThrottled", "headers": {"Retry-After": "1"}}
    customer.control.fault("status", options=options, path=of_mail(middle))
    report = customer.sync()
    assert report.error is not None
    assert report.error.retry_after == timedelta(seconds=1)
    customer.change(retry_after_until=None)
    assert customer.sync().error is None
    assert sorted(customer.entries()) == [
        f"<{name}@fabrikam.example>" for name in ("first", "last", "middle")
    ]
    verify(customer)


def test_mail_that_a_person_moves_away_in_time_is_gone(customer: Customer) -> None:
    """F-25, F-26: recorded, and not asked for again."""
    middle = three_mails(customer)
    options = {"status": 404, "code": "ErrorItemNotFound"}
    customer.control.fault("status", options=options, path=of_mail(middle), count=None)
    assert customer.sync().error is None
    assert customer.states() == {State.FILED: 2, State.GONE: 1}
    assert customer.row().is_settled


def test_mail_over_the_limit_becomes_a_ticket_that_says_so(customer: Customer, settings: Settings) -> None:
    """MT: the bound is held while streaming; the headers and the beginning of the text are kept."""
    settings.MAX_RAW_BYTES = 3000
    customer.arrive("huge", text="x" * 50_000)
    customer.sync()
    row = InboundMessage.objects.get()
    assert (row.state, row.is_truncated, row.raw_bytes) == (State.FILED, True, 3000)
    assert "mail_cut" in {problem["code"] for problem in row.entry.problems}


def test_mail_at_the_limit_is_kept_whole(customer: Customer, settings: Settings) -> None:
    raw = b"From: ada@fabrikam.example\r\nMessage-ID: <edge@x>\r\n\r\n"
    settings.MAX_RAW_BYTES = 2000
    customer.arrive_raw(raw + b"x" * (2000 - len(raw)))
    customer.sync()
    assert not InboundMessage.objects.get().is_truncated


def test_disk_that_refuses_the_folder_is_named_as_the_trouble(customer: Customer) -> None:
    """F-50"""
    storage.full_path("").mkdir(parents=True)
    storage.full_path("raw").write_bytes(b"in the way")
    customer.arrive("printer")
    report = customer.sync()
    assert report.error is not None
    assert (report.error.code, customer.row().paused) == ("storage_failed", Mailbox.Pause.NONE)
    storage.full_path("raw").unlink()
    assert customer.sync().error is None
    verify(customer)


def test_long_page_is_kept_bit_by_bit_when_time_is_up(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that takes longer than a run makes progress all the same."""
    monkeypatch.setattr("mailboxes.inbound.ingest.FLUSH_EVERY_S", 0.0)
    customer = connected(mail=[{"mix": {"count": 40}}])
    customer.control.fault("delay", options={"ms": 20}, path=VALUE, count=None)
    assert customer.sync(budget_s=0).has_more
    assert 0 < InboundMessage.objects.count() < 40
    while InboundMessage.objects.count() < 40:
        customer.sync(budget_s=0)
    customer.sync()
    assert len(customer.entries()) == 40
    verify(customer)


def test_what_is_under_way_when_time_is_up_is_waited_for(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thrown away it would be asked for twice, and would overlap with the moves that follow."""
    monkeypatch.setattr("mailboxes.inbound.ingest.FLUSH_EVERY_S", 0.0)
    customer = connected(mail=[{"mix": {"count": 40}}])
    customer.control.fault("delay", options={"ms": 20}, path=VALUE, count=None)
    customer.sync(budget_s=0)
    asked = [one for one in customer.control.targets() if one.endswith("$value")]
    assert len(asked) == InboundMessage.objects.count() == len(raw_files(customer))
    assert customer.control.counters()["most_at_once"][customer.mailbox.address] <= 4


def test_no_download_is_tried_before_its_time(customer: Customer) -> None:
    middle = three_mails(customer)
    customer.control.fault("truncate", options={"at_bytes": 50}, path=of_mail(middle))
    customer.sync()
    assert InboundMessage.objects.get(state=State.RECEIVED).retry_at > timezone.now() + timedelta(seconds=20)
    customer.control("counters/reset")
    customer.sync()
    assert not [one for one in customer.control.targets() if one.endswith("$value")]
