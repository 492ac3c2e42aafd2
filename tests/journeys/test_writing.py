"""What goes wrong while an agent writes, in a real browser: signed out, a colleague was faster, a second thought."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from mailboxes.models import OutboundMessage
from tenants.diagnosis import diagnose_own
from tests.factories import PASSWORD, EntryFactory, TicketFactory
from tests.journeys.browsing import sign_in
from tests.journeys.test_composer import desk, settle, submit, ticket
from tickets.models import AnswerDraft, Entry, Ticket
from tickets.replies import Answer, reply

__all__ = ["desk", "ticket"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: What a browser hands to a page when something is pasted or dropped there.
BRING = """([name, selector, file]) => {
  const brought = new DataTransfer();
  brought.items.add(new File(["12345"], file, { type: "image/png" }));
  const options = { bubbles: true, cancelable: true, clipboardData: brought, dataTransfer: brought };
  const kind = name === "paste" ? ClipboardEvent : DragEvent;
  document.querySelector(selector).dispatchEvent(new kind(name, options));
}"""


def test_whoever_is_signed_out_while_he_writes_loses_nothing(
    desk: Page, live_server: Any, ticket: Ticket
) -> None:
    desk.fill("#answer-text", "Unplug it.")
    settle(desk)
    desk.context.clear_cookies()
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".desk-answer-form [data-told-lost]")).to_be_visible()
    assert not OutboundMessage.objects.exists()
    with desk.context.expect_page() as opened:
        desk.click(".desk-answer-form [data-told-lost] a")
    other = opened.value
    other.fill("[name=username]", "agent")
    other.fill("[name=password]", PASSWORD)
    other.click("button[type=submit]")
    other.wait_for_url(f"{live_server.url}/admin/")
    desk.bring_to_front()
    assert submit(desk).text == "Unplug it."
    desk.strange.clear()  # type: ignore[attr-defined]  # the browser writes down what was refused


def test_without_scripts_an_answer_that_met_the_sign_in_leads_back_to_its_ticket(
    browser: Browser, live_server: Any, ticket: Ticket
) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    sign_in(page, live_server.url, "agent")
    page.goto(f"{live_server.url}/admin/tickets/ticket/{ticket.pk}/change/")
    page.fill("#answer-text", "Unplug it.")
    page.context.clear_cookies(name="m365_session")
    page.click("text=Send to the customer")
    page.fill("[name=username]", "agent")
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(f"**/ticket/{ticket.pk}/change/")
    expect(page.get_by_text("had to sign in first")).to_be_visible()
    page.fill("#answer-text", "Unplug it.")
    page.click("text=Send to the customer")
    assert OutboundMessage.objects.get().text == "Unplug it."
    page.context.close()


def test_whoever_answers_after_a_colleague_is_told_before_it_is_sent(desk: Page, ticket: Ticket) -> None:
    """F-67."""
    desk.fill("#answer-text", "Unplug it.")
    settle(desk)
    reply(ticket, Answer(text="It is off."), by=None)
    desk.click("text=Send to the customer")
    expect(desk.locator("[data-told-news]")).to_be_visible()
    assert OutboundMessage.objects.count() == 1
    with desk.expect_navigation():
        desk.click("text=Send to the customer")
    assert OutboundMessage.objects.count() == 2


def test_an_answer_is_counted_down_and_comes_back_with_its_files(desk: Page) -> None:
    desk.set_input_files("[data-files]", [{"name": "plan.txt", "mimeType": "text/plain", "buffer": b"x" * 9}])
    desk.fill("#answer-text", "Unplug it.")
    submit(desk)
    shown = desk.locator(".desk-undo button")
    expect(shown).to_contain_text(" s")
    with desk.expect_navigation():
        shown.click()
    assert desk.input_value("#answer-text") == "Unplug it."
    expect(desk.locator("[data-kept]")).to_be_checked()
    with desk.expect_navigation():
        desk.click("text=Send to the customer")
    first, second = OutboundMessage.objects.order_by("pk")
    assert (first.state, second.state, second.files) == ("cancelled", "queued", first.files)


def test_the_mark_of_a_mail_changes_when_it_has_left(desk: Page) -> None:
    desk.fill("#answer-text", "Unplug it.")
    row = submit(desk)
    past = timezone.now() - timedelta(seconds=1)
    OutboundMessage.objects.filter(pk=row.pk).update(state="queued", retry_at=past)
    desk.reload()
    OutboundMessage.objects.update(state="sent", sent_at=past, retry_at=None)
    expect(desk.locator(".is-mail_out .desk-state.is-success")).to_have_text("sent")
    expect(desk.locator(".desk-undo")).to_be_hidden()


def test_a_mail_that_is_due_and_waits_can_still_be_taken_back(desk: Page) -> None:
    desk.fill("#answer-text", "Unplug it.")
    submit(desk)
    OutboundMessage.objects.update(retry_at=timezone.now() - timedelta(seconds=1))
    with desk.expect_response(lambda one: one.request.resource_type == "fetch" and "/entry/?" in one.url):
        desk.reload()
    with desk.expect_navigation():
        desk.click(".desk-undo button")
    assert OutboundMessage.objects.get().state == "cancelled"


def test_whoever_stays_on_the_page_and_types_on_loses_nothing(desk: Page) -> None:
    asked: list[str] = []
    desk.on("dialog", lambda one: (asked.append(one.type), one.dismiss()))
    desk.select_option(".desk-fields select >> nth=0", index=1)
    desk.fill("#answer-text", "Unplug it.")
    settle(desk)
    with desk.expect_event("dialog"):
        desk.click("text=Send to the customer", no_wait_after=True)
    desk.type("#answer-text", " And plug it in again.")
    settle(desk)
    assert asked == ["beforeunload"]
    assert "plug it in again." in AnswerDraft.objects.get().text


def test_why_a_mail_has_not_left_is_told_without_loading_the_page_again(desk: Page) -> None:
    desk.fill("#answer-text", "Unplug it.")
    submit(desk)
    OutboundMessage.objects.update(retry_at=timezone.now() - timedelta(seconds=1))
    desk.reload()
    error = diagnose_own("recipient_invalid").as_json()
    OutboundMessage.objects.update(state="failed", error=error, retry_at=None)
    expect(desk.locator(".is-mail_out > [role=alert]")).to_contain_text("not a mail address")


def test_a_picture_is_pasted_and_a_file_dropped(desk: Page) -> None:
    desk.fill("#answer-text", "See the picture.")
    desk.evaluate(BRING, ["paste", "#answer-text", "image.png"])
    desk.evaluate(BRING, ["drop", ".desk-answer-fields", "plan.png"])
    expect(desk.locator("[data-attached]")).to_contain_text("Picture 1.png · 5 B")
    assert [one["name"] for one in submit(desk).files] == ["Picture 1.png", "plan.png"]


def test_addresses_are_offered_of_this_tenant_alone_and_enter_does_not_send(
    desk: Page, ticket: Ticket
) -> None:
    TicketFactory(tenant=ticket.tenant, requester_name="Grace Hopper", requester_email="grace@navy.example")
    TicketFactory(requester_name="Grace Foreign", requester_email="grace@foreign.example")
    desk.click("[name=cc]")
    desk.keyboard.type("grac")
    expect(desk.locator("[role=option]")).to_have_text(["Grace Hopper grace@navy.example"])
    for key in ("ArrowDown", "Enter", "Enter"):
        desk.keyboard.press(key)
    assert desk.input_value("[name=cc]") == "grace@navy.example, "
    desk.fill("#answer-text", "Unplug it.")
    desk.press("[name=cc]", "Enter")
    assert not OutboundMessage.objects.exists()
    assert submit(desk).cc == [{"name": "", "email": "grace@navy.example"}]


@pytest.mark.parametrize("key", ["Tab", "Shift+Tab", "Enter"])
def test_what_was_typed_stays_where_nobody_was_chosen(desk: Page, ticket: Ticket, key: str) -> None:
    TicketFactory(tenant=ticket.tenant, requester_name="", requester_email="not-grace@navy.example")
    desk.click("[name=cc]")
    desk.keyboard.type("grace@navy.example")
    expect(desk.locator("[role=option]")).to_have_text(["not-grace@navy.example"])
    desk.keyboard.press(key)
    expect(desk.locator("[role=option]:visible")).to_have_count(0)
    assert desk.input_value("[name=cc]") == "grace@navy.example"


def test_nobody_is_offered_for_letters_that_were_typed_before(desk: Page, ticket: Ticket) -> None:
    TicketFactory(tenant=ticket.tenant, requester_email="grace@navy.example")
    desk.click("[name=cc]")
    desk.keyboard.type("grac")
    expect(desk.locator("[role=option]")).to_be_visible()
    desk.route("**/people/", lambda _unanswered: None)
    desk.keyboard.type("x")
    expect(desk.locator("[role=option]:visible")).to_have_count(0)


def test_everybody_the_last_mail_names_is_answered_at_a_click(desk: Page, ticket: Ticket) -> None:
    people = [{"name": "", "email": ticket.mailbox.address}, {"name": "Bob", "email": "bob@fabrikam.example"}]
    EntryFactory(ticket=ticket, to=people, happened_at=timezone.now())
    Ticket.objects.update(entry_count=Entry.objects.count())
    desk.reload()
    desk.click("text=Answer to all")
    desk.fill("#answer-text", "Unplug it.")
    assert submit(desk).cc == [{"name": "", "email": "bob@fabrikam.example"}]


def test_what_is_no_address_is_named_before_it_is_sent(desk: Page) -> None:
    desk.fill("#answer-text", "Unplug it.")
    desk.fill("[name=cc]", "Bob <bob@fabrikam.example>, nobody")
    desk.click("text=Send to the customer")
    told = desk.eval_on_selector("[name=cc]", "one => one.validationMessage")
    assert told == "“nobody” is not a mail address"
    assert not OutboundMessage.objects.exists()


def test_without_scripts_one_signs_out(browser: Browser, live_server: Any, ticket: Ticket) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    sign_in(page, live_server.url, "agent")
    page.goto(f"{live_server.url}/admin/tickets/ticket/{ticket.pk}/change/")
    page.locator("#logout-form button").click(timeout=10_000)
    page.wait_for_url("**/logout/")
