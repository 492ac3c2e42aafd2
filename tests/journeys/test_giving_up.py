"""Mail that cannot leave for five days is not tried for ever: it fails, and says what to do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from mailboxes.models import OutboundMessage
from mailboxes.outbound.outbox import queue_again
from tests.journeys.customer import Customer
from tests.journeys.outgoing import answer, departed, later, send, ticket_of

pytestmark = [pytest.mark.journey, pytest.mark.django_db]

BUSY = {"status": 503, "code": "ErrorServerBusy"}


def waited(row: OutboundMessage, **since: timedelta) -> None:
    """Let a mail be as old as that."""
    OutboundMessage.objects.filter(pk=row.pk).update(
        retry_at=None, **{name: timezone.now() - age for name, age in since.items()}
    )


def how(row: OutboundMessage) -> tuple[str, str]:
    row.refresh_from_db()
    return row.state, (row.error or {}).get("code", "")


def test_mail_is_tried_for_five_days_and_then_fails_with_what_to_do(customer: Customer) -> None:
    row = answer(ticket_of(customer))
    customer.control.fault("status", path="/messages", count=2, options=BUSY)
    for age, state in ((timedelta(0), "queued"), (timedelta(days=4, hours=23), "queued")):
        waited(row, queued_at=age)
        send(customer)
        assert how(row) == (state, "ErrorServerBusy")
    waited(row, queued_at=timedelta(days=5, minutes=1))
    send(customer)
    assert how(row) == ("failed", "send_too_late")
    assert "(ErrorServerBusy)" in (row.error or {})["cause"]
    assert departed(customer) == []
    assert queue_again(row, by=None)
    send(customer)
    assert (how(row), len(departed(customer))) == (("sent", ""), 1)


def test_mail_of_a_mailbox_that_was_off_for_weeks_does_not_leave_when_it_is_on_again(
    customer: Customer,
) -> None:
    row = answer(ticket_of(customer))
    customer.change(is_active=False)
    waited(row, queued_at=timedelta(days=21))
    send(customer)
    assert how(row) == ("queued", "")
    customer.change(is_active=True)
    send(customer)
    assert (how(row), departed(customer)) == (("failed", "send_too_late"), [])


def test_doubt_that_cannot_be_looked_into_for_five_days_waits_for_a_person(customer: Customer) -> None:
    row = answer(ticket_of(customer))
    customer.control.fault("reset_after", path="/send$")
    send(customer)
    customer.control.fault("status", method="GET", path="/messages", count=2, options=BUSY)
    later()
    send(customer)
    assert how(row) == ("uncertain", "ErrorServerBusy")
    OutboundMessage.objects.update(retry_at=timezone.now(), asked_at=timezone.now() - timedelta(days=6))
    send(customer)
    assert (how(row), row.retry_at) == (("uncertain", "send_in_doubt"), None)
