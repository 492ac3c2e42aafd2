"""What agents do all day on the list and on a ticket, and that nobody does it where he may not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.factories import (
    AttachmentFactory,
    EntryFactory,
    MembershipFactory,
    QueueFactory,
    TagFactory,
    TicketFactory,
    UserFactory,
)
from tests.tenants.admin.conftest import Desk, signed_in
from tickets.models import Look, SavedFilter, Tag, Ticket

LIST = "admin:tickets_ticket_changelist"


def door(ticket: Ticket, name: str) -> str:
    return reverse(f"admin:tickets_ticket_{name}", args=[ticket.pk])


def listed(user: Any, **query: str) -> str:
    page: str = signed_in(user).get(reverse(LIST), query).content.decode()
    return page


def test_priority_due_date_and_tags_are_set_on_the_page(desk: Desk) -> None:
    ticket = TicketFactory(tenant=desk.ours)
    form = {
        "status": "open",
        "queue": ticket.queue_id,
        "priority": "4",
        "due_on": "2026-12-24",
        "tag_line": "VIP, x",
    }
    signed_in(desk.agent).post(door(ticket, "change"), form)

    ticket.refresh_from_db()
    assert (ticket.priority, str(ticket.due_on)) == (4, "2026-12-24")
    assert [tag.name for tag in ticket.tags.all()] == ["vip", "x"]
    assert set(Tag.objects.values_list("tenant", flat=True)) == {desk.ours.pk}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"priority__exact": "4"}, "hot"),
        ({"due": "over"}, "hot"),
        ({"due": "none"}, "cold"),
        ({"last_entry_by__exact": "staff"}, "cold"),
        ({"for_me": "watched"}, "hot"),
    ],
)
def test_the_list_is_narrowed_by_what_staff_set(desk: Desk, query: dict[str, str], found: str) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    hot = TicketFactory(tenant=desk.ours, priority=4, due_on=yesterday)
    hot.watchers.add(desk.agent)
    cold = TicketFactory(tenant=desk.ours, last_entry_by="staff")
    page = listed(desk.agent, **query)

    assert [one for one, ticket in (("hot", hot), ("cold", cold)) if ticket.reference in page] == [found]


def test_the_list_is_narrowed_by_tag_and_offers_own_tags_only(desk: Desk) -> None:
    tagged, other = TicketFactory.create_batch(2, tenant=desk.ours)
    tag = TagFactory(tenant=desk.ours, name="billing")
    tagged.tags.add(tag)
    TagFactory(tenant=desk.theirs, name="zebra")
    page = listed(desk.agent, tags__id__exact=str(tag.pk))

    assert (tagged.reference in page, other.reference in page, "zebra" in page) == (True, False, False)


def test_unread_is_each_persons_own(desk: Desk) -> None:
    ticket = TicketFactory(tenant=desk.ours, entry_count=2)
    signed_in(desk.agent).post(door(ticket, "look"), {"seen": "2"})

    assert ticket.reference not in listed(desk.agent, for_me="unread")
    assert ticket.reference in listed(desk.viewer, for_me="unread")
    Ticket.objects.filter(pk=ticket.pk).update(entry_count=3)
    assert ticket.reference in listed(desk.agent, for_me="unread")


def test_looking_at_a_page_alone_writes_nothing(desk: Desk) -> None:
    ticket = TicketFactory(tenant=desk.ours, entry_count=2)
    signed_in(desk.agent).get(door(ticket, "change"))

    assert not Look.objects.exists()


def test_several_are_marked_as_read_at_once(desk: Desk) -> None:
    tickets = TicketFactory.create_batch(2, tenant=desk.ours, entry_count=3)
    signed_in(desk.viewer).post(door(tickets[0], "look"), {"seen": "1"})
    form = {"action": "mark_read", "_selected_action": [one.pk for one in tickets], "index": "0"}
    signed_in(desk.viewer).post(reverse(LIST), form)

    assert list(Look.objects.values_list("entries_seen", flat=True)) == [3, 3]


def test_a_filter_is_saved_for_one_person_and_removed_by_him_alone(desk: Desk) -> None:
    doors = reverse("admin:tickets_ticket_filters")
    signed_in(desk.agent).post(doors, {"name": "Hot", "query": "priority__exact=4&p=3"})
    saved = SavedFilter.objects.get()
    signed_in(desk.admin).post(doors, {"remove": saved.pk})

    assert (saved.user, saved.name, saved.query) == (desk.agent, "Hot", "priority__exact=4")
    assert ">Hot<" in listed(desk.agent)
    assert ">Hot<" not in listed(desk.admin)
    signed_in(desk.agent).post(doors, {"remove": saved.pk})
    assert not SavedFilter.objects.exists()


def test_an_empty_filter_is_not_saved(desk: Desk) -> None:
    signed_in(desk.agent).post(reverse("admin:tickets_ticket_filters"), {"name": "All", "query": "p=2"})

    assert not SavedFilter.objects.exists()


def bulk(desk: Desk, *tickets: Ticket, **form: Any) -> Any:
    posted = {"action": "change_many", "_selected_action": [one.pk for one in tickets], "index": "0", **form}
    return signed_in(desk.agent).post(reverse(LIST), posted)


def test_several_tickets_are_changed_alike_and_none_out_of_reach(desk: Desk) -> None:
    own = TicketFactory.create_batch(2, tenant=desk.ours, due_on="2026-12-01")
    foreign = TicketFactory(tenant=desk.theirs)
    own[0].tags.add(TagFactory(tenant=desk.ours, name="old"))
    asked = bulk(desk, *own, foreign).content.decode()
    bulk(desk, *own, foreign, apply="1", priority="3", add_tags="vip", remove_tags="old")

    assert own[0].reference in asked
    assert foreign.reference not in asked
    for ticket in own:
        ticket.refresh_from_db()
        assert (ticket.priority, str(ticket.due_on), ticket.status) == (3, "2026-12-01", "new")
        assert [tag.name for tag in ticket.tags.all()] == ["vip"]
    foreign.refresh_from_db()
    assert (foreign.priority, foreign.tags.count()) == (2, 0)


def test_a_foreign_queue_or_person_is_not_taken_for_several_either(desk: Desk) -> None:
    """S-04."""
    ticket, queue = TicketFactory(tenant=desk.ours), QueueFactory(tenant=desk.theirs)
    bulk(desk, ticket, apply="1", queue=queue.pk)
    bulk(desk, ticket, apply="1", assignee=desk.stranger.pk)

    before = ticket.queue
    ticket.refresh_from_db()
    assert (ticket.queue, ticket.assignee) == (before, None)


def test_selected_tickets_are_merged_into_the_oldest(desk: Desk) -> None:
    newer = TicketFactory(tenant=desk.ours)
    older = TicketFactory(tenant=desk.ours, opened_at=newer.opened_at - timedelta(days=1))
    form = {"action": "merge_many", "_selected_action": [newer.pk, older.pk], "index": "0"}
    signed_in(desk.agent).post(reverse(LIST), form)

    newer.refresh_from_db()
    assert newer.merged_into == older


def test_a_merged_ticket_leads_to_the_other_and_is_taken_apart_there(desk: Desk) -> None:
    first, second = TicketFactory.create_batch(2, tenant=desk.ours)
    client = signed_in(desk.agent)
    client.post(door(second, "merge"), {"reference": first.reference.lower()})
    answer = client.get(door(second, "change"))
    page = client.get(door(first, "change")).content.decode()

    assert (answer.status_code, answer.headers["Location"]) == (302, door(first, "change"))
    assert door(second, "unmerge") in page
    client.post(door(second, "unmerge"))
    assert client.get(door(second, "change")).status_code == 200


@pytest.mark.parametrize("whose", ["theirs", "hidden", "missing"])
def test_a_ticket_out_of_reach_is_no_target(desk: Desk, whose: str) -> None:
    ticket = TicketFactory(tenant=desk.ours)
    hidden = TicketFactory(tenant=desk.ours, queue=QueueFactory(tenant=desk.ours))
    limited = MembershipFactory(tenant=desk.ours, user=UserFactory(username="limited"), is_limited=True)
    limited.queues.add(ticket.queue)
    named = {
        "theirs": TicketFactory(tenant=desk.theirs).reference,
        "hidden": hidden.reference,
        "missing": "CON-X",
    }
    answer = signed_in(limited.user).post(door(ticket, "merge"), {"reference": named[whose]}, follow=True)

    ticket.refresh_from_db()
    assert ticket.merged_into is None
    assert "no ticket of this tenant with that reference" in answer.content.decode()


def test_entries_are_split_off_on_the_page(desk: Desk) -> None:
    entry = EntryFactory(ticket__tenant=desk.ours, subject="Another matter")
    EntryFactory(ticket=entry.ticket)
    answer = signed_in(desk.agent).post(door(entry.ticket, "split"), {"entry": [entry.pk]}, follow=True)

    entry.refresh_from_db()
    assert entry.ticket.subject == "Another matter"
    assert entry.ticket.reference in answer.content.decode()


def test_a_ticket_is_taken_solved_and_opened_again_with_one_press_each(desk: Desk) -> None:
    ticket, client = TicketFactory(tenant=desk.ours), signed_in(desk.agent)
    for press in ("take", "solved"):
        page = client.post(door(ticket, "quick"), {"do": press}, follow=True).content.decode()
    ticket.refresh_from_db()
    assert (ticket.assignee, ticket.status) == (desk.agent, "solved")
    assert f"done by {desk.agent.username}" in page

    client.post(door(ticket, "quick"), {"do": "open"})
    client.post(door(ticket, "quick"), {"do": "closed"})
    ticket.refresh_from_db()
    assert (ticket.status, ticket.closed_at) == ("open", None)


def test_watching_is_switched_on_and_off(desk: Desk) -> None:
    ticket = TicketFactory(tenant=desk.ours)
    client = signed_in(desk.viewer)
    client.post(door(ticket, "watch"))
    assert list(ticket.watchers.all()) == [desk.viewer]
    client.post(door(ticket, "watch"))

    assert not ticket.watchers.exists()


@pytest.mark.parametrize("name", ["note", "answer", "quick", "merge", "unmerge", "split"])
def test_a_viewer_finds_no_door_that_changes_a_ticket(desk: Desk, name: str) -> None:
    ticket = TicketFactory(tenant=desk.ours)

    assert signed_in(desk.viewer).post(door(ticket, name)).status_code == 404
    assert door(ticket, name) not in signed_in(desk.viewer).get(door(ticket, "change")).content.decode()


def test_other_tickets_of_the_person_are_of_the_same_tenant_and_of_own_queues(desk: Desk) -> None:
    ticket, other = TicketFactory.create_batch(2, tenant=desk.ours)
    MembershipFactory(tenant=desk.theirs, user=desk.agent)
    foreign = TicketFactory(tenant=desk.theirs, subject="Foreign matter")
    page = signed_in(desk.agent).get(door(ticket, "change")).content.decode()

    assert foreign.requester_email == ticket.requester_email
    assert (other.subject in page, "Foreign matter" in page, "2 tickets since" in page) == (True, False, True)


def test_a_list_of_many_asks_no_more_than_one_of_few(desk: Desk) -> None:
    counts = []
    for number in (1, 40):
        for _row in range(number):
            ticket = TicketFactory(tenant=desk.ours, assignee=desk.agent)
            ticket.tags.add(TagFactory(tenant=desk.ours))
            AttachmentFactory(entry=EntryFactory(ticket=ticket))
        client = signed_in(desk.agent)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse(LIST))
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_a_page_of_two_hundred_entries_is_small_and_asks_no_more(desk: Desk) -> None:
    counts = []
    # The first page of all asks once for what is remembered then.
    for number in (3, 3, 200):
        ticket = TicketFactory(tenant=desk.ours, entry_count=number, requester_email="")
        for _row in range(number):
            AttachmentFactory(
                entry=EntryFactory(ticket=ticket, html="<p>x</p>", text="word " * 500, new_text="")
            )
        client = signed_in(desk.agent)
        with CaptureQueriesContext(connection) as queries:
            page = client.get(door(ticket, "change") + "?all=1")
        counts.append(len(queries))

    assert page.content.count(b'class="desk-entry ') == 200
    assert len(page.content) < 1024 * 1024
    assert counts[1] == counts[2]


def test_remote_pictures_are_fetched_only_once_asked_for(desk: Desk) -> None:
    html = '<img alt="a" data-remote-src="https://a.example/b.png"><img data-remote-src="javascript:x">'
    entry = EntryFactory(
        ticket__tenant=desk.ours, html=html, problems=[{"code": "remote_images", "text": "2"}]
    )
    client, url = signed_in(desk.agent), reverse("tickets:entry_html", args=[entry.pk])
    before, after = client.get(url), client.get(url, {"images": "1"})

    assert b' src="' not in before.content
    assert "https:" not in before.headers["Content-Security-Policy"]
    assert b'<img alt="a" src="https://a.example/b.png">' in after.content
    assert b'src="javascript' not in after.content.replace(b"data-remote-src", b"")
    assert "img-src 'self' data: https: http:;" in after.headers["Content-Security-Policy"]
    assert (after.headers["Referrer-Policy"], after.cookies) == ("no-referrer", {})
    assert f"{url}?images=1" in client.get(door(entry.ticket, "change")).content.decode()


def test_times_are_worded_in_the_zone_of_the_browser(desk: Desk) -> None:
    ticket = TicketFactory(tenant=desk.ours)
    pages = []
    for zone in ("Asia%2FTokyo", "../../etc/passwd"):
        client = signed_in(desk.agent)
        client.cookies["zone"] = zone
        pages.append(client.get(door(ticket, "change")).content.decode())

    assert "6:30 p.m." in pages[0]
    assert "9:30 a.m." in pages[1]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"status__in": "new,open"}, "Nothing needs an answer"),
        ({"for_me": "unread"}, "You have read everything"),
        ({"for_me": "watched"}, "You watch no ticket"),
        ({"q": "zeppelin"}, "Nothing matches"),
    ],
)
def test_an_empty_view_says_what_that_means(desk: Desk, query: dict[str, str], words: str) -> None:
    assert words in listed(desk.agent, **query)
