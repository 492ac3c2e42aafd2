"""Since when a customer waits for us: from his oldest mail that nobody has answered."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailboxes.models import Mailbox
from tests.factories import RECEIVED_AT, InboundMessageFactory, MailboxFactory, mail
from tickets.filing import file_for
from tickets.models import Ticket
from tickets.policies.standing import Mail, Standing, standing
from tickets.replies import Answer, reply

HOURS = [RECEIVED_AT + timedelta(hours=number) for number in range(5)]


@pytest.fixture
def mailbox(db: None) -> Mailbox:
    made: Mailbox = MailboxFactory(outbound_transport="graph")
    return made


def file(mailbox: Mailbox, *hours: int, **headers: str) -> Ticket:
    for hour in hours:
        raw = mail(message_id=f"<{hour}@a.example>", references="<root@a.example>", **headers)
        InboundMessageFactory(mailbox=mailbox, received_at=HOURS[hour], raw=raw)
    file_for(mailbox)
    return Ticket.objects.get()


def test_it_is_the_oldest_mail_that_counts(mailbox: Mailbox) -> None:
    file(mailbox, 0, 1)

    assert file(mailbox, 2).waits_since == HOURS[0]


def test_automatic_mail_makes_nobody_wait(mailbox: Mailbox) -> None:
    assert file(mailbox, 0, auto_submitted="auto-replied").waits_since is None
    assert file(mailbox, 1).waits_since == HOURS[1]


def test_an_answer_ends_it_until_the_next_mail(mailbox: Mailbox) -> None:
    reply(file(mailbox, 0), Answer(text="Done."), by=None)
    assert Ticket.objects.get().waits_since is None

    assert file(mailbox, 2).waits_since == HOURS[2]


def test_what_was_settled_without_an_answer_counts_no_more(mailbox: Mailbox) -> None:
    ticket = file(mailbox, 0)
    ticket.status = Ticket.Status.SOLVED
    ticket.save(update_fields=["status"])
    assert ticket.waits_since is None

    assert file(mailbox, 3).waits_since == HOURS[3]


@pytest.mark.parametrize(
    ("mails", "stands"),
    [
        ([], None),
        ([Mail(HOURS[0])], Standing(HOURS[0], "customer", HOURS[0])),
        ([Mail(HOURS[1]), Mail(HOURS[0], is_ours=True)], Standing(HOURS[1], "customer", HOURS[1])),
        ([Mail(HOURS[0]), Mail(HOURS[1], is_ours=True)], Standing(HOURS[1], "staff")),
        ([Mail(HOURS[0]), Mail(HOURS[1], is_automatic=True)], Standing(HOURS[1], "machine", HOURS[0])),
    ],
)
def test_a_conversation_stands_as_its_mails_say(mails: list[Mail], stands: Standing | None) -> None:
    assert standing(mails) == stands
