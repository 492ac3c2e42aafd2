"""Where the copy of a sent mail lies is looked up once for each address mail leaves from, and shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from mailboxes.models import Sender
from mailboxes.outbound import outbox
from mailboxes.outbound.trial import send_trial
from tests.factories import EntryFactory, OperatorFactory
from tests.journeys.customer import Customer
from tests.journeys.outgoing import answer, send, ticket_of
from tests.tenants.admin.conftest import signed_in
from tickets.models import Entry, Ticket

pytestmark = [pytest.mark.journey, pytest.mark.django_db]


def looked(customer: Customer) -> dict[str, Any]:
    """Send an answer, let the look be due, and give what it has shown."""
    ticket = ticket_of(customer)
    EntryFactory(ticket=ticket, message_id="<asked@fabrikam.example>")
    answer(ticket)
    send(customer)
    return look(customer)


def look(customer: Customer) -> dict[str, Any]:
    Sender.objects.filter(copy_due_at__isnull=False).update(copy_due_at=timezone.now() - timedelta(seconds=1))
    assert outbox.send_in_turn(budget_s=5)[0] == customer.mailbox.pk
    found = Sender.objects.get(mailbox=customer.mailbox).copy
    return dict(found) if found else {}


def page(customer: Customer) -> str:
    address = reverse("admin:mailboxes_mailbox_change", args=[customer.mailbox.pk])
    return signed_in(OperatorFactory()).get(address).content.decode()


def test_copy_in_the_own_sent_items_keeps_what_threads_need(customer: Customer) -> None:
    address = customer.mailbox.address
    assert looked(customer) == {
        "own": True, "named": None, "message_id": True, "threading": True, "shown_as": address,
    }  # fmt: skip
    assert "Copies lie in Sent Items of this mailbox." in page(customer)


def test_look_is_made_once(customer: Customer) -> None:
    looked(customer)
    answer(ticket_of(customer))
    send(customer)
    assert not Sender.objects.filter(copy_due_at__isnull=False).exists()
    assert outbox.mailboxes_due() == []


@pytest.mark.parametrize("is_copied", [False, True])
def test_copy_for_the_mailbox_sent_as_is_found_or_missed(customer: Customer, is_copied: bool) -> None:
    """S0-16: a shared mailbox; MessageCopyForSentAsEnabled."""
    shared = f"team@{customer.mailbox.tenant.domain}"
    here = {"directory_id": customer.mailbox.tenant.directory_id, "apps": [], "mailboxes": []}
    box = {"address": shared, "kind": "shared", "copy_for_sent_as": is_copied}
    customer.control("scenario", {"tenants": [{**here, "mailboxes": [box]}]})
    customer.control(f"{customer.path}/rights", {"send_as": [shared]})
    customer.change(outbound_from=shared)
    found = looked(customer)
    assert (found["own"], found["named"]) == (True, is_copied)
    assert (f"Set-Mailbox -Identity &#x27;{shared}" in page(customer)) is not is_copied


def test_alias_that_exchange_replaces_is_told(customer: Customer) -> None:
    alias = f"sales@{customer.mailbox.tenant.domain}"
    customer.control(f"{customer.path}/rights", {"aliases": [alias]})
    customer.change(outbound_from=alias, aliases=alias)
    assert looked(customer)["shown_as"] == customer.mailbox.address
    assert "SendFromAliasEnabled" in page(customer)


def test_sent_items_that_cannot_be_seen_are_no_trouble(customer: Customer) -> None:
    customer.control(f"apps/{customer.client_id}", {"roles": ["Mail.Send"]}, method="PATCH")
    assert looked(customer) == {"own": None, "named": None}


def test_answer_to_a_mail_that_exchange_renamed_finds_its_ticket(customer: Customer) -> None:
    customer.control(f"{customer.path}/rights", {"rewrites_ids": True})
    found = looked(customer)
    (sent,), ticket = customer.letters("sentitems"), Ticket.objects.get()
    customer.arrive("yes", sender=ticket.requester_email, in_reply_to=str(sent["Message-ID"]))
    customer.sync()
    filed = Entry.objects.get(inbound__mailbox=customer.mailbox)
    assert (found["message_id"], filed.ticket, Ticket.objects.count()) == (False, ticket, 1)


def test_copy_that_lags_is_looked_for_again(customer: Customer) -> None:
    ticket = ticket_of(customer)
    row = answer(ticket)
    send(customer)
    mail = customer.folders()["sentitems"][0]
    customer.control(f"{customer.path}/messages/{mail}?purge=true", method="DELETE")
    assert look(customer) == {}
    assert look(customer) == {}
    assert look(customer) == {"own": False, "named": None}
    assert row.message_id == mail


def test_test_mail_says_where_its_copy_lies(customer: Customer) -> None:
    """S0-22."""
    customer.change(outbound_transport="graph")
    send_trial(customer.row(), to="boss@desk.example")
    copy = Sender.objects.get().copy or {}
    assert (copy["own"], copy["message_id"]) == (True, True)
