"""Before the first sync: what lies in the folder, what would become of it, and the start with its bound."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from mailboxes.checkups import switch_on_untested
from mailboxes.models import InboundMessage, Mailbox
from tests.factories import MembershipFactory, OperatorFactory, RuleFactory
from tests.journeys.customer import Customer
from tests.tenants.admin.conftest import signed_in
from tickets.models import Ticket
from tickets.preview import look_ahead, start
from tickets.tasks import sync_mailbox

pytestmark = [pytest.mark.journey, pytest.mark.django_db]


@pytest.fixture
def waiting(customer: Customer) -> Customer:
    """A mailbox that was added and not started, with mail of three days in its inbox."""
    customer.change(paused=Mailbox.Pause.STAFF)
    for number in (3, 4, 5):
        customer.arrive(f"mail-{number}", received_at=f"2026-01-0{number}T08:00:00Z")
    return customer


@pytest.fixture
def desk() -> Client:
    return signed_in(OperatorFactory())


def ask(desk: Client, customer: Customer, name: str, **posted: str) -> str:
    url = reverse(f"admin:mailboxes_inboundmessage_{name}", args=[customer.mailbox.pk])
    return desk.post(url, posted, follow=True).content.decode()


def test_preview_counts_and_asks_the_rules_and_keeps_nothing(waiting: Customer) -> None:
    """S0-28"""
    RuleFactory(tenant=waiting.mailbox.tenant, name="Fives", subject="*mail-5", priority=4)
    preview = look_ahead(waiting.row())
    seen = preview.survey
    assert (seen.total, seen.listed, seen.missing, seen.is_whole) == (3, 3, 3, True)
    assert seen.oldest_at
    assert seen.newest_at
    assert (seen.oldest_at.day, seen.newest_at.day) == (3, 5)
    assert [one.steps[0].has_acted for one in preview.samples] == [True, False, False]
    assert not InboundMessage.objects.exists()
    assert sorted(waiting.folders()) == ["inbox"]


def test_no_nudge_reads_a_mailbox_that_waits_to_be_looked_ahead_at(waiting: Customer, desk: Client) -> None:
    """S0-28: to switch it on, to sign in, or a notification of Microsoft's asks the worker for a look."""
    waiting.change(is_active=False)
    switch_on_untested(waiting.row(), by=None)
    sync_mailbox(waiting.mailbox.pk)
    page = desk.post(reverse("admin:mailboxes_mailbox_sync", args=[waiting.mailbox.pk]), follow=True)
    assert "Paused by staff: mail waits in the mailbox" in page.content.decode()
    assert "Sync now" not in page.content.decode()
    assert not InboundMessage.objects.exists()
    start(waiting.row(), since_at=None)
    sync_mailbox(waiting.mailbox.pk)
    assert Ticket.objects.count() == 3


def test_page_shows_what_would_become_of_the_newest(waiting: Customer, desk: Client) -> None:
    RuleFactory(tenant=waiting.mailbox.tenant, name="Fives", subject="*mail-5", priority=4)
    page = ask(desk, waiting, "preview")
    assert "About mail-5" in page
    assert "Fives: priority urgent" in page


@pytest.mark.parametrize(("since_at", "chosen"), [(None, "all"), (datetime(2026, 1, 4, tzinfo=UTC), "date")])
def test_page_proposes_what_the_form_of_the_mailbox_said(
    waiting: Customer, desk: Client, since_at: datetime | None, chosen: str
) -> None:
    waiting.change(since_at=since_at)
    page = ask(desk, waiting, "preview")
    assert page.count(" checked>") == 1
    assert f'value="{chosen}" checked>' in page


def test_start_takes_mail_from_the_bound_on_and_marks_it_imported(waiting: Customer, desk: Client) -> None:
    ask(desk, waiting, "start", since="date", day="2026-01-04")
    waiting.sync()
    assert Ticket.objects.count() == 2
    assert set(InboundMessage.objects.values_list("is_imported", flat=True)) == {True}
    assert waiting.row().paused == ""


def test_start_without_a_date_begins_nothing(waiting: Customer, desk: Client) -> None:
    ask(desk, waiting, "start", since="date")
    assert waiting.row().paused == Mailbox.Pause.STAFF


def test_mail_between_adding_and_starting_counts_as_imported(waiting: Customer) -> None:
    waiting.arrive("meanwhile")
    start(waiting.row(), since_at=None)
    waiting.sync()
    assert set(InboundMessage.objects.values_list("is_imported", flat=True)) == {True}
    assert InboundMessage.objects.count() == 4


def test_agent_may_not_look_ahead(waiting: Customer) -> None:
    member = MembershipFactory(tenant=waiting.mailbox.tenant, role="agent")
    url = reverse("admin:mailboxes_inboundmessage_preview", args=[waiting.mailbox.pk])
    assert signed_in(member.user).post(url).status_code == 404
