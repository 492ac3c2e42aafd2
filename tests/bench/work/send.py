"""Answers are written and queued, one is sent from rest, and a thousand drain from ten mailboxes of as many tenants."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any, Final

from mailboxes.models import OutboundMessage
from mailboxes.outbound import outbox
from mailboxes.outbound.compose import compose
from mailboxes.transports.graph_out import MAX_MIME_BYTES
from tests.bench.meter import Spent, Statements, measured, peak_bytes
from tests.journeys.customer import Control, Customer, connect
from tests.journeys.outgoing import answer, ticket_of
from tickets.models import Ticket

MAILBOXES: Final = 10
TEXT: Final = "Please unplug the printer, wait a minute and plug it in again. " * 30
GIVE_UP_S: Final = 1200.0


def main(orders: dict[str, Any]) -> dict[str, Any]:
    control = Control(SimpleNamespace(control_url=orders["control_url"]))
    customers = [connect(control) for _ in range(MAILBOXES)]
    tickets = [ticket_of(customer) for customer in customers]
    statements = Statements()
    _drain()
    first = _one(tickets[0])
    with measured(statements) as queueing:
        rows = [answer(tickets[number % MAILBOXES], TEXT) for number in range(int(orders["mails"]))]
    slowest_ms = _slowest_ms(tickets[0])
    _drain()
    control("counters/reset")
    count = len([answer(tickets[number % MAILBOXES], TEXT) for number in range(int(orders["mails"]))])
    with measured(statements) as draining:
        _drain()
    return {
        "mails": count,
        "first_s": first,
        "queue_ms": queueing.wall_s / len(rows) * 1000,
        "queue_cpu_ms": queueing.cpu_s / len(rows) * 1000,
        "slowest_ms": slowest_ms,
        "requests": control.counters()["http_requests"],
        "left_over": OutboundMessage.objects.exclude(state="sent").count(),
        "twice": _twice(customers),
        "peak_bytes": peak_bytes(),
        **_of(draining),
    }


def _drain() -> None:
    until = time.monotonic() + GIVE_UP_S
    while OutboundMessage.objects.exclude(state="sent").exists() and time.monotonic() < until:
        if not outbox.send_in_turn(budget_s=outbox.TURN_S)[0]:
            time.sleep(0.05)


def _one(ticket: Ticket) -> float:
    """Queue one mail at rest, and say how long it took until Microsoft had accepted it. Seconds."""
    started = time.perf_counter()
    row = answer(ticket, TEXT)
    _drain()
    if OutboundMessage.objects.get(pk=row.pk).state != "sent":
        raise SystemExit("The first mail was not sent.")
    return time.perf_counter() - started


def _slowest_ms(ticket: Ticket) -> float:
    """Write, queue and compose a few, each on the clock."""
    took = []
    for _ in range(50):
        started = time.perf_counter()
        compose(answer(ticket, TEXT), max_mime_bytes=MAX_MIME_BYTES, shows_bcc=True)
        took.append((time.perf_counter() - started) * 1000)
    return sorted(took)[int(len(took) * 0.95)]


def _twice(customers: list[Customer]) -> int:
    """Count the mails that left more than once."""
    more = 0
    for customer in customers:
        path = f"departures?mailbox={customer.mailbox.address}"
        ids = [one["internetMessageId"] for one in customer.control(path, method="GET")["departures"]]
        more += len(ids) - len(set(ids))
    return more


def _of(spent: Spent) -> dict[str, float]:
    return {"cpu_s": spent.cpu_s, "wall_s": spent.wall_s, "statements": spent.statements}
