"""Kill the senders of mail and cut their answers again and again, and show that every mail left exactly once.

    python -m tests.journeys.send_kills --kills 200 --cuts 200 [--database postgres://…] [--json]

Senders work through the outbox of several mailboxes of a sandbox Microsoft 365. They are killed with SIGKILL at random
moments, so before, between and after their requests; then the answers of requests that send are cut, half of them
before Microsoft has acted and half after. Leases and looks are seconds here. What left is counted at Microsoft.
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
from tests.journeys.sender import IS_SERVED, work

SEED: Final = 11
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


def queue(customers: list[Any], count: int) -> None:
    """Answer a ticket of each mailbox, in turn, so many times."""
    from tests.journeys.outgoing import answer, ticket_of

    tickets = [ticket_of(customer) for customer in customers]
    for number in range(count):
        answer(tickets[number % len(tickets)], key=f"mail {time.monotonic()} {number}")


def open_mails() -> int:
    from mailboxes.models import OutboundMessage

    return int(OutboundMessage.objects.filter(state__in=("queued", "sending", "uncertain")).count())


def settle() -> None:
    until = time.monotonic() + SETTLE_S
    while open_mails() and time.monotonic() < until:
        time.sleep(0.2)


def judge(customers: list[Any]) -> dict[str, Any]:
    """Compare the rows with what left at Microsoft."""
    from mailboxes.models import OutboundMessage

    left: Counter[str] = Counter()
    for customer in customers:
        path = f"departures?mailbox={customer.mailbox.address}"
        left.update(one["internetMessageId"] for one in customer.control(path, method="GET")["departures"])
    rows = dict(OutboundMessage.objects.values_list("message_id", "state"))
    wrong = [f"{count} times" for one, count in left.items() if count != 1]
    wrong += [f"left and {rows.get(one, 'unknown')}" for one in left if rows.get(one) != "sent"]
    wrong += [f"{state} and not left" for one, state in rows.items() if one not in left]
    tries = OutboundMessage.objects.filter(tries__gt=1).count()
    return {"mails": len(rows), "left_once": sum(count == 1 for count in left.values()),
            "tried_again": tries, "states": dict(Counter(rows.values())), "wrong": wrong}  # fmt: skip


def kill(crew: Crew, customers: list[Any], *, kills: int) -> None:
    """Kill until it is enough, with mail to send all the while; then let the others finish."""
    dice = random.Random(SEED)
    while crew.kills < kills:
        if open_mails() < 8 * MAILBOXES:
            queue(customers, 8 * MAILBOXES)
        crew.kill_one(dice)
    settle()


def cut(customers: list[Any], *, cuts: int) -> int:
    """Cut the answers of so many sends, half of them before Microsoft has acted; gives how many really were."""
    control = customers[0].control
    for kind, count in (("reset_after", cuts - cuts // 2), ("reset_before", cuts // 2)):
        if count:
            control.fault(kind, count=count, path="/send$", method="POST", probability=0.5, seed=SEED)
    done = 0
    while (left := _left_to_cut(control, cuts)) and done < SETTLE_S * 4:
        if open_mails() < MAILBOXES:
            queue(customers, max(4, min(left, 60)))
        time.sleep(0.2)
        done += 1
    settle()
    return cuts - _left_to_cut(control, cuts)


def _left_to_cut(control: Any, wanted: int) -> int:
    hits = [int(one["hits"]) for one in control("faults", method="GET")["faults"]]
    return wanted - sum(hits)


@for_machine()
def run(*, kills: int, cuts: int, database: str) -> dict[str, Any]:
    started = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="send-kills-")))
        m365 = stack.enter_context(sandbox_process.start(folder / "m365", latency_ms=5))
        url = stack.enter_context(database_of_its_own(database))
        os.environ.update(environment(folder, url, m365) | {"SEND_PER_MINUTE": "100000"})
        django.setup()
        from django.core.management import call_command
        from django.db import connections

        from tests.journeys.customer import Control, connect

        stack.callback(connections.close_all)
        call_command("migrate", verbosity=0)
        customers = [connect(Control(m365)) for _ in range(MAILBOXES)]
        queue(customers, 8 * MAILBOXES)
        crew = Crew()
        stack.callback(crew.stop)
        kill(crew, customers, kills=kills)
        cut_answers = cut(customers, cuts=cuts)
        crew.stop()
        verdict = judge(customers)
    return {"kills": kills, "cuts": cut_answers, **verdict, "seconds": round(time.monotonic() - started, 1)}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--database", default="", help="a PostgreSQL server; SQLite when left out")
    parser.add_argument("--json", action="store_true", help="print one JSON document only")
    options = parser.parse_args()
    found = run(kills=options.kills, cuts=options.cuts, database=options.database)
    if options.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name:>20}: {value}")
        print("Every mail left exactly once." if not found["wrong"] else "Something is wrong.")
    return 1 if found["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
