"""An agent writes an answer in a real browser: plain and formatted, with a quote, files and a draft that stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from mailboxes.models import OutboundMessage
from tests.factories import EntryFactory, MailboxFactory, MembershipFactory, TicketFactory
from tests.journeys.browsing import sign_in
from tests.journeys.test_accessibility import AXE, RUN, STILL
from tickets.models import AnswerDraft, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def ticket(live_server: Any, settings: Any, tmp_path: Path) -> Ticket:
    settings.MEDIA_ROOT, settings.RAW_FSYNC = tmp_path / "media", False
    membership = MembershipFactory(user__username="agent")
    mailbox = MailboxFactory(tenant=membership.tenant, outbound_transport="graph")
    made: Ticket = TicketFactory(tenant=membership.tenant, mailbox=mailbox)
    EntryFactory(ticket=made, html="<p>It <b>burns</b>.</p>")
    return made


@pytest.fixture
def desk(page: Page, live_server: Any, ticket: Ticket) -> Iterator[Page]:
    """The ticket's page, open; errors and refusals of the content policy are written down."""
    page.strange = []  # type: ignore[attr-defined]
    note = page.strange.append  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: note(str(error)))
    page.on("console", lambda said: note(said.text) if said.type == "error" else None)
    sign_in(page, live_server.url, "agent")
    page.goto(f"{live_server.url}/admin/tickets/ticket/{ticket.pk}/change/")
    yield page
    settle(page)


def settle(desk: Page) -> None:
    """Wait until what was typed stands in the draft: nothing is under way to the server then."""
    desk.wait_for_function("() => !document.querySelector('[data-state=typing]')")


def submit(desk: Page) -> OutboundMessage:
    settle(desk)
    with desk.expect_navigation():
        desk.click("text=Send to the customer")
    found: OutboundMessage = OutboundMessage.objects.get()
    return found


def test_a_formatted_answer_is_written_with_buttons_and_keys(desk: Page) -> None:
    desk.click("text=Formatting")
    desk.locator(".desk-rich").focus()
    desk.keyboard.type("Hello ")
    desk.keyboard.press("Control+b")
    desk.keyboard.type("Ada")
    desk.keyboard.press("Control+b")
    desk.keyboard.press("Enter")
    desk.click("[data-do=insertUnorderedList]")
    desk.keyboard.type("unplug it")
    row = submit(desk)

    assert "<b>Ada</b>" in row.html
    assert "<li>unplug it</li>" in row.html
    assert row.text == "Hello Ada\n\n- unplug it"
    assert desk.strange == []  # type: ignore[attr-defined]


def test_a_link_is_set_from_the_keyboard(desk: Page) -> None:
    desk.click("text=Formatting")
    desk.locator(".desk-rich").focus()
    desk.keyboard.type("manual")
    desk.keyboard.press("Shift+Home")
    desk.keyboard.press("Control+k")
    desk.keyboard.type("contoso.example/manual")
    desk.keyboard.press("Enter")
    settle(desk)
    with desk.expect_navigation():
        desk.keyboard.press("Control+Enter")

    row = OutboundMessage.objects.get()
    assert '<a href="https://contoso.example/manual">manual</a>' in row.html
    assert row.text == "manual <https://contoso.example/manual>"


def test_what_is_pasted_keeps_its_words_and_nothing_that_acts(desk: Page) -> None:
    desk.click("text=Formatting")
    desk.locator(".desk-rich").focus()
    desk.evaluate(
        """() => {
            const kept = new DataTransfer();
            kept.setData("text/html", "<p style='color:red'>Pasted <b>words</b><img src=x onerror='document.title=1'>"
                + "<a href='javascript:document.title=1'>x</a></p>");
            document.querySelector(".desk-rich").dispatchEvent(
                new ClipboardEvent("paste", { clipboardData: kept, bubbles: true, cancelable: true }));
        }"""
    )
    inside = desk.locator(".desk-rich").inner_html()
    assert "<b>words</b>" in inside
    assert not any(word in inside for word in ("img", "javascript", "style"))
    assert desk.title() != "1"


def test_a_draft_survives_a_closed_page(desk: Page, ticket: Ticket) -> None:
    desk.fill("#answer-text", "Unplug it.")
    settle(desk)
    assert AnswerDraft.objects.get().text == "Unplug it."
    desk.reload()
    assert desk.input_value("#answer-text") == "Unplug it."
    assert desk.locator("text=This is your draft").is_visible()
    submit(desk)
    assert not AnswerDraft.objects.exists()


def test_the_quote_stands_below_plain_and_formatted(desk: Page) -> None:
    desk.fill("#answer-text", "Unplug it.")
    with desk.expect_response(lambda response: "/quote/" in response.url):
        desk.click("text=Quote the last mail")
    desk.wait_for_function("() => document.querySelector('#answer-text').value.includes('> It burns.')")
    assert desk.input_value("#answer-text").startswith("Unplug it.\n\nOn ")
    desk.fill("#answer-text", "Unplug it.")
    desk.click("text=Formatting")
    desk.click("text=Quote the last mail")
    desk.locator(".desk-rich blockquote b").wait_for()
    assert submit(desk).text.endswith("> It burns.")


def test_sizes_are_shown_and_the_limit_told_before_sending(desk: Page) -> None:
    file = {"name": "scan.pdf", "mimeType": "application/pdf", "buffer": b"x" * 2048}
    desk.set_input_files("[data-files]", [file])
    assert desk.input_value("[name=to]") == "ada@fabrikam.example"
    assert "scan.pdf · 2 KB" in desk.locator(".desk-attached").inner_text()
    desk.evaluate("() => { document.querySelector('[data-desk-answer]').dataset.mostBytes = '1000' }")
    desk.set_input_files("[data-files]", [{**file, "name": "more.pdf"}])
    assert "larger than Exchange takes" in desk.locator(".desk-attach-told").inner_text()
    assert desk.evaluate("() => document.querySelector('[data-desk-answer]').checkValidity()") is False
    desk.click("[aria-label='Remove more.pdf']")
    assert desk.evaluate("() => document.querySelector('[data-files]').files.length") == 1


@pytest.mark.parametrize("width", [1440, 390])
def test_the_composer_fits_the_screen_and_is_no_note(desk: Page, width: int) -> None:
    desk.set_viewport_size({"width": width, "height": 900})
    desk.click("text=Formatting")
    assert desk.evaluate("() => document.documentElement.scrollWidth") <= width
    colours = [
        desk.locator(f"{form} .desk-writing-head").evaluate("head => getComputedStyle(head).backgroundColor")
        for form in (".desk-answer-form", ".desk-note-form")
    ]
    assert colours[0] != colours[1]


def test_the_composer_can_be_read_and_worked_by_everybody(desk: Page) -> None:
    desk.click("text=Formatting")
    desk.click("[data-do=link]")
    desk.set_input_files("[data-files]", [{"name": "a.txt", "mimeType": "text/plain", "buffer": b"x"}])
    desk.add_style_tag(content=STILL)
    desk.evaluate(AXE)

    assert desk.evaluate(RUN) == []
