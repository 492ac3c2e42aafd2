"""sync: mailboxes are read now, to the end, for somebody who waits; against a Microsoft 365 over real HTTPS."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from mailboxes.models import InboundMessage, Mailbox
from tenants.console import Failed
from tenants.models import Tenant
from tests.factories import InboundMessageFactory, MailboxFactory, mail
from tests.journeys.customer import SECRET, Customer, verify
from tickets import foreground
from tickets.filing import file_for
from tickets.foreground import MailboxReport, Patience, file_all, sync_now
from tickets.models import Entry, Ticket

pytestmark = [pytest.mark.journey, pytest.mark.django_db]

Answer = Callable[..., dict[str, Any]]


class Clock:
    """Waits by moving the clock on; nobody sleeps."""

    def __init__(
        self, traveller: time_machine.Traveller, *, then: Callable[[], object] = lambda: None
    ) -> None:
        self.traveller = traveller
        self.then = then
        self.waited_s = 0.0

    def sleep(self, seconds: float) -> None:
        self.waited_s += seconds
        self.traveller.shift(seconds)
        self.then()


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(timezone.now()) as traveller:
        yield Clock(traveller)


def look(customer: Customer, clock: Clock, *, retry_patience_s: float = 60.0) -> MailboxReport:
    patience = Patience(retry_patience_s, clock.sleep)
    return sync_now(customer.row(), for_microsoft=patience, advance=lambda count: None, sleep=clock.sleep)


def test_report_has_exactly_the_promised_names(answer: Answer, customer: Customer) -> None:
    customer.arrive("printer")
    [report] = answer("sync", customer.mailbox.address)["mailboxes"]
    seconds, requests = report.pop("seconds"), report.pop("requests")
    assert report == {
        "address": customer.mailbox.address,
        "fetched": 1,
        "filed": 1,
        "skipped": 0,
        "suspended": 0,
        "quarantined": 0,
        "waiting": 0,
        "error": None,
    }
    assert seconds >= 0
    assert requests > 0
    verify(customer)


def test_mail_that_another_installation_tidies_up_is_looked_at_once(
    customer: Customer, clock: Clock, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S0-27: it stays where it is; asking again and again until it is gone would never end."""
    monkeypatch.setattr(foreground, "MOST_ROUNDS", 20)
    customer.sync()
    customer.arrive("one")
    customer.sync()
    settings.INSTALLATION = "c" * 24
    customer.arrive("two")
    report = look(customer, clock)
    assert (report.filed, report.error) == (1, None)
    customer.control("counters/reset")
    look(customer, clock)
    assert len(customer.control.targets()) == 1


def test_every_mailbox_that_is_on_is_read_when_none_is_named(
    answer: Answer, connected: Callable[..., Customer]
) -> None:
    on = sorted(connected().mailbox.address for _time in range(2))
    connected(is_active=False)
    connected(inbound_transport="none")
    Tenant.objects.filter(pk=connected().mailbox.tenant_id).update(is_active=False)
    assert [report["address"] for report in answer("sync")["mailboxes"]] == on


def test_pause_and_schedule_are_ignored(answer: Answer, customer: Customer) -> None:
    customer.arrive("printer")
    customer.change(paused=Mailbox.Pause.STAFF, next_sync_at=timezone.now() + timedelta(days=1))
    assert answer("sync")["mailboxes"][0]["filed"] == 1
    assert customer.row().paused == Mailbox.Pause.STAFF


def test_unknown_address_is_an_error_and_the_others_are_read(answer: Answer, customer: Customer) -> None:
    told = answer("sync", "nobody@contoso.example", customer.mailbox.address.upper())
    errors = [report["error"] and report["error"]["code"] for report in told["mailboxes"]]
    assert (told["exit"], errors) == (1, ["mailbox_missing", None])
    assert {*told["mailboxes"][0]["error"]} == {"code", "cause", "who", "fix"}


def test_mailbox_that_is_off_is_said_to_be_off(answer: Answer, connected: Callable[..., Customer]) -> None:
    customer = connected(is_active=False)
    customer.arrive("printer")
    [report] = answer("sync", customer.mailbox.address)["mailboxes"]
    assert (report["error"]["code"], report["requests"]) == ("mailbox_off", 0)


def test_wrong_secret_is_told_with_its_code_and_never_shown(
    customer: Customer, capsys: pytest.CaptureFixture[str]
) -> None:
    """S-17, S-22, S-23."""
    customer.control(f"apps/{customer.client_id}/secrets/revoke")
    with pytest.raises(Failed) as failed:
        call_command("sync", "--json", "--verbosity", "3")
    out, err = capsys.readouterr()
    assert json.loads(out)["mailboxes"][0]["error"]["code"].startswith("AADSTS70002")
    assert SECRET not in out + err + repr(failed.value)


def test_quarantined_mail_alone_is_no_failure(answer: Answer, customer: Customer) -> None:
    customer.arrive_raw(b"\x00\x01\x02 no header at all")
    told = answer("sync")
    report = told["mailboxes"][0]
    assert (told["exit"], report["quarantined"], report["waiting"]) == (0, 1, 0)


def test_retries_are_made_due(answer: Answer, customer: Customer) -> None:
    later = timezone.now() + timedelta(hours=4)
    InboundMessageFactory(mailbox=customer.mailbox, raw=mail(), tries=2, retry_at=later)
    report = answer("sync")["mailboxes"][0]
    assert (report["filed"], report["waiting"]) == (1, 0)


