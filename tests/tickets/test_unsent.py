"""An answer that never left: its ticket is nobody's to forget."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from mailboxes.models import Mailbox, OutboundMessage
from tests import factories
from tickets.models import Ticket
from tickets.replies import Answer, reply
from tickets.unsent import believe_left, reopen_failed, send_again, take_back

ASKED_AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def ticket(mailbox: Mailbox) -> Ticket:
    Mailbox.objects.filter(pk=mailbox.pk).update(outbound_transport="graph")
    mailbox.refresh_from_db()
    made: Ticket = factories.TicketFactory(tenant=mailbox.tenant, mailbox=mailbox, waits_since_at=ASKED_AT)
    factories.EntryFactory(ticket=made, happened_at=ASKED_AT)
    return made


def answered(ticket: Ticket) -> OutboundMessage:
    return reply(ticket, Answer(text="Unplug it."), by=None, hold_s=10)


def standing(ticket: Ticket) -> tuple[str, str, datetime | None]:
    ticket.refresh_from_db()
    return ticket.status, ticket.last_entry_by, ticket.waits_since_at


def test_a_customer_whose_answer_was_taken_back_still_waits(ticket: Ticket) -> None:
    row = answered(ticket)
    assert standing(ticket) == ("waiting", "staff", None)
    assert take_back(row, by="agent")
    assert standing(ticket) == ("open", "customer", ASKED_AT)


def test_an_earlier_answer_still_counts_when_the_next_is_taken_back(ticket: Ticket) -> None:
    answered(ticket)
    take_back(answered(ticket), by="agent")
    assert standing(ticket) == ("waiting", "staff", None)


def test_sent_again_it_is_an_answer_again(ticket: Ticket) -> None:
    row = answered(ticket)
    take_back(row, by="agent")
    send_again(row, by="agent")
    assert standing(ticket) == ("waiting", "staff", None)


def test_taking_back_opens_what_was_solved_with_the_answer(ticket: Ticket) -> None:
    row = answered(ticket)
    Ticket.objects.update(status="solved", closed_at=ASKED_AT + timedelta(days=1))
    take_back(row, by="agent")
    ticket.refresh_from_db()
    assert (ticket.status, ticket.closed_at) == ("open", None)


def test_a_failed_answer_opens_its_ticket_once_and_says_so(ticket: Ticket) -> None:
    row = answered(ticket)
    OutboundMessage.objects.filter(pk=row.pk).update(state="failed")
    before = Ticket.objects.get().entry_count
    reopen_failed()
    assert standing(ticket) == ("open", "customer", ASKED_AT)
    assert (ticket.entries.filter(kind="system").count(), ticket.entry_count) == (1, before + 1)

    Ticket.objects.update(status="waiting")
    reopen_failed()
    assert standing(ticket)[0] == "waiting"


@pytest.mark.parametrize(("state", "said"), [("bounced", "did not reach"), ("uncertain", "Nobody can tell")])
def test_an_answer_that_perhaps_nobody_has_opens_its_ticket(ticket: Ticket, state: str, said: str) -> None:
    OutboundMessage.objects.filter(pk=answered(ticket).pk).update(state=state, retry_at=None)
    reopen_failed()
    assert standing(ticket) == ("open", "customer", ASKED_AT)
    assert said in ticket.entries.get(kind="system").text


def test_doubt_that_still_clears_up_by_itself_changes_nothing(ticket: Ticket) -> None:
    OutboundMessage.objects.filter(pk=answered(ticket).pk).update(state="uncertain", retry_at=ASKED_AT)
    reopen_failed()
    assert standing(ticket) == ("waiting", "staff", None)


def test_doubt_that_a_person_has_ended_makes_it_an_answer(ticket: Ticket) -> None:
    row = answered(ticket)
    OutboundMessage.objects.filter(pk=row.pk).update(state="uncertain", retry_at=None)
    reopen_failed()
    assert believe_left(row, by="agent")
    assert standing(ticket) == ("waiting", "staff", None)


def test_what_was_answered_after_a_failure_stays_as_it_is(ticket: Ticket) -> None:
    OutboundMessage.objects.filter(pk=answered(ticket).pk).update(state="failed")
    answered(ticket)
    reopen_failed()
    assert standing(ticket) == ("waiting", "staff", None)


def forwarded_from_outlook(ticket: Ticket) -> None:
    decisions = {"outlook": True, "past_customer": True}
    factories.EntryFactory(ticket=ticket, kind="mail_out", happened_at=timezone.now(), decisions=decisions)


def test_a_mail_to_a_colleague_hides_no_answer_that_failed(ticket: Ticket) -> None:
    OutboundMessage.objects.filter(pk=answered(ticket).pk).update(state="failed")
    forwarded_from_outlook(ticket)
    reopen_failed()
    assert standing(ticket) == ("open", "customer", ASKED_AT)


def test_a_mail_to_a_colleague_is_no_answer_when_one_is_taken_back(ticket: Ticket) -> None:
    row = answered(ticket)
    forwarded_from_outlook(ticket)
    take_back(row, by="agent")
    assert standing(ticket) == ("open", "customer", ASKED_AT)


def test_a_second_answer_that_failed_is_told_of_once(ticket: Ticket) -> None:
    answered(ticket)
    OutboundMessage.objects.filter(pk=answered(ticket).pk).update(state="failed")
    reopen_failed()
    assert standing(ticket)[0] == "open"
    Ticket.objects.update(status="waiting")
    reopen_failed()
    assert (standing(ticket)[0], ticket.entries.filter(kind="system").count()) == ("waiting", 1)


def test_sent_again_and_failed_again_it_is_told_of_again(ticket: Ticket) -> None:
    row = answered(ticket)
    for _ in range(2):
        OutboundMessage.objects.update(state="failed")
        reopen_failed()
        assert standing(ticket)[0] == "open"
        send_again(row, by="agent")
    assert ticket.entries.filter(kind="system").count() == 2


def test_what_was_solved_after_a_failure_stays_solved(ticket: Ticket) -> None:
    row = answered(ticket)
    OutboundMessage.objects.update(state="uncertain", retry_at=None)
    reopen_failed()
    Ticket.objects.update(status="solved", closed_at=ASKED_AT)
    believe_left(row, by="agent")
    ticket.refresh_from_db()
    assert (ticket.status, ticket.closed_at, ticket.waits_since_at) == ("solved", ASKED_AT, None)
    OutboundMessage.objects.update(state="failed", told_at=ASKED_AT)
    take_back(row, by="agent")
    ticket.refresh_from_db()
    assert (ticket.status, ticket.closed_at) == ("solved", ASKED_AT)


def test_a_failure_taken_back_before_anybody_was_told_opens_its_ticket(ticket: Ticket) -> None:
    row = answered(ticket)
    OutboundMessage.objects.update(state="failed")
    take_back(row, by="agent")
    assert standing(ticket) == ("open", "customer", ASKED_AT)


def test_an_acknowledgement_that_failed_opens_nothing(ticket: Ticket) -> None:
    answered(ticket)
    ticket.entries.filter(kind="mail_out").update(auto_reply=True)
    OutboundMessage.objects.update(state="failed")
    reopen_failed()
    assert standing(ticket)[0] == "waiting"
