"""Drafts of mail that will not be sent are gone the next morning. F-74, F-76."""

from __future__ import annotations

from typing import Any

import pytest

from mailboxes.outbound.outbox import cancel, queue_again
from mailboxes.tasks import examine_mailbox
from tests.journeys.customer import Customer
from tests.journeys.outgoing import answer, departed, later, send, state, ticket_of

pytestmark = [pytest.mark.journey, pytest.mark.django_db]


def left(customer: Customer, kind: str = "status", **options: Any) -> Any:
    """Send a mail whose draft is made, and let the request that sends it go wrong."""
    row = answer(ticket_of(customer))
    customer.control.fault(kind, path="/send$", options=options)
    send(customer)
    return row


def test_draft_of_a_mail_that_was_taken_back_is_removed(customer: Customer) -> None:
    row = left(customer, status=429)
    assert (cancel(row, by=None), len(customer.folders()["drafts"])) == (True, 1)
    examine_mailbox(customer.mailbox.pk)
    assert ("drafts" in customer.folders(), departed(customer)) == (False, [])
    assert queue_again(row, by=None)
    send(customer)
    assert (state(row), len(departed(customer))) == ("sent", 1)


def test_draft_of_a_mail_that_failed_is_removed(customer: Customer) -> None:
    row = left(customer, status=400, code="ErrorInvalidRecipients")
    assert (state(row), len(customer.folders()["drafts"])) == ("failed", 1)
    examine_mailbox(customer.mailbox.pk)
    assert "drafts" not in customer.folders()


def test_draft_of_a_mail_that_waits_is_left_alone(customer: Customer) -> None:
    row = left(customer, status=429)
    examine_mailbox(customer.mailbox.pk)
    assert len(customer.folders()["drafts"]) == 1
    later()
    send(customer)
    assert (state(row), len(departed(customer))) == ("sent", 1)


def test_mail_that_was_taken_back_in_doubt_and_had_left_stays_in_sent_items(customer: Customer) -> None:
    row = left(customer, "reset_after")
    assert cancel(row, by=None)
    examine_mailbox(customer.mailbox.pk)
    assert customer.folders()["sentitems"] == [row.message_id]


def test_draft_that_cannot_be_removed_tonight_is_removed_tomorrow(customer: Customer) -> None:
    cancel(left(customer, status=429), by=None)
    customer.control.fault("status", method="GET", path="/messages", count=20, options={"status": 503})
    examine_mailbox(customer.mailbox.pk)
    assert len(customer.folders()["drafts"]) == 1
    customer.control("faults", method="DELETE")
    examine_mailbox(customer.mailbox.pk)
    assert "drafts" not in customer.folders()
