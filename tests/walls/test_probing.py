"""Ids guessed, forms replayed, fields added to a form: refused and logged."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import PASSWORD, QueueFactory, TicketFactory
from tests.tenants.admin.conftest import Desk, signed_in
from tests.walls import routes
from tests.walls.world import World
from tickets.models import Ticket


@pytest.mark.parametrize("field", ["subject", "tenant", "reply_token", "requester_email", "entries"])
def test_a_field_added_to_a_form_is_refused_and_nothing_is_saved(
    desk: Desk, caplog: pytest.LogCaptureFixture, field: str
) -> None:
    """S-12."""
    ticket, queue = TicketFactory(tenant=desk.ours), QueueFactory(tenant=desk.ours)
    url = reverse("admin:tickets_ticket_change", args=[ticket.pk])
    answer = signed_in(desk.agent).post(url, {"status": "solved", "queue": queue.pk, field: "planted"})

    assert answer.status_code == 400
    assert Ticket.objects.get(pk=ticket.pk).status == "new"
    assert f"User {desk.agent.pk} sent {field} to tickets.ticket." in caplog.text


def test_a_member_cannot_add_rights_to_his_own_form(desk: Desk) -> None:
    member = desk.agent.memberships.get()
    url = reverse("admin:tenants_membership_change", args=[member.pk])
    answer = signed_in(desk.admin).post(url, {"role": "viewer", "user": desk.admin.pk, "is_limited": "on"})

    member.refresh_from_db()
    assert (answer.status_code, member.role, member.user) == (400, "agent", desk.agent)


def test_a_guessed_number_is_logged_and_the_log_does_not_tell_what_was_there(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    client, foreign = signed_in(desk.agent), TicketFactory(tenant=desk.theirs)
    for pk in (foreign.pk, 987654):
        client.get(reverse("admin:tickets_ticket_change", args=[pk]))
    told = [record for record in caplog.records if record.getMessage() == "a row out of reach was asked for"]

    assert [(record.by, record.model, record.asked) for record in told] == [  # type: ignore[attr-defined]
        (desk.agent.pk, "tickets.ticket", str(pk)) for pk in (foreign.pk, 987654)
    ]


def test_a_form_of_an_ended_session_cannot_be_replayed(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """The token of a form goes with the session it was made in; the address of the form stays closed, too."""
    client = Client(enforce_csrf_checks=True)
    ticket = TicketFactory(tenant=desk.ours)
    url = reverse("admin:tickets_ticket_note", args=[ticket.pk])
    client.force_login(desk.agent, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("admin:tickets_ticket_change", args=[ticket.pk]))
    form = {"text": "once", "csrfmiddlewaretoken": str(page.context["csrf_token"])}
    assert client.post(url, form).status_code == 302
    client.logout()
    login = client.get("/admin/login/").context["csrf_token"]
    credentials = {"username": "agent", "password": PASSWORD, "csrfmiddlewaretoken": str(login)}
    assert client.post("/admin/login/", credentials).status_code == 302

    assert client.post(url, form).status_code == 403
    assert ticket.entries.count() == 1
    assert "Forbidden (CSRF token" in caplog.text


#: Asked by scripts of a page alone: no browser comes back to them from a sign-in.
SCRIPTS = {
    "admin/tickets/ticket/<int:pk>/look/",
    "admin/tickets/ticket/<int:pk>/quote/",
    "admin/tickets/ticket/<int:pk>/people/",
}
FORMS = {
    route: door.model
    for route, door in routes.DOORS.items()
    if door.methods == {"POST"} and route not in SCRIPTS
}


@pytest.mark.parametrize("route", FORMS)
def test_an_address_of_a_form_leads_a_browser_to_the_page_of_its_button(world: World, route: str) -> None:
    """Without scripts a form that meets the sign-in comes back as a question for its address."""
    address = routes.address(route, world.pk(FORMS[route], "a"))
    shown = world.client("operator").get(address, follow=True, headers={"accept": "text/html"})

    assert shown.status_code == 200
    assert "If you pressed one and had to sign in first" in shown.text
    assert "doesn’t exist" not in shown.text
