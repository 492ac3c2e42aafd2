"""The test mail of an examination: sent or refused, where its copy lies, and whether its answer finds its ticket."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from tests.factories import MembershipFactory
from tests.journeys.customer import Customer
from tests.journeys.test_doctor import FULL, granted, run
from tests.tenants.admin.conftest import signed_in
from tickets.models import Ticket

__all__ = ["granted"]
pytestmark = [pytest.mark.journey, pytest.mark.django_db]


def sender(customer: Customer) -> Customer:
    """Switch sending on and grant what it needs."""
    customer.control(f"apps/{customer.client_id}", {"roles": [*FULL, "Mail.Send"]}, method="PATCH")
    customer.change(outbound_transport="graph")
    return customer


def test_test_mail_is_sent_where_the_command_says(granted: Customer) -> None:
    """S0-21, S0-22."""
    document, is_ok = run(sender(granted).mailbox.address, "--send-to", "boss@desk.example")
    check = {one["id"]: one for one in document["mailboxes"][0]["checks"]}["send"]
    assert (is_ok, check["status"], "copy in Sent Items" in check["detail"]) == (True, "ok", True)
    assert len(granted.folders()["sentitems"]) == 1


@pytest.mark.parametrize("to", ["", "nobody", "a@desk.example\nBcc: b@elsewhere.example"])
def test_no_mail_leaves_without_an_address(granted: Customer, to: str) -> None:
    document, is_ok = run(sender(granted).mailbox.address, "--send-to", to)
    check = {one["id"]: one for one in document["mailboxes"][0]["checks"]}["send"]
    assert (is_ok, check["code"]) == (True, "trial_unaddressed")
    assert "sentitems" not in granted.folders()


def answered(customer: Customer) -> dict[str, Any]:
    document, _is_ok = run(customer.mailbox.address)
    found: dict[str, Any] = {one["id"]: one for one in document["mailboxes"][0]["checks"]}["answer"]
    return found


def test_answer_to_the_test_mail_is_filed_on_its_ticket(granted: Customer) -> None:
    """S0-22: sent, and the answer of whoever got it is found where it belongs."""
    assert answered(granted)["code"] == "outbound_off"
    assert answered(sender(granted))["code"] == "trial_not_sent"
    run(granted.mailbox.address, "--send-to", "boss@desk.example")
    assert answered(granted)["code"] == "trial_unanswered"
    (sent,) = granted.letters("sentitems")
    granted.arrive("yes", sender="boss@desk.example", in_reply_to=str(sent["Message-ID"]))
    granted.sync()
    found = answered(granted)
    ticket = Ticket.objects.get()
    assert (found["status"], ticket.reference in found["detail"], ticket.entries.count()) == ("ok", True, 2)


def test_tests_of_one_person_stand_on_one_ticket(granted: Customer) -> None:
    for _ in range(2):
        run(sender(granted).mailbox.address, "--send-to", "boss@desk.example")
    assert (Ticket.objects.count(), Ticket.objects.get().entries.count()) == (1, 2)


def test_test_mail_that_cannot_leave_opens_no_ticket(granted: Customer) -> None:
    granted.change(outbound_transport="graph")
    run(granted.mailbox.address, "--send-to", "boss@desk.example")
    assert not Ticket.objects.exists()


def test_mailbox_that_may_not_send_says_so(granted: Customer) -> None:
    granted.change(outbound_transport="graph")
    document, is_ok = run(granted.mailbox.address, "--send-to", "boss@desk.example")
    found = {check["id"]: check["code"] for check in document["mailboxes"][0]["checks"]}
    assert (is_ok, found["permissions"], found["send"]) == (False, "permission_missing", "ErrorAccessDenied")


def test_button_sends_to_the_one_who_pressed_it(granted: Customer) -> None:
    user = MembershipFactory(tenant=granted.mailbox.tenant, role="admin").user
    page = signed_in(user).post(reverse("admin:mailboxes_mailbox_test", args=[sender(granted).mailbox.pk]))
    assert f"on its way to {user.email}" in page.content.decode()
