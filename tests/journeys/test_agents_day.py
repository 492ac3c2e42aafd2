"""An agent's day in a real browser against a sandbox Microsoft: a conversation of ten mails, and an approval of two."""

from __future__ import annotations

from email.message import Message
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mailboxes.models import Mailbox
from tests.factories import MembershipFactory
from tests.journeys.browsing import sign_in
from tests.journeys.customer import Customer
from tests.journeys.outgoing import send, ticket_of
from tests.journeys.test_approvals import comes, from_phone, received
from tests.journeys.test_conversation import ada, writes
from tests.tickets.approvers import ADA, BOB, proof
from tickets.models import Approval, Ticket

__all__ = ["ada"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TURNS = 5


@pytest.fixture
def agent(page: Page, live_server: Any, customer: Customer, settings: Any) -> Page:
    """A browser, signed in as an agent of the customer; mail leaves without a moment to take it back."""
    settings.SEND_UNDO_S = 0
    user = {"username": "agent", "first_name": "Grace", "last_name": "Hopper"}
    MembershipFactory(tenant=customer.mailbox.tenant, **{f"user__{key}": one for key, one in user.items()})
    sign_in(page, live_server.url, "agent")
    return page


def open_ticket(agent: Page, live_server: Any) -> None:
    agent.goto(f"{live_server.url}/admin/tickets/ticket/{Ticket.objects.get().pk}/change/")


def answers(agent: Page, turn: int) -> None:
    """Answer by turns plain and formatted, with a quote and a file."""
    if (agent.locator("[data-do=rich]").get_attribute("aria-pressed") == "true") != (turn % 2 == 0):
        agent.click("[data-do=rich]")
    agent.locator(".desk-rich:not([hidden]), #answer-text:not([hidden])").fill(f"Answer {turn}")
    agent.click("[data-do=quote]")
    file = {"name": f"manual-{turn}.txt", "mimeType": "text/plain", "buffer": b"x" * 900}
    agent.set_input_files("[data-files]", [file])
    agent.wait_for_function("() => document.querySelector('[data-state=kept]')")
    with agent.expect_navigation():
        agent.keyboard.press("Control+Enter") if turn % 2 else agent.click("[data-send] >> nth=0")


def test_ten_mails_are_written_in_the_browser_and_read_in_both_places(
    agent: Page, live_server: Any, customer: Customer, ada: str
) -> None:
    last: Message | None = None
    for turn in range(1, TURNS + 1):
        writes(customer, ada, turn, to=last)
        open_ticket(agent, live_server)
        answers(agent, turn)
        assert send(customer).sent == 1
        last = customer.letters("inbox", address=ada)[-1]

    open_ticket(agent, live_server)
    agent.click(".desk-older > summary")
    texts_shown = agent.locator(".desk-entry .desk-text:not(.is-quoted)").all_text_contents()
    shown = [one.strip() for one in texts_shown]
    # Of what happened within one second the customer's mail, whose time has no fractions, stands first.
    assert sorted(shown) == sorted(
        f"{who} {turn}" for turn in range(1, TURNS + 1) for who in ("Question", "Answer")
    )
    got = customer.letters("inbox", address=ada)
    assert [mail.is_multipart() for mail in got] == [True] * TURNS
    texts = ["".join(_texts(mail)) for mail in got]
    assert all(f"> Question {turn}" in text for turn, text in enumerate(texts, 1))
    assert ["<blockquote" in text for text in texts] == [False, True, False, True, False]


def _texts(mail: Message) -> list[str]:
    parts = [part.get_payload(decode=True) for part in mail.walk() if part.get_content_maintype() == "text"]
    return [part.decode() for part in parts if isinstance(part, bytes)]


def test_two_approvers_are_asked_in_the_browser_and_the_page_tells_what_counted(
    agent: Page, live_server: Any, customer: Customer
) -> None:
    ticket_of(customer)
    Mailbox.objects.update(outbound_transport="graph")
    open_ticket(agent, live_server)
    agent.click("text=Ask for approval")
    agent.fill("[name=question]", "Buy the printer?")
    agent.fill("[name=context]", "It costs 90.\nThe old one burns.")
    agent.fill("[name=approvers]", f"{ADA}, {BOB}")
    agent.select_option("select[name=language]", "de")
    with agent.expect_navigation():
        agent.click("button:text-is('Ask')")
    send(customer)

    comes(customer, "phone", from_phone(received(customer, ADA)))
    away = [*proof(BOB), "Auto-Submitted: auto-replied"]
    comes(customer, "away", "Bin bis Montag nicht da. Genehmigt wird danach.", sender=BOB, head=away)
    comes(customer, "doubt", "Vielleicht", sender=BOB)
    agent.goto(f"{live_server.url}/admin/tickets/approval/{Approval.objects.get().pk}/change/")
    answered = agent.locator(".desk-card >> nth=1")
    for words in ("approved", "automatic mail", "doubtful", "“Vielleicht”", "answered with what to do"):
        expect(answered).to_contain_text(words)
    expect(agent.locator(".desk-page")).to_contain_text("1 of 2 needed, 2 asked")

    comes(customer, "back", "Genehmigt.\n\nViele Grüße\nBob", sender=BOB)
    agent.reload()
    expect(agent.locator(".desk-talk-head")).to_contain_text("approved")
