"""Kill the senders of mail and cut their answers again and again, and show that every mail left exactly once.

    python -m tests.journeys.send_kills --wire graph|smtp --kills 200 --cuts 200 [--database postgres://…] [--json]

Senders work through the outbox of several mailboxes of a sandbox Microsoft 365. They are killed with SIGKILL at random
moments, so before, between and after their requests; then the answers of requests that send are cut, some before
Microsoft has acted and some after. Leases and looks are seconds here. What left is counted at Microsoft.

Over SMTP no draft tells that a mail did not leave: what Sent Items do not show waits for a person, and is counted as
in doubt. The person here sends it again, once it is certain that nothing of it left.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import django

from sandbox import process as sandbox_process
from tenants.whom import for_machine
from tests.journeys.kills import database_of_its_own, environment
from tests.journeys.send_wires import SEED, KilledWire, wire_named
from tests.journeys.sender import IS_SERVED, work

MAILBOXES: Final = 4
SENDERS: Final = 2
#: The longest a sender lives before it is killed, and the longest everything may take at the end. Seconds.
LONGEST_LIFE_S: Final = 0.3
SETTLE_S: Final = 400.0


class Crew:
    """Senders that are always there: who dies is replaced."""

    def __init__(self) -> None:
        # Forked from a process without connections, and without the time a start takes.
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.journeys.sender"])
        os.environ[IS_SERVED] = "yes"
        self.senders = [self._start() for _ in range(SENDERS)]
        self.kills = 0

    def _start(self) -> Any:
        sender = self._context.Process(target=work, daemon=True)
        sender.start()
        return sender

    def kill_one(self, dice: random.Random) -> None:
        time.sleep(dice.uniform(0.0, LONGEST_LIFE_S))
        place = self.kills % SENDERS
        self.senders[place].kill()
        self.senders[place].join()
        self.kills += 1
        self.senders[place] = self._start()

    def stop(self) -> None:
        for sender in self.senders:
            sender.kill()
            sender.join()


def opened(customers: list[Any], wire: KilledWire) -> list[Any]:
    """Open a ticket in each mailbox, and have it send over this wire, before anybody sends."""
    from tests.journeys.outgoing import ticket_of

    tickets = [ticket_of(customer) for customer in customers]
    for customer in customers:
        customer.change(outbound_transport=wire.name)
    return tickets


def queue(tickets: list[Any], count: int) -> None:
    """Answer the tickets in turn, so many times."""
    from tests.journeys.outgoing import answer

    for number in range(count):
        answer(tickets[number % len(tickets)], key=f"mail {time.monotonic()} {number}")


def open_mails() -> Any:
    """Keep the mails that are still worked on; those that wait for a person are not."""
    from mailboxes.models import OutboundMessage

    rows = OutboundMessage.objects.filter(state__in=("queued", "sending", "uncertain"))
    return rows.exclude(state="uncertain", retry_at=None, claimed_until=None)


def settle() -> None:
    until = time.monotonic() + SETTLE_S
    while open_mails().exists() and time.monotonic() < until:
        time.sleep(0.2)


def send_again(wire: KilledWire) -> dict[str, Any]:
    """Do what is asked of a person: look whether the mails in doubt left, and send those again that did not."""
    from mailboxes.models import OutboundMessage
    from mailboxes.outbound.outbox import queue_again

    doubtful, left = list(OutboundMessage.objects.filter(state="uncertain")), wire.left()
    for row in doubtful:
        if row.message_id not in left:
            queue_again(row, by=None)
    settle()
    return {"in_doubt": len(doubtful)}


def judge(wire: KilledWire) -> dict[str, Any]:
    """Compare the rows with what left at Microsoft."""
    from mailboxes.models import OutboundMessage

    left = wire.left()
    rows = dict(OutboundMessage.objects.values_list("message_id", "state"))
    wrong = [f"{count} times" for one, count in left.items() if count != 1]
    wrong += [f"left and {rows.get(one, 'unknown')}" for one in left if rows.get(one) != "sent"]
    wrong += [f"{state} and not left" for one, state in rows.items() if one not in left]
    tries = OutboundMessage.objects.filter(tries__gt=1).count()
    return {"mails": len(rows), "left_once": sum(count == 1 for count in left.values()),
            "tried_again": tries, "states": dict(Counter(rows.values())), "wrong": wrong}  # fmt: skip


def kill(crew: Crew, tickets: list[Any], *, kills: int) -> None:
    """Kill until it is enough, with mail to send all the while; then let the others finish."""
    dice = random.Random(SEED)
    while crew.kills < kills:
        if open_mails().count() < 8 * MAILBOXES:
            queue(tickets, 8 * MAILBOXES)
        crew.kill_one(dice)
    settle()


def cut(tickets: list[Any], wire: KilledWire, *, cuts: int) -> int:
    """Cut the answers of so many sends; gives how many really were."""
    until = time.monotonic() + SETTLE_S
    for to_come in wire.cut(cuts):
        if time.monotonic() > until:
            return cuts - to_come
        if open_mails().count() < MAILBOXES:
            queue(tickets, max(4, min(to_come, 60)))
        time.sleep(0.05)
    settle()
    return cuts


@for_machine()
def run(*, wire_name: str, kills: int, cuts: int, database: str) -> dict[str, Any]:
    started = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="send-kills-")))
        m365 = stack.enter_context(sandbox_process.start(folder / "m365", latency_ms=5))
        url = stack.enter_context(database_of_its_own(database))
        wire = stack.enter_context(wire_named(wire_name, m365, folder))
        os.environ.update(environment(folder, url, m365) | {"SEND_PER_MINUTE": "100000"})
        os.environ.update(wire.environment(folder))
        django.setup()
        from django.core.management import call_command
        from django.db import connections

        from tests.journeys.customer import Control, connect

        stack.callback(connections.close_all)
        call_command("migrate", verbosity=0)
        customers = [connect(Control(m365)) for _ in range(MAILBOXES)]
        wire.begin(customers)
        tickets = opened(customers, wire)
        queue(tickets, 8 * MAILBOXES)
        crew = Crew()
        stack.callback(crew.stop)
        kill(crew, tickets, kills=kills)
        found = {"kills": crew.kills, "cuts": cut(tickets, wire, cuts=cuts), **send_again(wire)}
        crew.stop()
        found |= judge(wire)
    return {**found, "seconds": round(time.monotonic() - started, 1)}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--wire", choices=["graph", "smtp"], default="graph")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--database", default="", help="a PostgreSQL server; SQLite when left out")
    parser.add_argument("--json", action="store_true", help="print one JSON document only")
    options = parser.parse_args()
    found = run(wire_name=options.wire, kills=options.kills, cuts=options.cuts, database=options.database)
    if options.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name:>20}: {value}")
        print("Every mail left exactly once." if not found["wrong"] else "Something is wrong.")
    return 1 if found["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
