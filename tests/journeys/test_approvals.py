"""Two approvers are asked and answer as people do: from a phone, out of office, late, twice, or not at all."""

from __future__ import annotations

from datetime import timedelta
from email.message import Message
from typing import Any

import pytest
from django.utils import timezone

from mailboxes.outbound import claims as sending
from sandbox.clock import graph_time
from tests.journeys.customer import Customer
from tests.journeys.outgoing import departed, later, send, ticket_of
from tests.tickets.approvers import ADA, BOB, asked, counted, events, letter, proof, request_to
from tickets import approvals, filing
from tickets.models import Approval, Ticket

PHONE = """Approved, thanks!

Sent from my iPhone

> On 21 Nov 2026, at 18:02, Grace Hopper <{sender}> wrote:
>
{quoted}
"""
FORGED = ["Authentication-Results: spf=fail; dkim=none; dmarc=fail action=none header.from=fabrikam.example"]


@pytest.fixture
def ticket(customer: Customer) -> Ticket:
    opened = ticket_of(customer)
    asked(opened, ADA, BOB)
    send(customer)
    return opened


def received(customer: Customer, approver: str) -> Message:
    """Give the request as it left, from Sent Items."""
    found = [mail for mail in customer.letters("sentitems") if mail["To"] == approver]
    return found[0]


def comes(customer: Customer, name: str, text: str, **more: Any) -> None:
    """Let an answer to the request arrive, fetch it and send what it brings about."""
    asked_by = received(customer, more.pop("asked", more.get("sender", ADA)))
    raw = letter(name, text, to=asked_by["Message-ID"], **more)
    # Whole seconds: one that is over now may have begun before the mailbox was connected, and be an import.
    customer.arrive_raw(raw, received_at=graph_time(timezone.now() + timedelta(seconds=1)))
    assert customer.sync().error is None
    send(customer)


def from_phone(mail: Message) -> str:
    [body] = [
        part.get_payload(decode=True) for part in mail.walk() if part.get_content_type() == "text/plain"
    ]
    assert isinstance(body, bytes)
    quoted = "\n".join(f"> {line}" for line in body.decode().splitlines())
    return PHONE.format(sender=mail["From"], quoted=quoted)


def test_two_approvers_decide_one_from_a_phone_one_after_his_holiday(
    customer: Customer, ticket: Ticket
) -> None:
    comes(customer, "phone", from_phone(received(customer, ADA)))
    away = [*proof(BOB), "Auto-Submitted: auto-replied"]
    comes(customer, "away", "Approved absence until Monday.", sender=BOB, head=away)
    assert (counted(), Approval.objects.get().state) == (["approved", "automatic"], "open")

    comes(customer, "back", "Genehmigt.\n\nViele Grüße\nBob", sender=BOB)
    assert (Approval.objects.get().state, events(ticket)[-1]) == ("approved", "Approved: “Buy the printer?”")
    assert len(departed(customer)) == 2


def test_whoever_forges_an_approver_changes_nothing_and_the_real_one_hears_of_it(
    customer: Customer, ticket: Ticket
) -> None:
    comes(customer, "forged", "Approved", sender=BOB, head=FORGED)
    comes(customer, "unchecked", "Approved", sender=BOB, head=[])
    comes(customer, "colleague", "Approved", asked=BOB, sender="eve@fabrikam.example")
    assert (counted(), request_to(BOB).state) == (["unproven", "unproven", "other_sender"], "waiting")
    told = customer.letters("sentitems")[2:]
    assert [mail["To"] for mail in told] == [BOB, "eve@fabrikam.example"]


def test_late_and_repeated_answers_change_nothing_and_are_answered_once(
    customer: Customer, ticket: Ticket
) -> None:
    for name, text in (("first", "Rejected"), ("second", "Approved"), ("third", "Approved")):
        comes(customer, name, text)
    assert (counted(), Approval.objects.get().state) == (["rejected", "repeated", "repeated"], "rejected")
    comes(customer, "late", "Approved", sender=BOB)
    assert (counted()[-1], request_to(BOB).state) == ("late", "waiting")
    # Two were asked; one is told that his first answer stands, one that it is over, and then that he was late.
    assert len(departed(customer)) == 5


def test_a_worker_that_dies_while_an_approval_ends_tells_nobody_twice(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-61, F-62: before the commit, after it, and when the mail has left."""
    asked(ticket_of(customer), ADA, BOB, quorum=1)
    send(customer)
    raw = letter("yes", "Approved", to=received(customer, ADA)["Message-ID"])
    customer.arrive_raw(raw, received_at=graph_time(timezone.now() + timedelta(seconds=1)))
    for module, name, step in (
        (filing.Filer, "_settle", customer.sync),
        (sending, "settle", lambda: send(customer)),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, _die)
            with pytest.raises(KeyboardInterrupt):
                step()
        customer.change(claimed_until=None)
        customer.mailbox.ledger.update(claimed_until=None, retry_at=None)
        for _again in range(2):
            later()
            customer.sync()
            approvals.tend(timezone.now())
    send(customer)
    told = [mail["To"] for mail in customer.letters("sentitems") if "No longer" in mail["Subject"]]
    assert (told, len(departed(customer)), Approval.objects.get().state) == ([BOB], 3, "approved")


def _die(*_args: Any, **_values: Any) -> None:
    raise KeyboardInterrupt


def test_who_does_not_answer_is_reminded_and_in_the_end_the_approval_expires(customer: Customer) -> None:
    asked(ticket_of(customer), ADA, remind_every_h=4)
    send(customer)
    approvals.tend(timezone.now() + timedelta(hours=5))
    send(customer)
    assert [mail["Subject"][:9] for mail in customer.letters("sentitems")] == ["Approval ", "Reminder:"]
    Approval.objects.update(deadline_at=timezone.now() - timedelta(seconds=1))
    customer.sync()
    approvals.tend(timezone.now())
    assert Approval.objects.get().state == "expired"
