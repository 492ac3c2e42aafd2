"""Canned answers: who writes them, and what is offered on a ticket."""

from typing import Any

import pytest
from django.urls import reverse

from tenants.models import AuditEntry
from tests.factories import CannedAnswerFactory, MailboxFactory, QueueFactory, TicketFactory
from tests.tenants.admin.conftest import Desk, signed_in
from tickets.models import CannedAnswer, Ticket

ADD = "admin:tickets_cannedanswer_add"


def form(desk: Desk, **values: Any) -> dict[str, Any]:
    return {"tenant": desk.ours.pk, "name": "Unplug", "text": "Dear {requester_name}, unplug it."} | values


@pytest.fixture
def ticket(desk: Desk) -> Ticket:
    mailbox = MailboxFactory(tenant=desk.ours, outbound_transport="graph")
    made: Ticket = TicketFactory(tenant=desk.ours, mailbox=mailbox, requester_name='Ada "<b>" {subject}')
    return made


def page_of(desk: Desk, ticket: Ticket) -> str:
    url = reverse("admin:tickets_ticket_change", args=[ticket.pk])
    return signed_in(desk.agent).get(url).content.decode()


def test_admin_of_a_tenant_writes_one_and_the_audit_list_tells(desk: Desk) -> None:
    signed_in(desk.admin).post(reverse(ADD), form(desk))
    assert CannedAnswer.objects.get().tenant == desk.ours
    assert AuditEntry.objects.order_by("-pk")[0].actor == desk.admin.username


def test_unknown_placeholder_is_named(desk: Desk) -> None:
    """S0-32."""
    page = signed_in(desk.admin).post(reverse(ADD), form(desk, text="{style}")).content.decode()
    assert not CannedAnswer.objects.exists()
    assert "There is no placeholder {style}" in page


def test_queue_of_another_tenant_is_refused(desk: Desk) -> None:
    queue = QueueFactory(tenant=desk.theirs)
    signed_in(desk.operator).post(reverse(ADD), form(desk, queue=queue.pk))
    assert not CannedAnswer.objects.exists()


def test_ticket_offers_those_of_its_tenant_and_queue_filled_in(desk: Desk, ticket: Ticket) -> None:
    CannedAnswerFactory(tenant=desk.ours, name="For all", text="{reference}: {requester_name}")
    CannedAnswerFactory(tenant=desk.ours, name="Of the queue", queue=ticket.queue)
    CannedAnswerFactory(tenant=desk.ours, name="Of another", queue=QueueFactory(tenant=desk.ours))
    CannedAnswerFactory(tenant=desk.theirs, name="Of a stranger")
    page = page_of(desk, ticket)
    assert f'value="{ticket.reference}: Ada &quot;&lt;b&gt;&quot; {{subject}}"' in page
    assert "Of the queue" in page
    assert "Of another" not in page
    assert "Of a stranger" not in page


def test_ticket_without_any_offers_no_choice(desk: Desk, ticket: Ticket) -> None:
    assert "data-canned" not in page_of(desk, ticket)