def test_mail_that_waits_to_be_tidied_up_is_moved_now(answer: Answer, customer: Customer) -> None:
    customer.arrive("printer")
    answer("sync")
    listed = customer.folders()["Processed"]
    later = timezone.now() + timedelta(hours=4)
    InboundMessage.objects.update(acknowledged_at=None, acknowledge_at=later, acknowledge_tries=3)
    answer("sync")
    assert InboundMessage.objects.get().acknowledged_at is not None
    assert customer.folders()["Processed"] == listed


def test_short_retry_after_is_waited_out(customer: Customer, clock: Clock) -> None:
    customer.arrive("printer")
    throttled = {"status": 429, "code": "ApplicationThrottled", "headers": {"Retry-After": "17"}}
    customer.control.fault("status", path="/messages/delta", options=throttled)
    report = look(customer, clock)
    assert (report.error, report.filed) == (None, 1)
    assert clock.waited_s == pytest.approx(17, abs=2)


def test_what_was_put_off_before_a_wait_is_done_after_it(customer: Customer, clock: Clock) -> None:
    customer.arrive("printer")
    throttled = {"status": 429, "code": "ApplicationThrottled", "headers": {"Retry-After": "5"}}
    customer.control.fault("status", method="POST", path="/move", options=throttled)
    assert look(customer, clock).error is None
    assert InboundMessage.objects.get().acknowledged_at is not None
    assert "Processed" in customer.folders()


def test_retry_after_beyond_patience_is_an_error_at_once(customer: Customer, clock: Clock) -> None:
    throttled = {"status": 429, "code": "ApplicationThrottled", "headers": {"Retry-After": "61"}}
    customer.control.fault("status", path="/messages/delta", options=throttled)
    report = look(customer, clock)
    assert report.error is not None
    assert (report.error["code"], clock.waited_s) == ("ApplicationThrottled", 0.0)


def test_wait_that_an_earlier_run_was_told_is_kept(customer: Customer, clock: Clock) -> None:
    customer.arrive("printer")
    customer.change(retry_after_until=timezone.now() + timedelta(seconds=30))
    assert look(customer, clock).filed == 1
    assert clock.waited_s == pytest.approx(30, abs=2)


def test_lease_of_a_dead_worker_is_waited_for(customer: Customer, clock: Clock) -> None:
    customer.arrive("printer")
    customer.change(claimed_until=timezone.now() + timedelta(seconds=60))
    assert look(customer, clock).filed == 1
    assert clock.waited_s == pytest.approx(60, abs=2)


def test_lease_that_is_renewed_for_longer_than_patience_is_an_error(customer: Customer, clock: Clock) -> None:
    clock.then = lambda: customer.change(claimed_until=timezone.now() + timedelta(seconds=60))
    clock.then()
    report = look(customer, clock)
    assert report.error is not None
    assert (report.error["code"], report.requests) == ("mailbox_busy", 0)
    assert clock.waited_s == pytest.approx(90, abs=2)


def test_mails_of_a_dead_filer_are_filed_when_its_claim_has_run_out(customer: Customer, clock: Clock) -> None:
    customer.arrive("printer")
    look(customer, clock)
    Ticket.objects.all().delete()
    until = timezone.now() + timedelta(seconds=60)
    dead = {
        "state": "received",
        "tries": 1,
        "claimed_until": until,
        "retry_at": until,
        "acknowledged_at": None,
    }
    InboundMessage.objects.update(**dead)
    report = look(customer, clock)
    assert (report.error, report.filed) == (None, 1)
    assert InboundMessage.objects.get().acknowledged_at is not None


def test_mail_another_filer_takes_meanwhile_is_waited_for(customer: Customer, clock: Clock) -> None:
    until = timezone.now() + timedelta(seconds=20)
    claim = {"tries": 1, "claimed_until": until, "retry_at": until}
    row = InboundMessageFactory(mailbox=customer.mailbox, raw=mail(), **claim)
    mine = InboundMessage.objects.filter(pk=row.pk)
    assert file_all(mine, file=lambda: file_for(customer.mailbox), patience=Patience(90, clock.sleep))
    assert mine.get().state == "filed"


def test_stored_mail_is_filed_even_when_microsoft_cannot_be_reached(
    answer: Answer, customer: Customer
) -> None:
    InboundMessageFactory(mailbox=customer.mailbox, raw=mail())
    customer.control.fault("reset_before", count=50)
    told = answer("sync")
    report = told["mailboxes"][0]
    assert (told["exit"], report["filed"], report["error"]["code"]) == (1, 1, "network_reset")


def test_two_mailboxes_of_a_tenant_are_each_told_their_own_mails(answer: Answer, customer: Customer) -> None:
    other = MailboxFactory(
        tenant=customer.mailbox.tenant, address=f"z-{customer.mailbox.address}", is_active=False
    )
    InboundMessageFactory(mailbox=other, raw=mail(message_id="<other@fabrikam.example>"))
    customer.arrive("printer")
    assert answer("sync")["mailboxes"][0]["filed"] == 1
    assert Entry.objects.count() == 2


def test_patience_is_spent_bit_by_bit_and_never_overdrawn() -> None:
    waits: list[float] = []
    patience = Patience(10.0, waits.append)
    assert [patience.wait(seconds) for seconds in (6.0, 5.0, 4.0, 0.1)] == [True, False, True, False]
    assert waits == [6.0, 4.0]


def test_sentences_say_what_to_do(answer: Answer, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Failed, match="1 of 1 mailboxes could not be read"):
        call_command("sync", "nobody@contoso.example")
    assert "There is no such mailbox in this program. [mailbox_missing] Check" in capsys.readouterr().out
