"""Who watches a ticket finds what is new on it; a form sent twice is one note; addresses keep their letters."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse

from tenants.templatetags.desk import heading
from tests.factories import MailboxFactory, TicketFactory
from tests.tenants.admin.conftest import Desk, signed_in
from tickets.looks import mark_read
from tickets.models import Entry, Ticket
from tickets.notes import add_note

LIST = "admin:tickets_ticket_changelist"


@pytest.fixture
def watched(desk: Desk) -> Ticket:
    ticket: Ticket = TicketFactory(tenant=desk.ours, entry_count=1)
    ticket.watchers.add(desk.agent)
    mark_read([ticket], by=desk.agent)
    return ticket


def badge(user: Any) -> str:
    """Give what stands beside Tickets in the side bar."""
    page = signed_in(user).get("/admin/tickets/tag/").content.decode()
    [link] = re.findall(r'<a href="/admin/tickets/ticket/[?]status__in=new,open"(.*?)</a>', page, re.DOTALL)
    return " ".join(re.findall(r">\s*(\d+)\s*<", link))


def test_a_watcher_is_told_of_what_is_new_until_he_has_read_it(desk: Desk, watched: Ticket) -> None:
    assert badge(desk.agent) == ""
    add_note(watched, "Something new", by=desk.admin)
    assert (badge(desk.agent), badge(desk.admin)) == ("1", "")
    page = signed_in(desk.agent).get(reverse(LIST), {"for_me": "news"}).content.decode()
    assert watched.reference in page

    watched.refresh_from_db()
    mark_read([watched], by=desk.agent)
    assert badge(desk.agent) == ""


def test_a_watcher_without_a_seat_any_more_is_told_nothing(desk: Desk, watched: Ticket) -> None:
    foreign = TicketFactory(tenant=desk.theirs, entry_count=3)
    foreign.watchers.add(desk.agent)
    assert badge(desk.agent) == ""


def test_a_note_sent_twice_is_one_note(desk: Desk) -> None:
    ticket = TicketFactory(tenant=desk.ours)
    client = signed_in(desk.agent)
    page = client.get(reverse("admin:tickets_ticket_change", args=[ticket.pk])).content.decode()
    [key] = re.findall(r'note/".*?name="key" value="(\w+)"', page, re.DOTALL)
    url = reverse("admin:tickets_ticket_note", args=[ticket.pk])
    for text, sent in (("Once", key), ("Once", key), ("Another", "other")):
        assert client.post(url, {"text": text, "key": sent}).status_code == 302

    ticket.refresh_from_db()
    assert list(Entry.objects.filter(ticket=ticket).values_list("text", flat=True)) == ["Once", "Another"]
    assert ticket.entry_count == 2


def test_the_key_of_a_note_is_its_tickets_own(desk: Desk) -> None:
    for ticket in TicketFactory.create_batch(2, tenant=desk.ours):
        add_note(ticket, "Hello", by=desk.agent, key="same")
    assert Entry.objects.filter(key="same").count() == 2


def test_an_address_keeps_its_letters_in_a_heading(desk: Desk) -> None:
    mailbox = MailboxFactory(tenant=desk.ours, address="help@contoso.example")
    page = signed_in(desk.admin).get(f"/admin/mailboxes/mailbox/{mailbox.pk}/change/").content.decode()
    assert "Help@contoso.example" not in page
    assert (heading("mailboxes"), heading(mailbox)) == ("Mailboxes", "help@contoso.example")


@pytest.mark.parametrize(("query", "is_offered"), [("for_me=unread", False), ("due=over", True), ("", False)])
def test_a_view_that_has_a_name_is_not_offered_to_be_saved(desk: Desk, query: str, is_offered: bool) -> None:
    page = signed_in(desk.agent).get(f"{reverse(LIST)}?{query}").content.decode()
    assert ("Save this filter" in page) == is_offered
