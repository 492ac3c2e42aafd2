"""Templates in a real browser: what the customer reads stands below the form as it is typed."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.factories import (
    CannedAnswerFactory,
    EntryFactory,
    MailboxFactory,
    MembershipFactory,
    QueueFactory,
    TicketFactory,
)
from tests.journeys.browsing import sign_in
from tickets.models import Queue, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def admin(page: Page, live_server: Any) -> Page:
    membership = MembershipFactory(user__username="boss", role="admin")
    QueueFactory(tenant=membership.tenant, name="Support")
    sign_in(page, live_server.url, "boss")
    return page


def test_preview_follows_what_is_typed_and_acts_on_nothing(admin: Page, live_server: Any) -> None:
    admin.goto(f"{live_server.url}/admin/tickets/queue/add/")
    admin.fill(
        "#id_auto_answer_text",
        "Dear {requester_name}, {style} <img src=x onerror=\"document.title='fired'\">",
    )
    shown = admin.locator("[data-from=id_auto_answer_text]")
    assert shown.inner_text() == "Dear Ada Byron, {style} <img src=x onerror=\"document.title='fired'\">"
    assert admin.title() != "fired"


@pytest.fixture
def ticket(admin: Page) -> Ticket:
    """A ticket that can be answered, with a footer below and an answer in the can."""
    queue = Queue.objects.get()
    footer = {"outbound_transport": "graph", "outbound_footer": "{agent_name}, {organisation}"}
    mailbox = MailboxFactory(tenant=queue.tenant, queue=queue, **footer)
    made: Ticket = TicketFactory(tenant=queue.tenant, queue=queue, mailbox=mailbox)
    EntryFactory(ticket=made)
    CannedAnswerFactory(tenant=queue.tenant, name="Unplug", text="Dear {requester_name},\nunplug <b>it</b>.")
    return made


def test_canned_answer_goes_where_the_cursor_is_by_keyboard_alone(
    admin: Page, live_server: Any, ticket: Ticket
) -> None:
    admin.goto(f"{live_server.url}/admin/tickets/ticket/{ticket.pk}/change/")
    admin.fill("#answer-text", "Hello. Bye.")
    admin.evaluate("() => document.getElementById('answer-text').setSelectionRange(7, 7)")
    admin.focus("#canned-answer")
    admin.keyboard.press("u")
    admin.keyboard.press("Enter")
    assert admin.input_value("#answer-text") == "Hello. Dear Ada Byron,\nunplug <b>it</b>.Bye."
    assert admin.evaluate("() => document.activeElement.id") == "answer-text"
    assert admin.input_value("#canned-answer") == ""


def test_canned_answer_is_inserted_by_its_button_and_undone(
    admin: Page, live_server: Any, ticket: Ticket
) -> None:
    admin.goto(f"{live_server.url}/admin/tickets/ticket/{ticket.pk}/change/")
    admin.select_option("#canned-answer", label="Unplug")
    admin.click("[data-canned] button")
    assert admin.input_value("#answer-text") == "Dear Ada Byron,\nunplug <b>it</b>."
    admin.keyboard.press("Control+z")
    assert admin.input_value("#answer-text") == ""


def test_canned_answer_goes_into_formatted_text_as_paragraphs_and_stays_text(
    admin: Page, live_server: Any, ticket: Ticket
) -> None:
    long = "Dear {requester_name},\n\nunplug <b>it</b>.\n- now\n\nBye"
    CannedAnswerFactory(tenant=ticket.tenant, name="Long", text=long)
    admin.goto(f"{live_server.url}/admin/tickets/ticket/{ticket.pk}/change/")
    admin.click("[data-do=rich]")
    admin.keyboard.type("Hello. ")
    admin.select_option("#canned-answer", label="Long")
    admin.click("[data-canned] button")
    assert (
        admin.inner_html("[data-editor]")
        == "<p>Hello. Dear Ada Byron,</p><p>unplug &lt;b&gt;it&lt;/b&gt;.<br>- now</p><p>Bye</p>"
    )
    assert admin.input_value("#answer-text") == "Hello. Dear Ada Byron,\n\nunplug <b>it</b>.\n- now\n\nBye"
    admin.keyboard.press("Control+z")
    assert admin.inner_text("[data-editor]").strip() == "Hello."
    admin.wait_for_function("() => !document.querySelector('[data-state=typing]')")
