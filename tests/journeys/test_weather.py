"""Whole syncs through every kind of bad weather: in the end each mail is there once, whole, and moved after filing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from mailboxes.inbound.acknowledge import mailboxes_with_leftovers
from mailboxes.inbound.sync import Report
from mailboxes.models import InboundMessage, Mailbox
from tests.journeys.customer import Customer
from tests.journeys.verdict import judge, moved_too_early
from tickets import filing

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

Connected = Callable[..., Customer]
SEED = 11
MAILS = 300
VALUE, LIST, BATCH, TOKEN = r"\$value", "messages/delta", r"/\$batch", "/token"
THROTTLED = {"status": 429, "code": "ApplicationThrottled"}
#: What may happen to a request: fault, path, probability, options.
WEATHER: list[tuple[str, str, float, dict[str, Any]]] = [
    ("status", VALUE, 0.01, {**THROTTLED, "headers": {"Retry-After": "3"}}),
    ("status", VALUE, 0.01, {**THROTTLED, "retry_after_date_s": 5}),
    ("status", VALUE, 0.01, {**THROTTLED, "headers": {"Retry-After": "banana"}}),
    ("status", VALUE, 0.01, {"status": 500, "code": "ErrorInternalServerError"}),
    ("reset_before", VALUE, 0.01, {}),
    ("reset_after", VALUE, 0.01, {}),
    ("truncate", VALUE, 0.02, {"at_bytes": 200}),
    ("wrong_length", VALUE, 0.02, {}),
    ("html", VALUE, 0.02, {}),
    ("empty", VALUE, 0.01, {}),
    ("drip", VALUE, 0.01, {"bytes_per_s": 60_000}),
    ("html", LIST, 0.1, {}),
    ("truncate", LIST, 0.1, {"at_bytes": 500}),
    ("status", LIST, 0.1, {"status": 410, "code": "SyncStateNotFound"}),
    ("empty_page", LIST, 0.1, {}),
    ("reset_before", BATCH, 0.1, {}),
    ("reset_after", BATCH, 0.1, {}),
    ("status", BATCH, 0.1, {**THROTTLED, "headers": {"Retry-After": "2"}}),
    ("html", BATCH, 0.05, {}),
    ("status", TOKEN, 0.3, {"status": 503, "payload": {"error": "temporarily_unavailable"}}),
]


def storm(customer: Customer, weather: list[tuple[str, str, float, dict[str, Any]]]) -> None:
    for place, (kind, path, probability, options) in enumerate(weather):
        customer.control.fault(
            kind, count=None, path=path, probability=probability, seed=place, options=options
        )


def let_time_pass(customer: Customer) -> None:
    """All that waits for a moment has come to it; leftovers are looked for, as the schedule does."""
    customer.change(retry_after_until=None)
    rows = InboundMessage.objects.filter(mailbox=customer.mailbox)
    rows.filter(state="received").update(retry_at=None)
    rows.update(acknowledge_at=None)
    mailboxes_with_leftovers(timezone.now())
    for tenant_id in filing.tenants_due():
        filing.Filer(tenant_id).file_due()


def is_at_rest(customer: Customer) -> bool:
    waiting = InboundMessage.objects.filter(mailbox=customer.mailbox, acknowledged_at=None)
    return customer.row().is_settled and not waiting.exists()


def weather_out(customer: Customer, *, rounds: int = 150) -> list[Report]:
    """Run after run until nothing is left; the sky clears for the last third of the rounds."""
    reports = []
    for number in range(rounds):
        if number == rounds * 2 // 3:
            customer.control("faults", method="DELETE")
        reports.append(customer.sync())
        assert moved_too_early(customer) == 0
        assert (customer.row().trouble is not None) == (reports[-1].error is not None)
        if reports[-1].error is None and is_at_rest(customer):
            break
        let_time_pass(customer)
    return reports


@pytest.fixture
def customer(connected: Connected, transactional_db: None, settings: Settings) -> Customer:
    settings.FETCH_TRIES = 100
    settings.DELTA_PAGE_SIZE = 50
    return connected(mail=[{"mix": {"seed": SEED, "count": MAILS}}])


def test_every_mail_is_there_once_after_a_storm(customer: Customer) -> None:
    """O1 to O6; F-22, F-23, F-31, F-34, F-35, F-49, F-82."""
    storm(customer, WEATHER)
    reports = weather_out(customer)
    assert any(report.error for report in reports)
    verdict = judge(customer, seed=SEED, mails=MAILS)
    assert verdict["wrong"] == []
    assert (verdict["entries"], verdict["tickets"]) == (MAILS, verdict["conversations_sent"])


@pytest.mark.parametrize(
    "fault", WEATHER, ids=lambda fault: f"{fault[0]}-{fault[1].strip('/').lstrip(chr(92))}"
)
def test_no_single_fault_loses_or_doubles_a_mail(connected: Connected, fault: Any) -> None:
    """Each kind of fault alone, on every third request it can hit."""
    customer = connected(mail=[{"mix": {"seed": SEED, "count": 12}}])
    kind, path, _probability, options = fault
    storm(customer, [(kind, path, 0.34, options)])
    weather_out(customer, rounds=30)
    assert judge(customer, seed=SEED, mails=12)["wrong"] == []


def test_answers_that_drip_are_bounded_in_time(customer: Customer, settings: Settings) -> None:
    """One mail at a snail's pace holds its run no longer than the deadline of a call; the others come."""
    customer.control.fault("drip", path=VALUE, options={"bytes_per_s": 2_000_000}, count=3)
    assert customer.sync().error is None
    assert judge(customer, seed=SEED, mails=MAILS)["wrong"] == []


def test_mail_that_arrives_during_a_storm_is_there_as_well(customer: Customer) -> None:
    storm(customer, WEATHER)
    customer.sync()
    customer.arrive("late")
    let_time_pass(customer)
    weather_out(customer)
    assert customer.entries().count("<late@fabrikam.example>") == 1
    assert len(customer.entries()) == MAILS + 1


def test_neighbour_of_a_throttled_mailbox_goes_on(customer: Customer, connected: Connected) -> None:
    """O7: what Microsoft asks of one mailbox is asked of it alone."""
    neighbour = connected()
    neighbour.arrive("printer")
    customer.change(retry_after_until=timezone.now() + timedelta(hours=1))
    assert customer.sync().waits_until
    assert neighbour.sync().error is None
    assert neighbour.row().paused == Mailbox.Pause.NONE
    assert neighbour.entries() == ["<printer@fabrikam.example>"]
