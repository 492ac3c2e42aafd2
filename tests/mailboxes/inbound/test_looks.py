"""One look at a mailbox: what is taken in, whose turn it is, and what the mailbox says when it goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from mailboxes.inbound import sync as flow
from mailboxes.inbound.sync import due_mailboxes
from mailboxes.models import InboundMessage, Mailbox
from tenants.errors import MailboxUnavailable
from tests import factories
from tests.journeys.customer import Customer, verify

pytestmark = [pytest.mark.journey, pytest.mark.django_db]

Connected = Callable[..., Customer]
TOKEN = "/oauth2/v2.0/token"


def test_since_all_takes_what_lay_there_and_calls_it_imported(customer: Customer) -> None:
    customer.arrive("old", received_at="2024-03-01T10:00:00Z")
    customer.arrive("new", received_at=f"{timezone.now() + timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}")
    customer.sync()
    imported = InboundMessage.objects.values_list("message_id", "is_imported")
    assert dict(imported) == {"<old@fabrikam.example>": True, "<new@fabrikam.example>": False}


def test_mail_that_lay_there_is_imported_where_our_clock_is_behind(customer: Customer) -> None:
    customer.control("clock", {"offset_s": 600})
    customer.arrive("old", received_at=f"{timezone.now() + timedelta(minutes=9):%Y-%m-%dT%H:%M:%SZ}")
    customer.sync()
    assert InboundMessage.objects.get(mailbox=customer.mailbox).is_imported


def test_run_notes_what_microsoft_was_asked_and_ends_an_unusual_silence(connected: Connected) -> None:
    customer = connected(quiet_since_at=timezone.now())
    customer.arrive("printer")
    report = customer.sync()
    assert customer.row().quiet_since_at is None
    assert customer.row().requests_used >= report.requests > 0


def test_since_now_leaves_what_lay_there(connected: Connected) -> None:
    customer = connected(since=Mailbox.Since.NOW)
    customer.arrive("old", received_at="2024-03-01T10:00:00Z")
    customer.arrive("new", received_at=f"{timezone.now() + timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}")
    customer.sync()
    assert customer.entries() == ["<new@fabrikam.example>"]
    assert customer.folders()["inbox"] == ["<old@fabrikam.example>"]


def test_since_now_takes_a_mail_of_the_same_second(connected: Connected) -> None:
    """Graph gives whole seconds, our clock has microseconds: a mail of the first second must not fall between."""
    customer = connected(since=Mailbox.Since.NOW)
    at = datetime(2026, 11, 2, 9, 30, 0, 700_000, tzinfo=UTC)
    Mailbox.objects.filter(pk=customer.mailbox.pk).update(since_at=at)
    customer.arrive("quick", received_at="2026-11-02T09:30:00Z")
    customer.sync()
    assert customer.entries() == ["<quick@fabrikam.example>"]


@pytest.mark.parametrize("ahead_s", [600, -600])
def test_since_now_is_now_by_microsofts_clock(connected: Connected, ahead_s: int) -> None:
    """Ours is ahead or behind; what arrives after the save is taken, what lay there before is not."""
    customer = connected(since=Mailbox.Since.NOW)
    customer.control("clock", {"offset_s": -ahead_s})
    saved_at = timezone.now() - timedelta(seconds=ahead_s)
    customer.arrive("before", received_at=f"{saved_at - timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}")
    customer.arrive("after", received_at=f"{saved_at + timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}")
    customer.sync()
    assert customer.entries() == ["<after@fabrikam.example>"]


def test_since_now_is_settled_once(connected: Connected) -> None:
    """A walk after the clock was set right keeps to the moment of the first one."""
    customer = connected(since=Mailbox.Since.NOW)
    customer.control("clock", {"offset_s": 600})
    customer.sync()
    settled = customer.row().since_at
    customer.control("clock", {"offset_s": 0})
    customer.mailbox.folders.update(cursor="", is_walking=True)
    customer.sync()
    assert customer.row().since_at == settled != customer.mailbox.since_at


def test_since_a_date_takes_what_came_on_or_after_it(connected: Connected) -> None:
    customer = connected(since=Mailbox.Since.DATE, since_at=datetime(2026, 1, 1, tzinfo=UTC))
    customer.arrive("before", received_at="2025-12-31T23:59:59Z")
    customer.arrive("after", received_at="2026-01-01T00:00:00Z")
    customer.sync()
    assert customer.entries() == ["<after@fabrikam.example>"]


def test_old_mail_that_a_person_moves_in_later_is_taken(connected: Connected) -> None:
    customer = connected(since=Mailbox.Since.NOW)
    customer.sync()
    customer.arrive("found", received_at="2024-03-01T10:00:00Z")
    customer.sync()
    assert customer.entries() == ["<found@fabrikam.example>"]


def test_idle_look_costs_one_request(customer: Customer) -> None:
    customer.arrive("printer")
    customer.sync()
    customer.sync()
    customer.control("counters/reset")
    assert customer.sync().requests == 1
    assert customer.control.counters()["http_requests"] == 1


def test_requests_of_a_run_never_exceed_four_at_once(connected: Connected) -> None:
    customer = connected(mail=[{"mix": {"count": 60}}])
    customer.sync()
    counters = customer.control.counters()
    assert counters["most_at_once"][customer.mailbox.address] <= 4
    assert counters["throttled"] == {}


def test_second_worker_finds_the_mailbox_busy(customer: Customer) -> None:
    """F-16: whoever has the lease is alone."""
    customer.change(claimed_until=timezone.now() + timedelta(seconds=30))
    customer.arrive("printer")
    assert customer.sync().is_busy
    assert customer.states() == {}


def test_lease_of_a_dead_worker_is_taken_over_when_it_ends(customer: Customer) -> None:
    """F-01: what was under way is found by the next run."""
    customer.change(claimed_until=timezone.now() - timedelta(seconds=1), claim_number=4)
    customer.arrive("printer")
    customer.sync()
    assert customer.entries() == ["<printer@fabrikam.example>"]
    assert customer.row().claim_number == 5


@pytest.mark.parametrize(
    ("options", "at_least_s"),
    [
        ({"headers": {"Retry-After": "700"}}, 690),
        ({"retry_after_date_s": 700}, 690),
        ({"headers": {"Retry-After": "banana"}}, 0),
        ({"headers": {"Retry-After": "-5"}}, 0),
        ({}, 0),
    ],
)
def test_throttled_mailbox_waits_as_long_as_it_is_told(
    customer: Customer, options: dict[str, object], at_least_s: int
) -> None:
    """F-31: both forms of Retry-After; where there is none that makes sense, a delay of our own."""
    customer.control.fault(
        "status", options={"status": 429, "code": "ApplicationThrottled", **options}, path="delta"
    )
    report, row = customer.sync(), customer.row()
    assert report.error is not None
    assert not report.error.permanent
    assert row.trouble is not None
    assert row.paused == Mailbox.Pause.NONE
    assert row.next_sync_at - timezone.now() > timedelta(seconds=at_least_s)
    assert (row.retry_after_until is not None) == bool(at_least_s)


def test_no_worker_asks_before_the_time_microsoft_named(customer: Customer) -> None:
    """F-32: Retry-After is a column, so every worker knows of it."""
    until = timezone.now() + timedelta(minutes=5)
    customer.change(retry_after_until=until)
    report = customer.sync()
    assert report.waits_until == until
    assert customer.control.counters()["http_requests"] == 0


def test_run_does_not_begin_on_what_it_read_before_another_ended(customer: Customer) -> None:
    """F-32: the other was told to wait, and what we read does not know of it."""
    customer.change(claimed_until=timezone.now() - timedelta(seconds=1))
    read_before = flow._inbox_of(customer.mailbox.pk)
    customer.change(claimed_until=None, retry_after_until=timezone.now() + timedelta(minutes=5))
    assert flow._claim(read_before, deadline=0) is None


def test_run_after_the_wait_clears_the_trouble(customer: Customer) -> None:
    """O6: green only after a success newer than the fault."""
    customer.control.fault("status", options={"status": 503, "code": "ServiceUnavailable"}, path="delta")
    customer.sync()
    assert customer.row().trouble["who"]
    customer.sync()
    row = customer.row()
    assert (row.trouble, row.trouble_since_at, row.failures, row.retry_after_until) == (None, None, 0, None)


def test_outage_is_probed_every_minute_however_long_it_lasts(customer: Customer) -> None:
    """F-37: back within 60 seconds of the end of an outage."""
    customer.change(failures=500)
    customer.control.fault("reset_before", path="delta")
    customer.sync()
    assert customer.row().next_sync_at - timezone.now() < timedelta(seconds=70)


def test_permanent_error_pauses_the_mailbox_until_a_probe_an_hour_later(customer: Customer) -> None:
    """F-86: a mailbox without licence says so, and is looked at now and then."""
    customer.control(f"{customer.path}/kind", {"kind": "unlicensed"})
    report, row = customer.sync(), customer.row()
    assert report.error is not None
    assert report.error.permanent
    assert row.paused == Mailbox.Pause.ERROR
    assert timedelta(minutes=59) < row.next_sync_at - timezone.now() <= timedelta(hours=1)


def test_probe_of_a_repaired_mailbox_ends_the_pause(customer: Customer) -> None:
    customer.control(f"{customer.path}/kind", {"kind": "unlicensed"})
    customer.sync()
    customer.control(f"{customer.path}/kind", {"kind": "user"})
    assert customer.mailbox.pk in due_mailboxes(timezone.now() + timedelta(hours=1, seconds=1))
    customer.sync()
    assert (customer.row().paused, customer.row().trouble) == ("", None)


def test_error_that_passes_ends_the_pause_of_one_that_does_not(customer: Customer) -> None:
    customer.control(f"{customer.path}/kind", {"kind": "unlicensed"})
    customer.sync()
    customer.control.fault("reset_before", path="mailFolders", count=5)
    customer.sync()
    row = customer.row()
    assert (row.trouble["code"], row.paused) == ("network_reset", Mailbox.Pause.NONE)
    assert row.next_sync_at - timezone.now() < timedelta(seconds=70)


def test_new_credential_is_tried_at_once(customer: Customer) -> None:
    """F-79: an expired secret pauses; the first look after saving another does not wait for the hourly probe."""
    customer.control(f"apps/{customer.client_id}/secrets/expire")
    customer.sync()
    assert customer.row().trouble["code"] == "AADSTS7000222"
    assert customer.mailbox.pk not in due_mailboxes(timezone.now())
    customer.control(f"apps/{customer.client_id}/secrets", {"value": "fresh~secret.Value-2"})
    factories.CredentialFactory(registration=customer.mailbox.registration, value="fresh~secret.Value-2")
    assert customer.mailbox.pk in due_mailboxes(timezone.now())
    customer.arrive("printer")
    assert customer.sync().error is None


def test_pause_by_staff_outlives_a_failure(customer: Customer) -> None:
    """Staff may pause while a run is under way; what the run read before must not undo it."""
    customer.control(f"{customer.path}/kind", {"kind": "unlicensed"})
    stale = customer.row()
    assert stale.paused == Mailbox.Pause.NONE
    run = flow._claim(flow._inbox_of(stale.pk), deadline=0)
    assert run is not None
    customer.change(paused=Mailbox.Pause.STAFF)
    flow._failed(run, MailboxUnavailable.own("mailbox_missing"))
    assert customer.row().paused == Mailbox.Pause.STAFF


def test_nudge_during_a_run_makes_the_next_one_start_at_once(customer: Customer) -> None:
    """F-41: a hundred notifications are one more look."""
    customer.change(nudged_at=timezone.now() + timedelta(seconds=30))
    customer.sync()
    assert customer.row().next_sync_at <= timezone.now()


@pytest.mark.django_db(transaction=True)
def test_expired_token_is_refreshed_and_the_page_read_on(customer: Customer) -> None:
    """F-77: a 401 in the middle costs one refresh."""
    customer.arrive("printer")
    customer.sync()
    customer.arrive("invoice")
    customer.control.fault(
        "status", options={"status": 401, "code": "InvalidAuthenticationToken"}, path=r"\$value"
    )
    assert customer.sync().error is None
    assert customer.entries() == ["<printer@fabrikam.example>", "<invoice@fabrikam.example>"]
    verify(customer)


def test_failing_tenant_leaves_the_others_alone(connected: Connected) -> None:
    broken, healthy = connected(), connected()
    broken.control(f"apps/{broken.client_id}", {"disabled": True}, method="PATCH")
    healthy.arrive("printer")
    assert broken.sync().error is not None
    assert healthy.sync().error is None
    assert healthy.entries() == ["<printer@fabrikam.example>"]


def test_cloud_whose_addresses_are_not_set_is_trouble_of_the_mailbox(
    customer: Customer, settings: Settings
) -> None:
    settings.M365_LOGIN_URL = ""
    customer.sync()
    mailbox = Mailbox.objects.get(pk=customer.mailbox.pk)
    assert mailbox.trouble_as_error()["code"] == "cloud_not_configured"
    assert mailbox.claimed_until is None
