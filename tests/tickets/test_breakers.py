"""Too many mails within minutes: all are kept, and no program answers them any more."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from mailboxes.models import InboundMessage, Mailbox
from tests import factories
from tests.tenants.admin.conftest import signed_in
from tickets.filing import file_for
from tickets.models import Entry, Queue, Ticket
from tickets.policies.loops import MAX_FROM_SENDER, MAX_ON_TICKET, Recent, flood

pytestmark = pytest.mark.django_db


def come_in(
    mailbox: Mailbox, count: int, *, at: datetime, sender: str = "ada@fabrikam.example", answers: str = ""
) -> None:
    """Let so many mails come in, two seconds after each other, and file them."""
    for number in range(count):
        moment = at + timedelta(seconds=2 * number)
        headers = {"in_reply_to": answers} if answers else {}
        raw = factories.mail(
            message_id=f"<{moment.timestamp()}@{sender}>", sender=sender, text=str(moment), **headers
        )
        factories.InboundMessageFactory(mailbox=mailbox, raw=raw, received_at=moment, sender=sender)
    file_for(mailbox)


def floods() -> list[bool]:
    return ["flood" in entry.decisions for entry in Entry.objects.order_by("happened_at", "pk")]


@pytest.fixture
def mailbox(mailbox: Mailbox) -> Mailbox:
    """A mailbox of a tenant where a queue answers by itself."""
    factories.QueueFactory(tenant=mailbox.tenant, name="Answering", answers_automatically=True)
    return mailbox


@pytest.fixture
def an_hour_ago() -> datetime:
    return timezone.now() - timedelta(hours=1)


def test_few_mails_are_no_flood() -> None:
    assert flood(Recent(from_sender=MAX_FROM_SENDER, on_ticket=MAX_ON_TICKET)) == ""


def test_reason_names_the_count_and_the_minutes() -> None:
    assert flood(Recent(from_sender=MAX_FROM_SENDER + 1)) == "21 mails of this sender within 10 minutes"
    assert flood(Recent(on_ticket=MAX_ON_TICKET + 1)) == "11 mails on this ticket within 10 minutes"


def test_too_many_mails_of_one_sender_are_kept_and_said(mailbox: Mailbox, an_hour_ago: datetime) -> None:
    """S-77: each opens a ticket; none that is one too many is answered by a program."""
    come_in(mailbox, MAX_FROM_SENDER + 2, at=an_hour_ago)
    assert Ticket.objects.count() == MAX_FROM_SENDER + 2
    assert floods() == [False] * MAX_FROM_SENDER + [True] * 2


def test_mails_of_others_are_not_counted(mailbox: Mailbox, an_hour_ago: datetime) -> None:
    come_in(mailbox, MAX_FROM_SENDER, at=an_hour_ago)
    come_in(mailbox, 1, at=an_hour_ago + timedelta(minutes=1), sender="bob@fabrikam.example")
    come_in(factories.MailboxFactory(), 3, at=an_hour_ago + timedelta(minutes=1))
    assert not any(floods())


def test_flood_is_over_after_the_window(mailbox: Mailbox, an_hour_ago: datetime) -> None:
    come_in(mailbox, MAX_FROM_SENDER, at=an_hour_ago)
    come_in(mailbox, 1, at=an_hour_ago + timedelta(minutes=20))
    assert not any(floods())


@pytest.mark.parametrize("is_one_batch", [True, False])
def test_too_many_mails_on_one_ticket_are_kept_and_said(
    mailbox: Mailbox, an_hour_ago: datetime, is_one_batch: bool
) -> None:
    ticket = factories.TicketFactory(tenant=mailbox.tenant)
    ours = f"<{ticket.reply_token}.1@desk.example>"
    if is_one_batch:
        come_in(mailbox, MAX_ON_TICKET + 1, at=an_hour_ago, answers=ours)
    else:
        for number in range(MAX_ON_TICKET + 1):
            come_in(mailbox, 1, at=an_hour_ago + timedelta(seconds=20 * number), answers=ours)
    assert (ticket.entries.count(), floods()) == (MAX_ON_TICKET + 1, [False] * MAX_ON_TICKET + [True])


def test_old_mail_asks_nothing(mailbox: Mailbox, an_hour_ago: datetime) -> None:
    with CaptureQueriesContext(connection) as captured:
        come_in(mailbox, 30, at=an_hour_ago - timedelta(days=3))
    assert not any(floods())
    assert not [one for one in captured if '"sender" IN' in one["sql"]]


def test_imported_mail_is_no_flood(mailbox: Mailbox, an_hour_ago: datetime) -> None:
    come_in(mailbox, 0, at=an_hour_ago)
    raw = factories.mail()
    for number in range(MAX_FROM_SENDER + 1):
        factories.InboundMessageFactory(
            mailbox=mailbox, raw=raw + str(number).encode(), received_at=an_hour_ago, is_imported=True
        )
    file_for(mailbox)
    assert not any(floods())
    assert InboundMessage.objects.filter(state="filed").count() == MAX_FROM_SENDER + 1


def test_ticket_tells_that_nothing_answers(mailbox: Mailbox, an_hour_ago: datetime) -> None:
    come_in(mailbox, MAX_FROM_SENDER + 1, at=an_hour_ago)
    entry = Entry.objects.order_by("happened_at").last()
    page = signed_in(factories.OperatorFactory()).get(
        reverse("admin:tickets_ticket_change", args=[entry.ticket_id])
    )
    assert "21 mails of this sender within 10 minutes" in page.content.decode()


def test_nothing_is_counted_where_nothing_answers(mailbox: Mailbox, an_hour_ago: datetime) -> None:
    Queue.objects.update(answers_automatically=False)
    come_in(mailbox, MAX_FROM_SENDER, at=an_hour_ago)
    with CaptureQueriesContext(connection) as captured:
        come_in(mailbox, 1, at=an_hour_ago + timedelta(minutes=1))
    assert not [query for query in captured if 'AS "sender"' in query["sql"]]
    assert not any(floods())
