"""An agent at work in a real browser: signs in, reads a ticket, and nothing a mail planted there acts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.factories import (
    AttachmentFactory,
    EntryFactory,
    MembershipFactory,
    TicketFactory,
    UserFactory,
)
from tests.journeys.browsing import sign_in
from tickets.admin.tickets import TicketAdmin
from tickets.looks import look
from tickets.models import Entry, Look, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

VECTOR = "<img src=x onerror=\"document.title='fired'\"><script>document.title='fired'</script>"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


@pytest.fixture
def hostile(live_server: Any) -> Entry:
    """A ticket with active markup in every field that mail fills, in the HTML too, as if nothing had cleaned it."""
    membership = MembershipFactory(user__username="agent")
    ticket = TicketFactory(tenant=membership.tenant, subject=VECTOR, requester_name=VECTOR)
    entry = EntryFactory(
        ticket=ticket, from_name=VECTOR, text=VECTOR, new_text="", html=VECTOR, reason=VECTOR
    )
    AttachmentFactory(entry=entry, name=VECTOR, content_type="image/png", content=PNG)
    made: Entry = entry
    return made


@pytest.fixture
def agent(page: Page, live_server: Any, hostile: Entry) -> Page:
    """A signed-in browser that writes down errors and requests to other hosts."""
    page.strange = []  # type: ignore[attr-defined]
    note = page.strange.append  # type: ignore[attr-defined]
    page.on("request", lambda one: None if one.url.startswith((live_server.url, "data:")) else note(one.url))
    page.on("pageerror", lambda error: note(str(error)))
    page.on("dialog", lambda dialog: note(dialog.message))
    sign_in(page, live_server.url, "agent")
    return page


def test_planted_markup_fires_nowhere(agent: Page, live_server: Any, hostile: Entry) -> None:
    """S-82, S-83: list, ticket, frame and history."""
    ticket = f"{live_server.url}/admin/tickets/ticket/{hostile.ticket_id}"
    for url in (f"{live_server.url}/admin/tickets/ticket/", f"{ticket}/history/", f"{ticket}/change/"):
        agent.goto(url)
        assert agent.title() != "fired"
    agent.click("text=View as HTML")
    frame = agent.frame_locator(".desk-html iframe").locator("body")
    frame.wait_for(state="attached")

    assert agent.title() != "fired"
    assert frame.evaluate("() => document.title") == "Mail"
    assert agent.strange == []  # type: ignore[attr-defined]


def test_text_and_html_of_a_mail_take_turns(agent: Page, live_server: Any, hostile: Entry) -> None:
    agent.goto(f"{live_server.url}/admin/tickets/ticket/{hostile.ticket_id}/change/")
    text, frame = agent.locator(".desk-text-view"), agent.locator(".desk-html iframe")
    assert (text.is_visible(), frame.is_visible()) == (True, False)
    agent.click("text=View as HTML")

    assert (text.is_visible(), frame.is_visible()) == (False, True)


@pytest.mark.parametrize("width", [1400, 390])
def test_pages_fit_the_screen(agent: Page, live_server: Any, hostile: Entry, width: int) -> None:
    agent.set_viewport_size({"width": width, "height": 844})
    for path in ("", "tickets/ticket/", f"tickets/ticket/{hostile.ticket_id}/change/", "mailboxes/mailbox/"):
        agent.goto(f"{live_server.url}/admin/{path}")
        assert agent.evaluate("() => document.documentElement.scrollWidth") <= width


def test_keys_lead_through_the_list_and_into_a_ticket(agent: Page, live_server: Any, hostile: Entry) -> None:
    agent.goto(f"{live_server.url}/admin/tickets/ticket/")
    agent.keyboard.press("?")
    assert agent.locator(".desk-keys").is_visible()
    agent.keyboard.press("Escape")
    agent.locator(".desk-keys").wait_for(state="hidden")
    agent.keyboard.press("j")
    agent.keyboard.press("Enter")
    agent.wait_for_url(f"{live_server.url}/admin/tickets/ticket/{hostile.ticket_id}/change/")
    agent.keyboard.press("n")

    assert agent.evaluate("() => document.activeElement.id") == "note-text"


def test_the_side_bar_is_passed_with_one_key(agent: Page, live_server: Any, hostile: Entry) -> None:
    agent.goto(f"{live_server.url}/admin/tickets/ticket/{hostile.ticket_id}/change/")
    agent.keyboard.press("Tab")
    assert agent.locator(".desk-skip").bounding_box()["y"] >= 0  # type: ignore[index]
    agent.keyboard.press("Enter")
    agent.keyboard.press("Tab")

    assert agent.evaluate("() => document.activeElement.closest('#content') !== null")


def test_one_goes_on_through_the_list_and_back_to_where_one_was(
    agent: Page, live_server: Any, hostile: Entry
) -> None:
    """Taking a ticket, or any other press on its page, leads no further from the list."""
    tickets = f"{live_server.url}/admin/tickets/ticket"
    older = TicketFactory(
        tenant=hostile.tenant, last_entry_at=hostile.ticket.last_entry_at - timedelta(days=1)
    )
    TicketFactory(tenant=hostile.tenant, status="closed")
    agent.goto(f"{tickets}/?status__in=new,open")
    agent.locator("#result_list tbody th a").first.click()
    agent.click(".desk-quick >> text=Assign to me")
    agent.locator(".desk-near", has_text="1 / 2").wait_for()
    agent.keyboard.press("J")
    agent.wait_for_url(f"{tickets}/{older.pk}/change/")
    agent.locator(".desk-near", has_text="2 / 2").wait_for()
    agent.keyboard.press("u")
    agent.wait_for_url(f"{tickets}/?status__in=new,open")

    assert older.reference in agent.locator(".desk-here").inner_text()


def test_one_goes_on_over_the_edge_of_the_lists_page_though_tickets_have_left_it(
    agent: Page, live_server: Any, hostile: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TicketAdmin, "list_per_page", 2)
    tickets, newest = f"{live_server.url}/admin/tickets/ticket", hostile.ticket.last_entry_at
    rows = [
        TicketFactory(tenant=hostile.tenant, last_entry_at=newest - timedelta(days=day))
        for day in (1, 2, 3, 4)
    ]
    agent.goto(f"{tickets}/?status__in=new,open&p=2")
    agent.locator("#result_list tbody th a").first.click()
    agent.locator(".desk-near", has_text="3 / 5").wait_for()
    agent.keyboard.press("K")
    agent.wait_for_url(f"{tickets}/{rows[0].pk}/change/")
    agent.locator(".desk-near", has_text="2 / 5").wait_for()
    # Done meanwhile: what stood on the next page stands on this one now.
    Ticket.objects.filter(pk__in=[rows[0].pk, hostile.ticket_id]).update(status="solved")
    for row in rows[1:]:
        agent.locator(".desk-near").wait_for()
        agent.locator("[data-by='1']").press("Enter")
        agent.wait_for_url(f"{tickets}/{row.pk}/change/")
    agent.locator("[data-by='1'][aria-disabled]").wait_for()


def test_what_a_tab_keeps_of_one_person_is_not_there_for_the_next(
    agent: Page, live_server: Any, hostile: Entry
) -> None:
    """A session that ended by itself leaves his words to him; whoever signs in after him finds none."""
    page = f"{live_server.url}/admin/tickets/ticket/{hostile.ticket_id}/change/"
    MembershipFactory(tenant=hostile.tenant, user__username="second")
    agent.goto(page)
    agent.fill("#note-text", "Between us")
    agent.context.clear_cookies()
    sign_in(agent, live_server.url, "second")
    agent.goto(page)
    assert agent.input_value("#note-text") == ""
    agent.fill("#note-text", "Mine")
    agent.locator("#logout-form").evaluate("form => form.requestSubmit()")
    agent.wait_for_url("**/logout/")
    assert agent.evaluate("Object.keys(sessionStorage).filter((one) => one.startsWith('desk-note'))") == []


def test_a_note_outlives_other_presses_and_set_fields_are_not_left_unasked(
    agent: Page, live_server: Any, hostile: Entry
) -> None:
    agent.goto(f"{live_server.url}/admin/tickets/ticket/{hostile.ticket_id}/change/")
    agent.fill("#note-text", "Half a note")
    agent.click(".desk-quick >> text=Assign to me")
    agent.locator("text=is yours.").wait_for()
    assert agent.input_value("#note-text") == "Half a note"
    agent.click("text=Add note")
    agent.locator(".desk-entry.is-note").wait_for()
    assert agent.input_value("#note-text") == ""

    agent.once("dialog", lambda dialog: dialog.accept())
    agent.select_option("#id_priority", "4")
    agent.click("#watch-form button")
    agent.locator("#watch-form >> text=Stop watching").wait_for()
    assert "" in agent.strange  # type: ignore[attr-defined]


def test_the_frame_is_as_high_as_its_mail_and_fetches_nothing_until_asked(
    agent: Page, live_server: Any, hostile: Entry
) -> None:
    hostile.html = "<p>Line</p>" * 60 + f'<img data-remote-src="https://track.example/x.png">{VECTOR}'
    hostile.problems = [{"code": "remote_images", "text": "1 remote image blocked."}]
    hostile.save()
    agent.goto(f"{live_server.url}/admin/tickets/ticket/{hostile.ticket_id}/change/")
    agent.click("text=View as HTML")
    frame = agent.locator(".desk-html iframe")
    agent.wait_for_function("() => document.querySelector('.desk-html iframe').clientHeight > 1000")
    inner = agent.frame_locator(".desk-html iframe").locator("html")
    high = inner.evaluate("() => document.documentElement.scrollHeight")

    assert frame.evaluate("one => one.clientHeight") == high
    assert agent.title() != "fired"
    assert agent.strange == []  # type: ignore[attr-defined]
    agent.route("https://track.example/**", lambda route: route.abort())
    with agent.expect_request("https://track.example/x.png") as asked:
        agent.click("text=Show pictures from the internet")
    assert not asked.value.headers.get("referer")


def test_an_open_page_says_who_else_is_there(agent: Page, live_server: Any, hostile: Entry) -> None:
    other = UserFactory(username="colleague")
    look(hostile.ticket, by=other, seen=0, is_answering=True)
    agent.goto(f"{live_server.url}/admin/tickets/ticket/{hostile.ticket_id}/change/")
    agent.locator("text=colleague is writing an answer.").wait_for()

    assert Look.objects.filter(user__username="agent", ticket=hostile.ticket).exists()
    assert agent.strange == []  # type: ignore[attr-defined]


def test_file_that_is_no_picture_shows_no_broken_one(agent: Page, live_server: Any, hostile: Entry) -> None:
    AttachmentFactory(entry=hostile, name="liar.png", content_type="image/png", content=b"<svg/>")
    agent.goto(f"{live_server.url}/admin/tickets/ticket/{hostile.ticket_id}/change/")
    card = agent.locator(".desk-file", has_text="liar.png")
    card.scroll_into_view_if_needed()
    card.locator("span.material-symbols-outlined").first.wait_for()
    assert card.locator("img").count() == 0
