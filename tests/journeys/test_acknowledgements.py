"""A customer writes, and hears once that it has arrived; machines hear nothing, and no death of a worker doubles it."""

from __future__ import annotations

import email
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from mailboxes import storage
from mailboxes.inbound.run import Filed
from mailboxes.inbound.sync import sync
from mailboxes.models import InboundMessage, Mailbox, OutboundMessage
from mailboxes.outbound import claims
from tests.journeys.customer import Customer
from tests.journeys.outgoing import departed, later, send, state
from tickets import filing
from tickets.models import Entry, Queue, Ticket


@pytest.fixture
def desk(customer: Customer) -> Customer:
    """A customer whose mailbox was connected an hour ago, sends, and acknowledges."""
    customer.change(outbound_transport="graph", created_at=timezone.now() - timedelta(hours=1))
    Queue.objects.filter(tenant=customer.mailbox.tenant).update(answers_automatically=True)
    return customer


def test_a_customers_mail_is_acknowledged_once_in_its_thread(desk: Customer) -> None:
    desk.arrive("one")
    desk.sync()
    send(desk)
    desk.sync()
    send(desk)
    (left,), (row,) = departed(desk), OutboundMessage.objects.all()
    assert (left["internetMessageId"], state(row)) == (row.message_id, "sent")
    assert desk.folders()["sentitems"] == [row.message_id]
    assert Ticket.objects.get().status == "new"


def test_what_the_customer_receives_says_that_a_machine_wrote_it(
    desk: Customer, connected: Callable[..., Customer]
) -> None:
    """RFC 3834. The customer is another helpdesk, which does not answer in turn."""
    other = connected()
    desk.arrive("one", sender=f"Ada <{other.mailbox.address}>")
    desk.sync()
    send(desk)
    other.sync()
    received = InboundMessage.objects.get(mailbox=other.mailbox)
    mail = email.message_from_bytes(storage.full_path(received.raw_path).read_bytes())
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["In-Reply-To"] == mail["References"] == "<one@fabrikam.example>"
    assert f"[#{Ticket.objects.get(mailbox=desk.mailbox).reference}]" in mail["Subject"]
    assert received.state == "suspended"


def test_a_machine_hears_nothing_and_neither_does_a_second_mail(desk: Customer) -> None:
    desk.arrive("away", auto_submitted="auto-replied")
    desk.sync()
    desk.arrive("one")
    desk.sync()
    desk.arrive("two")
    desk.sync()
    send(desk)
    assert (Ticket.objects.count(), len(departed(desk))) == (3, 1)


def test_mail_from_before_the_mailbox_was_connected_hears_nothing(desk: Customer) -> None:
    desk.arrive("old", received_at=(timezone.now() - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ"))
    desk.sync()
    send(desk)
    assert (Ticket.objects.count(), departed(desk)) == (1, [])


def test_a_worker_that_dies_between_filing_and_sending_leaves_one_acknowledgement(
    desk: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.arrive("one")
    with pytest.raises(KeyboardInterrupt):
        sync(desk.mailbox.pk, file=_file_and_die, budget_s=60.0)
    Mailbox.objects.update(claimed_until=None)
    with monkeypatch.context() as patch:
        patch.setattr(claims, "settle", _die)
        with pytest.raises(KeyboardInterrupt):
            send(desk)
    for _again in range(3):
        later()
        desk.sync()
        send(desk)
    entries = Entry.objects.filter(kind=Entry.Kind.MAIL_OUT)
    assert (len(departed(desk)), OutboundMessage.objects.count(), entries.count()) == (1, 1, 1)


def test_a_worker_that_dies_before_the_commit_leaves_one_acknowledgement(
    desk: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.arrive("one")
    with monkeypatch.context() as patch:
        patch.setattr(filing.Filer, "_settle", _die)
        with pytest.raises(KeyboardInterrupt):
            desk.sync()
    assert OutboundMessage.objects.count() == 0
    desk.change(claimed_until=None)
    desk.mailbox.ledger.update(claimed_until=None, retry_at=None)
    desk.sync()
    send(desk)
    assert len(departed(desk)) == 1


def _file_and_die(mailbox: Mailbox) -> Filed:
    filed = filing.file_for(mailbox)
    if filed.settled:
        raise KeyboardInterrupt
    return filed


def _die(*_args: Any, **_values: Any) -> None:
    raise KeyboardInterrupt
