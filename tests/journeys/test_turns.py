"""Mail of several mailboxes goes out in turn, and before mailboxes are read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from celery import current_app

from mailboxes.models import OutboundMessage
from mailboxes.outbound import outbox
from mailboxes.tasks import send_mailbox
from tests.journeys.customer import Customer
from tests.journeys.outgoing import answer, departed, ticket_of
from tickets.models import Ticket
from tickets.tasks import sync_mailbox

pytestmark = [pytest.mark.journey, pytest.mark.django_db]

Connected = Callable[..., Customer]


def test_a_flood_of_one_tenant_delays_anothers_mail_by_one_turn(connected: Connected) -> None:
    """Whoever's nudge it is, the tenant that has sent least is served: counted in what really left."""
    flood, other = connected(), connected()
    ticket = ticket_of(flood)
    for _ in range(12):
        answer(ticket)
    for _ in range(3):
        outbox.send_in_turn(budget_s=0)
    answer(ticket_of(other))
    before = len(departed(flood))
    while not departed(other):
        outbox.send_in_turn(budget_s=0)
    assert len(departed(flood)) == before
    while outbox.send_in_turn(budget_s=60)[0]:
        pass
    assert (len(departed(flood)), len(departed(other))) == (12, 1)


def test_mail_goes_out_before_a_mailbox_is_read(connected: Connected) -> None:
    """Behind the runs of a tenant that fetches years of mail, its own nudge would come too late."""
    fetching, other = connected(), connected()
    answer(ticket_of(other))
    fetching.arrive("first")
    sync_mailbox(fetching.mailbox.pk)
    assert (len(departed(other)), Ticket.objects.filter(mailbox=fetching.row()).count()) == (1, 1)


def test_mail_that_cannot_be_composed_keeps_no_mailbox_from_being_read(
    connected: Connected,
) -> None:
    """Whatever is wrong with one tenant's mail to send, another's is fetched."""
    reading, other = connected(), connected()
    answer(ticket_of(other))
    OutboundMessage.objects.update(to=[{}])
    reading.arrive("first")
    with pytest.raises(KeyError):
        sync_mailbox(reading.mailbox.pk)
    assert Ticket.objects.filter(mailbox=reading.row()).count() == 1


def test_time_to_read_is_not_spent_by_the_mail_sent_before() -> None:
    sending, both = send_mailbox.soft_time_limit, sync_mailbox.soft_time_limit
    assert both - sending >= sending


def test_turns_follow_one_another_while_mail_waits(connected: Connected) -> None:
    """Nudges that came while a mailbox of the tenant was served have come to nothing."""
    first, second = connected(), connected()
    waiting = current_app.connection_for_read().SimpleQueue("mail")
    waiting.clear()
    row, _later = answer(ticket_of(first)), answer(ticket_of(second))
    send_mailbox(row.mailbox_id)
    assert (len(departed(first)), len(departed(second)), waiting.qsize()) == (1, 0, 1)
