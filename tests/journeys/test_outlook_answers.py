"""Somebody answers in Outlook: it appears on the ticket, once, and nothing in Sent Items is touched."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from mailboxes.inbound import sent
from mailboxes.inbound.sent import look_at_once
from mailboxes.inbound.sync import Report, sync
from mailboxes.models import Folder, InboundMessage, OutboundMessage
from sandbox.clock import graph_time
from tests import factories
from tests.journeys.customer import Customer
from tests.journeys.outgoing import answer, departed, later, send, state, ticket_of
from tickets import filing
from tickets.models import Entry, Ticket
from tickets.replaying import make_tickets, replay

CUSTOMER = "Ada Byron <ada@fabrikam.example>"


@pytest.fixture
def desk(connected: Callable[..., Customer]) -> Customer:
    """A mailbox whose Sent Items is read and has been looked into, with one ticket."""
    customer = connected(reads_sent=True, outbound_transport="graph")
    customer.arrive("first")
    look(customer)
    return customer


def look(customer: Customer) -> Report:
    look_at_once(customer.mailbox)
    return customer.sync()


def write(customer: Customer, name: str = "answer", **fields: Any) -> bytes:
    """Write a mail in Outlook: it lies in Sent Items."""
    fields = {"sender": f"Help <{customer.mailbox.address}>", "to": CUSTOMER} | fields
    raw = factories.mail(message_id=f"<{name}@contoso.example>", subject="RE: About first", **fields)
    customer.arrive_raw(raw, folder="sentitems", received_at=graph_time(timezone.now()))
    return raw


def reply_to_first(customer: Customer, name: str = "answer", **fields: Any) -> bytes:
    return write(customer, name, in_reply_to="<first@fabrikam.example>", **fields)


def lines(customer: Customer) -> list[tuple[str, str]]:
    rows = InboundMessage.objects.filter(mailbox=customer.mailbox, is_sent=True)
    return list(rows.order_by("pk").values_list("state", "reason"))


def test_an_answer_from_outlook_is_on_the_ticket_and_the_customer_s_turn_has_come(desk: Customer) -> None:
    reply_to_first(desk, sender="Help <help@contoso.example>\r\nSender: Helen Hart <helen@contoso.example>")
    assert look(desk).error is None
    ticket = Ticket.objects.get()
    entry = ticket.entries.get(kind=Entry.Kind.MAIL_OUT)
    assert (entry.from_name, entry.text.strip(), entry.to[0]["email"]) == (
        "Helen Hart",
        "It burns.",
        "ada@fabrikam.example",
    )
    assert (ticket.status, ticket.last_entry_by, ticket.waits_since, ticket.entry_count) == (
        "waiting",
        "staff",
        None,
        2,
    )


def test_nothing_in_sent_items_is_moved_marked_or_deleted(desk: Customer) -> None:
    reply_to_first(desk)
    look(desk)
    desk.change(is_settled=False)
    look(desk)
    assert desk.folders()["sentitems"] == ["<answer@contoso.example>"]
    assert lines(desk) == [("filed", "")]


def test_the_customer_s_next_mail_finds_the_ticket_by_the_answer_from_outlook(desk: Customer) -> None:
    reply_to_first(desk)
    look(desk)
    desk.arrive("second", in_reply_to="<answer@contoso.example>")
    desk.sync()
    assert (Ticket.objects.count(), Ticket.objects.get().status) == (1, "open")


def test_a_mail_that_belongs_to_no_ticket_is_skipped_with_its_reason(desk: Customer) -> None:
    write(desk, "lunch")
    look(desk)
    assert lines(desk) == [("skipped", "sent from Outlook, and belongs to no ticket")]
    assert Ticket.objects.count() == 1


def test_a_mail_forwarded_to_a_colleague_leaves_the_customer_waiting(desk: Customer) -> None:
    reply_to_first(desk, to="Bob <bob@contoso.example>")
    look(desk)
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.waits_since is None, ticket.entry_count) == ("new", False, 2)
    assert ticket.entries.get(kind="mail_out").decisions == {"outlook": True, "past_customer": True}


def test_whoever_closed_the_ticket_after_the_answer_has_the_last_word(desk: Customer) -> None:
    reply_to_first(desk)
    ticket = Ticket.objects.get()
    ticket.status = Ticket.Status.SOLVED
    ticket.save(update_fields=["status"])
    Ticket.objects.update(closed_at=timezone.now() + timedelta(seconds=5))
    look(desk)
    assert Ticket.objects.get().status == "solved"


def test_our_own_answer_is_not_doubled(desk: Customer) -> None:
    row = answer(Ticket.objects.get())
    send(desk)
    desk.control("counters/reset")
    look(desk)
    assert (state(row), lines(desk), Entry.objects.count()) == ("sent", [], 2)
    assert [one for one in desk.control.targets() if "$value" in one] == []


def test_our_own_answer_in_doubt_is_settled_by_lying_there(desk: Customer) -> None:
    row = answer(Ticket.objects.get())
    desk.control.fault("reset_after", path="/send$")
    send(desk)
    assert state(row) == "uncertain"
    look(desk)
    row.refresh_from_db()
    assert (row.state, row.error, row.retry_at, lines(desk)) == ("sent", None, None, [])
    later()
    send(desk)
    assert len(departed(desk)) == 1


@pytest.mark.parametrize("given_up", ["cancelled", "failed", "queued"])
def test_our_own_answer_that_was_given_up_and_lies_there_has_left(desk: Customer, given_up: str) -> None:
    """F-76: taken back while nobody knew, or as a backup had it; what is said of it is true in the end."""
    row = answer(Ticket.objects.get())
    desk.control.fault("reset_after", path="/send$")
    send(desk)
    OutboundMessage.objects.update(state=given_up, retry_at=None)
    look(desk)
    row.refresh_from_db()
    assert (row.state, row.sent_at, lines(desk)) == ("sent", row.asked_at, [])
    send(desk)
    assert len(departed(desk)) == 1


def test_our_own_answer_in_doubt_for_some_recipients_is_not_settled_by_lying_there(desk: Customer) -> None:
    row = answer(Ticket.objects.get())
    desk.control.fault("reset_after", path="/send$")
    send(desk)
    OutboundMessage.objects.update(
        deliveries={"ada@fabrikam.example": "asked", "bob@fabrikam.example": "later"}
    )
    look(desk)
    assert (state(row), lines(desk), Entry.objects.count()) == ("uncertain", [], 2)


def test_our_own_answer_under_way_is_known_and_left_to_its_sender(desk: Customer) -> None:
    row = answer(Ticket.objects.get())
    desk.control.fault("reset_after", path="/send$")
    send(desk)
    until = timezone.now() + timedelta(seconds=50)
    OutboundMessage.objects.update(state="sending", claimed_until=until)
    look(desk)
    assert (state(row), lines(desk), Entry.objects.count()) == ("sending", [], 2)


def test_our_own_answer_under_another_message_id_is_known_by_its_mark(desk: Customer) -> None:
    """Sent with Mail.Send alone there is no draft whose id we know."""
    reply_to_first(desk, x_m365_desk_loop="1")
    look(desk)
    assert lines(desk) == [("skipped", "our own answer, sent from here")]


def test_the_same_answer_in_two_mailboxes_is_on_the_ticket_once(desk: Customer) -> None:
    """MessageCopyForSentAsEnabled: a copy lies with the shared mailbox and one with whoever wrote it."""
    reply_to_first(desk)
    look(desk)
    other = factories.MailboxFactory(tenant=desk.mailbox.tenant, queue=desk.mailbox.queue)
    raw = factories.mail(
        message_id="<answer@contoso.example>", to=CUSTOMER, in_reply_to="<first@fabrikam.example>"
    )
    row = factories.InboundMessageFactory(mailbox=other, raw=raw, is_sent=True)
    filing.file_for(other)
    row.refresh_from_db()
    assert (row.state, row.reason) == ("skipped", "the same mail is filed already")


def test_what_was_sent_before_is_left_alone(connected: Callable[..., Customer]) -> None:
    customer = connected(reads_sent=True)
    customer.arrive("first")
    raw = factories.mail(message_id="<old@contoso.example>", in_reply_to="<first@fabrikam.example>")
    customer.arrive_raw(raw, folder="sentitems", received_at="2026-01-05T10:00:00Z")
    look(customer)
    assert (lines(customer), Entry.objects.count()) == ([], 1)


def test_a_mailbox_that_has_it_off_leaves_sent_items_alone(connected: Callable[..., Customer]) -> None:
    customer = connected(reads_sent=False)
    customer.arrive("first")
    customer.sync()
    reply_to_first(customer)
    customer.control("counters/reset")
    customer.sync()
    assert not any("sentitems" in one for one in customer.control.targets())


def test_an_idle_look_costs_one_request_and_comes_every_few_minutes(desk: Customer) -> None:
    desk.control("counters/reset")
    assert (desk.sync().requests, look(desk).requests) == (1, 2)
    folder = Folder.objects.get(purpose="sent")
    assert folder.next_look_at is not None
    assert timezone.now() < folder.next_look_at <= timezone.now() + sent.LOOK_EVERY


def test_a_lost_cursor_walks_again_and_doubles_nothing(desk: Customer) -> None:
    reply_to_first(desk)
    look(desk)
    Folder.objects.filter(purpose="sent").update(cursor="")
    reply_to_first(desk, "another")
    fault = {"status": 410, "code": "syncStateNotFound"}
    desk.control.fault("status", path="sentitems", options=fault)
    look(desk)
    assert [one for one, _why in lines(desk)] == ["filed", "filed"]
    assert Entry.objects.filter(kind="mail_out").count() == 2


def test_sent_items_that_may_not_be_read_does_not_stop_the_inbox(desk: Customer) -> None:
    desk.control.fault(
        "status", path="sentitems", options={"status": 403, "code": "ErrorAccessDenied"}, count=9
    )
    desk.arrive("second")
    report = look(desk)
    folder = Folder.objects.get(purpose="sent")
    assert (report.error, desk.states()["filed"], folder.trouble["code"]) == (None, 2, "ErrorAccessDenied")  # type: ignore[index]


@pytest.mark.parametrize("at", ["stored", "filed"])
def test_a_worker_that_dies_in_between_loses_and_doubles_nothing(desk: Customer, at: str) -> None:
    reply_to_first(desk)
    look_at_once(desk.mailbox)

    def dies(mailbox: Any) -> Any:
        if at == "filed":
            filing.file_for(mailbox)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sync(desk.mailbox.pk, file=dies, budget_s=60.0)
    desk.change(claimed_until=None)
    InboundMessage.objects.update(claimed_until=None, retry_at=None)
    look(desk)
    assert (lines(desk), Entry.objects.filter(kind="mail_out").count()) == ([("filed", "")], 1)
    assert desk.folders()["sentitems"] == ["<answer@contoso.example>"]


def test_staff_cannot_make_a_ticket_of_it_but_may_file_it_again(desk: Customer) -> None:
    write(desk, "early", in_reply_to="<late@fabrikam.example>")
    look(desk)
    row = InboundMessage.objects.get(is_sent=True)
    assert make_tickets([row])[0].refusal == "mail_is_ours"
    desk.arrive("late")
    desk.sync()
    assert replay([row])[0].state == "filed"
    assert Ticket.objects.count() == 2


def test_a_ticket_of_another_tenant_is_not_found(desk: Customer) -> None:
    stranger = factories.MailboxFactory()
    raw = factories.mail(
        message_id="<x@contoso.example>", to=CUSTOMER, in_reply_to="<first@fabrikam.example>"
    )
    row = factories.InboundMessageFactory(mailbox=stranger, raw=raw, is_sent=True)
    filing.file_for(stranger)
    row.refresh_from_db()
    assert (row.state, Entry.objects.filter(kind="mail_out").count()) == ("skipped", 0)


def test_a_mail_is_told_apart_from_what_comes_in(desk: Customer) -> None:
    """The mailbox's last mail is the customer's, not our own."""
    before = desk.row().last_mail_at
    reply_to_first(desk)
    look(desk)
    assert desk.row().last_mail_at == before
    assert ticket_of(desk).mailbox == desk.mailbox
