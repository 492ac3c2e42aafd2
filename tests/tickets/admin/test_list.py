"""The list of tickets: what its search box, filters and actions do, and for whom."""

from __future__ import annotations

import html
import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.urls import reverse

from tests.factories import EntryFactory, MembershipFactory, QueueFactory, TicketFactory
from tests.tenants.admin.conftest import Desk, signed_in
from tickets.admin.saved_views import NEEDS_ANSWER
from tickets.models import Ticket

LIST = "admin:tickets_ticket_changelist"


def test_the_box_above_the_list_finds_own_tickets_by_their_text(desk: Desk) -> None:
    own = EntryFactory(ticket__tenant=desk.ours, text="The cooling hums.").ticket
    foreign = EntryFactory(ticket__tenant=desk.theirs, text="The cooling hums.").ticket
    page = signed_in(desk.viewer).get(reverse(LIST), {"q": "cool"}).content.decode()

    assert own.reference in page
    assert foreign.reference not in page


def act(user: User, action: str, *tickets: Ticket) -> None:
    form = {"action": action, "_selected_action": [ticket.pk for ticket in tickets], "index": "0"}
    signed_in(user).post(reverse(LIST), form)


def test_an_agent_takes_several_tickets_at_once_and_none_that_he_may_only_read(desk: Desk) -> None:
    """S-08."""
    MembershipFactory(tenant=desk.theirs, user=desk.agent, role="viewer")
    own, foreign = (
        TicketFactory.create_batch(2, tenant=desk.ours),
        TicketFactory(tenant=desk.theirs),
    )
    act(desk.agent, "assign_to_me", *own, foreign)

    assert set(Ticket.objects.filter(assignee=desk.agent)) == set(own)


def test_a_status_set_for_several_takes_the_time_of_closing_along(desk: Desk) -> None:
    ticket = TicketFactory(tenant=desk.ours)
    act(desk.agent, "set_solved", ticket)
    ticket.refresh_from_db()
    solved = ticket.status, ticket.closed_at is not None
    act(desk.agent, "set_open", ticket)
    ticket.refresh_from_db()

    assert solved == ("solved", True)
    assert (ticket.status, ticket.closed_at) == ("open", None)
    assert LogEntry.objects.filter(object_id=str(ticket.pk)).count() == 2


@pytest.mark.parametrize("action", ["assign_to_me", "set_closed"])
def test_a_viewer_takes_and_moves_nothing(desk: Desk, action: str) -> None:
    ticket = TicketFactory(tenant=desk.ours)
    act(desk.viewer, action, ticket)

    ticket.refresh_from_db()
    assert (ticket.assignee, ticket.status) == (None, "new")


def test_my_view_shows_what_is_mine_and_not_done(desk: Desk) -> None:
    mine, done = (
        TicketFactory(tenant=desk.ours, assignee=desk.agent, status=status) for status in ("open", "closed")
    )
    other = TicketFactory(tenant=desk.ours)
    client = signed_in(desk.agent)
    link = re.search(r'href="(\?assignee[^"]+)"', client.get(reverse(LIST)).content.decode())
    assert link
    page = client.get(reverse(LIST) + html.unescape(link[1])).content.decode()

    assert mine.reference in page
    assert done.reference not in page
    assert other.reference not in page


def test_a_ticket_is_given_to_those_who_work_for_its_tenant_only(desk: Desk) -> None:
    """S-04."""
    ticket = TicketFactory(tenant=desk.ours)
    url = reverse("admin:tickets_ticket_change", args=[ticket.pk])
    taken = []
    for somebody in (desk.stranger, desk.viewer, desk.admin):
        form = {"status": "open", "queue": ticket.queue_id, "assignee": somebody.pk, "_continue": "1"}
        signed_in(desk.agent).post(url, form)
        ticket.refresh_from_db()
        taken.append(ticket.assignee)

    assert taken == [None, None, desk.admin]


def test_the_side_bar_opens_what_needs_an_answer(desk: Desk) -> None:
    address = f"{reverse(LIST)}?{NEEDS_ANSWER}"
    shown = signed_in(desk.agent).get(reverse("admin:index")).text

    # Beside the figure above the plots, which leads there as well.
    assert shown.count(f'href="{html.escape(address)}"') == 2


def test_rows_and_choices_say_whose_they_are_to_those_of_several_tenants(desk: Desk) -> None:
    for tenant in (desk.ours, desk.theirs):
        QueueFactory(tenant=tenant, name="Support")
    operator = signed_in(desk.operator)
    choice = f"Support · {desk.theirs}"

    assert "column-tenant" not in signed_in(desk.agent).get(reverse("admin:tickets_queue_changelist")).text
    assert "column-tenant" in operator.get(reverse("admin:tickets_queue_changelist")).text
    assert choice in html.unescape(operator.get(reverse(LIST)).text)
    assert choice in html.unescape(operator.get(reverse("admin:tenants_membership_add")).text)


def test_staff_are_called_by_their_names_where_tickets_are_given_to_them(desk: Desk) -> None:
    User.objects.filter(pk=desk.agent.pk).update(first_name="Grace", last_name="Hopper")
    ticket, client = TicketFactory(tenant=desk.ours, assignee=desk.agent), signed_in(desk.agent)
    page = reverse("admin:tickets_ticket_change", args=[ticket.pk])

    for address in (page, reverse(LIST)):
        assert re.search(rf'<option value="{desk.agent.pk}"[^>]*>\s*Grace Hopper', client.get(address).text)
