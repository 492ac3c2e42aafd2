"""An agent's side of a journey: a ticket to answer, and what really left the mailbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from mailboxes.models import OutboundMessage
from mailboxes.outbound import claims, outbox
from mailboxes.outbound.outbox import Sent
from tests import factories
from tests.journeys.customer import Customer, Json
from tickets.models import Ticket
from tickets.replies import Answer, reply


def ticket_of(customer: Customer, **values: Any) -> Ticket:
    """Open a ticket that came to the customer's mailbox, which sends over Graph."""
    customer.change(outbound_transport="graph")
    mailbox = customer.row()
    ticket: Ticket = factories.TicketFactory(
        tenant=mailbox.tenant, mailbox=mailbox, queue=mailbox.queue, **values
    )
    factories.EntryFactory(ticket=ticket)
    return ticket


def answer(ticket: Ticket, text: str = "Unplug it.", **values: Any) -> OutboundMessage:
    return reply(ticket, Answer(text=text, **values), by=None)


def send(customer: Customer) -> Sent:
    return outbox.send_from(customer.mailbox.pk, budget_s=60.0)


def state(row: OutboundMessage) -> str:
    return str(OutboundMessage.objects.get(pk=row.pk).state)


def backed_up(row: OutboundMessage) -> Callable[[], None]:
    """Keep a mail as the outbox has it now; what is given puts it back there, an hour later."""
    columns = [one.attname for one in OutboundMessage._meta.concrete_fields if not one.primary_key]
    kept = OutboundMessage.objects.filter(pk=row.pk).values(*columns).get()
    kept["queued_at"] -= timedelta(hours=1)

    def restore() -> None:
        OutboundMessage.objects.filter(pk=row.pk).update(**kept)
        later(60)

    return restore


def later(minutes: float = 2.0) -> None:
    """Let time pass for the outbox: what waits is due, what was claimed has run out, what was asked is old."""
    past = timezone.now() - timedelta(minutes=minutes)
    rows = OutboundMessage.objects.all()
    rows.filter(retry_at__isnull=False).update(retry_at=past)
    rows.filter(claimed_until__isnull=False).update(claimed_until=past)
    rows.filter(asked_at__isnull=False).update(asked_at=F("asked_at") - timedelta(minutes=minutes))
    claims.recover(timezone.now())


def departed(customer: Customer) -> list[Json]:
    """What left the mailbox at Microsoft, oldest first."""
    found: list[Json] = customer.control(f"departures?mailbox={customer.mailbox.address}", method="GET")[
        "departures"
    ]
    return found
