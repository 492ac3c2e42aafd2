"""The page of a queue: whether new tickets are acknowledged, and what the customer reads."""

from typing import Any

import pytest
from django.urls import reverse

from tenants.models import AuditEntry
from tests.factories import MailboxFactory, QueueFactory
from tests.tenants.admin.conftest import Desk, signed_in
from tickets.models import Queue

ADD = "admin:tickets_queue_add"


def form(desk: Desk | None, **values: Any) -> dict[str, Any]:
    """Fill the form in; a queue that is there already keeps its tenant."""
    written = {"auto_answer_subject": "[#{reference}]", "auto_answer_text": "Hello {requester_name}"}
    return ({"tenant": desk.ours.pk} if desk else {}) | {"name": "Support", **written, **values}


def page_of(desk: Desk, queue: Queue) -> str:
    url = reverse("admin:tickets_queue_change", args=[queue.pk])
    return signed_in(desk.admin).get(url).content.decode()


def test_a_queue_acknowledges_nothing_until_somebody_wants_it(desk: Desk) -> None:
    signed_in(desk.admin).post(reverse(ADD), form(desk))
    assert Queue.objects.get().answers_automatically is False


def test_admin_of_a_tenant_switches_the_acknowledgement_on_and_the_audit_list_tells(desk: Desk) -> None:
    queue = QueueFactory(tenant=desk.ours)
    url = reverse("admin:tickets_queue_change", args=[queue.pk])
    signed_in(desk.admin).post(url, form(None, answers_automatically="on"))
    queue.refresh_from_db()
    assert (queue.answers_automatically, queue.auto_answer_text) == (True, "Hello {requester_name}")
    line = AuditEntry.objects.order_by("-pk")[0]
    assert (line.actor, line.details["answers_automatically"]) == (desk.admin.username, [False, True])


@pytest.mark.parametrize("field", ["auto_answer_subject", "auto_answer_text"])
def test_unknown_placeholder_is_named_at_its_box(desk: Desk, field: str) -> None:
    """S0-32."""
    page = signed_in(desk.admin).post(reverse(ADD), form(desk, **{field: "Dear {style}"})).content.decode()
    assert not Queue.objects.exists()
    assert "There is no placeholder {style}; known are {reference}" in page


def test_acknowledgement_without_words_is_refused(desk: Desk) -> None:
    posted = form(desk, answers_automatically="on", auto_answer_text=" ")
    page = signed_in(desk.admin).post(reverse(ADD), posted).content.decode()
    assert not Queue.objects.exists()
    assert "Write what the customer reads" in page


def test_page_shows_what_the_customer_reads(desk: Desk) -> None:
    queue = QueueFactory(tenant=desk.ours, auto_answer_text="Dear {requester_name}, <b>{reference}</b>")
    assert "Dear Ada Byron, &lt;b&gt;CON-7QF2KX4MZA&lt;/b&gt;" in page_of(desk, queue)


def test_mailboxes_that_cannot_send_are_named_on_saving(desk: Desk) -> None:
    queue = QueueFactory(tenant=desk.ours)
    MailboxFactory(tenant=desk.ours, queue=queue, address="silent@contoso.example")
    MailboxFactory(tenant=desk.ours, queue=queue, address="sends@contoso.example", outbound_transport="graph")
    url = reverse("admin:tickets_queue_change", args=[queue.pk])
    posted = form(None, answers_automatically="on")
    page = signed_in(desk.admin).post(url, posted, follow=True).content.decode()
    assert "Mail to silent@contoso.example is not acknowledged" in page
