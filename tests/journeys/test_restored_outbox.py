"""The database is that of an hour ago: what has left since does not leave again, what has not does. F-61, F-62."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from mailboxes.models import OutboundMessage
from tests.journeys.customer import Customer
from tests.journeys.outgoing import answer, backed_up, departed, later, send, state, ticket_of
from tests.mail_servers.submission import Submission

pytestmark = [pytest.mark.journey, pytest.mark.django_db]


def wait_long() -> None:
    OutboundMessage.objects.update(queued_at=timezone.now() - timedelta(hours=1))


def alone(customer: Customer) -> None:
    """Take the right to look into the mailbox away."""
    customer.control(f"apps/{customer.client_id}", {"roles": ["Mail.Send"]}, method="PATCH")


def ask_over_smtp(customer: Customer, **values: Any) -> OutboundMessage:
    ticket = ticket_of(customer)
    customer.change(outbound_transport="smtp")
    return answer(ticket, **values)


def test_mail_that_left_after_the_backup_is_found_with_one_request(customer: Customer) -> None:
    row = answer(ticket_of(customer))
    restore = backed_up(row)
    send(customer)
    restore()
    assert state(row) == "queued"
    customer.control("counters/reset")
    send(customer)
    assert len([one for one in customer.control.targets() if "/v1.0/" in one]) == 1
    assert (state(row), len(departed(customer))) == ("sent", 1)


def test_draft_that_was_made_after_the_backup_is_the_mail_that_leaves(customer: Customer) -> None:
    row = answer(ticket_of(customer))
    restore = backed_up(row)
    customer.control.fault("status", path="/send$", options={"status": 429})
    send(customer)
    restore()
    customer.change(send_wait_until=None)
    send(customer)
    assert (state(row), len(departed(customer)), "drafts" in customer.folders()) == ("sent", 1, False)


@pytest.mark.parametrize("fault", ["reset_after", "reset_before"])
def test_mail_whose_sender_was_at_work_during_the_backup_leaves_once(customer: Customer, fault: str) -> None:
    row = answer(ticket_of(customer))
    customer.control.fault(fault, path="/send$")
    send(customer)
    OutboundMessage.objects.update(state="sending", claimed_until=timezone.now(), retry_at=None)
    restore = backed_up(row)
    later()
    send(customer)
    restore()
    assert state(row) == "uncertain"
    send(customer)
    assert (state(row), len(departed(customer))) == ("sent", 1)


def test_mail_that_only_waited_long_leaves_after_one_look(customer: Customer) -> None:
    row = answer(ticket_of(customer))
    wait_long()
    customer.control("counters/reset")
    send(customer)
    assert len([one for one in customer.control.targets() if "/v1.0/" in one]) == 3
    assert (state(row), len(departed(customer))) == ("sent", 1)


def test_mail_that_waited_long_leaves_where_nobody_may_look(customer: Customer) -> None:
    """S0-7: Mail.Send alone. Nobody is asked about a queue that was only slow."""
    row = answer(ticket_of(customer))
    alone(customer)
    wait_long()
    send(customer)
    assert (state(row), len(departed(customer))) == ("sent", 1)


@pytest.mark.parametrize("was_put_off", [False, True])
def test_mail_that_left_over_smtp_after_the_backup_is_not_sent_again(
    over: Callable[..., Customer], submission: Submission, was_put_off: bool
) -> None:
    customer = over()
    row = ask_over_smtp(customer)
    if was_put_off:
        submission.weather.replies["MAIL"] = ["451 4.7.500 Server busy"]
        send(customer)
        later()
    restore = backed_up(row)
    send(customer)
    restore()
    assert state(row) == "queued"
    send(customer)
    assert (state(row), len(submission.taken)) == ("sent", 1)


@pytest.mark.parametrize("reading", ["graph", "none"])
def test_mail_that_only_waited_long_leaves_over_smtp(
    over: Callable[..., Customer], submission: Submission, reading: str
) -> None:
    customer = over(inbound_transport=reading)
    row = ask_over_smtp(customer)
    wait_long()
    send(customer)
    assert (state(row), len(submission.taken)) == ("sent", 1)


def test_look_that_fails_is_waited_for(over: Callable[..., Customer], submission: Submission) -> None:
    customer = over()
    row = ask_over_smtp(customer)
    restore = backed_up(row)
    send(customer)
    restore()
    customer.control.fault("status", path="/messages", count=None, options={"status": 503})
    send(customer)
    assert state(row) == "queued"
    customer.control("faults", method="DELETE")
    later()
    send(customer)
    assert (state(row), len(submission.taken)) == ("sent", 1)


def test_look_that_fails_for_good_does_not_hold_mail_up(
    over: Callable[..., Customer], submission: Submission
) -> None:
    customer = over()
    row = ask_over_smtp(customer)
    wait_long()
    customer.control.fault("status", path="/messages", count=None, options={"status": 503})
    for _try in range(3):
        send(customer)
        later()
    assert (state(row), submission.taken) == ("queued", [])
    send(customer)
    assert (state(row), len(submission.taken)) == ("sent", 1)
