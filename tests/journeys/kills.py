"""Kill the workers of a sync again and again, and show that every mail is there exactly once.

    python -m tests.journeys.kills --kills 50 --mails 2000 [--database postgres://…] [--json]

Two workers read one mailbox of a sandbox Microsoft 365 throughout; one that is reading is killed with SIGKILL at a
random moment and started again, once exactly between filing and acknowledging. Leases are two seconds, so that the
next one takes over soon. The verdict compares ledger, tickets, files and Microsoft's folders; exit 1 when it is bad.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO
from urllib.parse import urlsplit

import django
import psycopg

from sandbox import process as sandbox_process
from sandbox.process import RunningSandbox
from tenants.whom import for_machine

ROOT: Final = Path(__file__).resolve().parents[2]
SEED: Final = 7
WORKERS: Final = 2
#: The longest a reading worker lives before it is killed, and the longest everything may take at the end. Seconds.
LONGEST_LIFE_S: Final = 0.8
SETTLE_S: Final = 120.0


@dataclass(slots=True)
class Worker:
    """A child and when it last began to read; None while it does not."""

    child: subprocess.Popen[str]
    trying_since: float | None = None
    errors: int = 0

    def listen(self, lines: TextIO) -> None:
        for line in lines:
            self.trying_since = time.monotonic() if line.startswith("try") else None
            self.errors += line.startswith("error")


class Crew:
    """Two workers that are always there: who dies is replaced."""

    def __init__(self) -> None:
        self.workers = [self._start() for _ in range(WORKERS)]
        self.kills = self.deaths = 0

    def _start(self) -> Worker:
        command = [sys.executable, "-m", "tests.journeys.worker"]
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        worker = Worker(child)
        assert child.stdout is not None
        threading.Thread(target=worker.listen, args=[child.stdout], daemon=True).start()
        return worker

    def replace_the_dead(self) -> None:
        """Start those anew that ended by themselves: the one that died between filing and acknowledging."""
        for place, worker in enumerate(self.workers):
            if worker.child.poll() is not None:
                self.deaths += 1
                self.workers[place] = self._start()

    def kill_a_reader(self, dice: random.Random) -> bool:
        """Wait for a worker that reads, give it a random while, and kill it if it still does."""
        self.replace_the_dead()
        life_s = dice.uniform(0.02, LONGEST_LIFE_S)
        for place, worker in enumerate(self.workers):
            since = worker.trying_since
            if since is None or time.monotonic() - since < life_s:
                continue
            worker.child.kill()
            worker.child.wait()
            self.kills += 1
            self.workers[place] = self._start()
            return True
        time.sleep(0.005)
        return False

    def stop(self) -> None:
        for worker in self.workers:
            worker.child.kill()
            worker.child.wait()


@contextmanager
def database_of_its_own(url: str) -> Iterator[str]:
    """Give an empty database: a file for "", else a new one on the server, dropped at the end."""
    if not url:
        yield ""
        return
    name = f"journey_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlsplit(url)._replace(path=f"/{name}").geturl()
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def environment(folder: Path, database: str, m365: RunningSandbox) -> dict[str, str]:
    chosen = {
        "DJANGO_SETTINGS_MODULE": "m365integration.settings", "ENV_FILE": os.devnull, "VAR_DIR": str(folder / "var"),
        "MEDIA_ROOT": str(folder / "media"), "CELERY_BROKER_URL": "memory://", "LOG_LEVEL": "ERROR",
        "M365_LOGIN_URL": m365.url, "M365_GRAPH_URL": m365.url, "REQUESTS_CA_BUNDLE": str(m365.ca_path),
        "DELTA_PAGE_SIZE": "25",
        "FILING_BATCH": "20",
        "SYNC_LEASE_S": "2", "SYNC_INTERVAL_S": "1", "RETRY_DELAYS_S": "1,2,4", "RAW_FSYNC": "false",
        "DIE_AFTER_FILING": str(folder / "die-after-filing"),
    }  # fmt: skip
    return {**chosen, **({"DATABASE_URL": database} if database else {})}


def settled(customer: Any) -> bool:
    """Tell whether nothing is left to do, here and in the inbox."""
    from mailboxes.models import InboundMessage

    row = customer.row()
    open_rows = InboundMessage.objects.filter(mailbox=row, acknowledged_at=None)
    return bool(row.is_settled) and not open_rows.exists() and "inbox" not in customer.folders()


def drive(crew: Crew, customer: Any, *, kills: int) -> dict[str, int]:
    """Kill until it is enough, then let the workers finish; counts what was moved before it was filed.

    The first worker to file dies by itself right after it; only then the random kills begin, so that none of them
    takes that one's place.
    """
    from tests.journeys.verdict import moved_too_early

    dice = random.Random(SEED)
    early = 0
    until = time.monotonic() + SETTLE_S
    while not crew.deaths and time.monotonic() < until:
        crew.replace_the_dead()
        time.sleep(0.005)
    early += moved_too_early(customer)
    while crew.kills < kills and not settled(customer):
        if crew.kill_a_reader(dice):
            early += moved_too_early(customer)
    until = time.monotonic() + SETTLE_S
    while not settled(customer) and time.monotonic() < until:
        crew.replace_the_dead()
        time.sleep(0.2)
    return {
        "kills": crew.kills,
        "killed_between_filing_and_acknowledging": crew.deaths,
        "moved_too_early": early,
    }


@for_machine()
def run(*, kills: int, mails: int, database: str) -> dict[str, Any]:
    started = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kills-")))
        m365 = stack.enter_context(sandbox_process.start(folder / "m365", latency_ms=5))
        url = stack.enter_context(database_of_its_own(database))
        os.environ.update(environment(folder, url, m365))
        django.setup()
        from django.core.management import call_command
        from django.db import connections
        from django.utils import timezone

        from tests.journeys.customer import Control, connect
        from tests.journeys.verdict import judge

        stack.callback(connections.close_all)
        call_command("migrate", verbosity=0)
        customer = connect(
            Control(m365),
            mail=[{"mix": {"seed": SEED, "count": mails}}],
            count_confirmed_at=timezone.now(),
        )
        (folder / "die-after-filing").touch()
        crew = Crew()
        stack.callback(crew.stop)
        figures = drive(crew, customer, kills=kills)
        crew.stop()
        verdict = judge(customer, seed=SEED, mails=mails)
        verdict["wrong"] += ["a mail was moved before it was filed"] * bool(figures["moved_too_early"])
    return {**figures, **verdict, "seconds": round(time.monotonic() - started, 1)}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--mails", type=int, default=2000)
    parser.add_argument("--database", default="", help="a PostgreSQL server; SQLite when left out")
    parser.add_argument("--json", action="store_true", help="print one JSON document only")
    options = parser.parse_args()
    found = run(kills=options.kills, mails=options.mails, database=options.database)
    if options.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name:>42}: {value}")
        print("Every mail is there exactly once." if not found["wrong"] else "Something is wrong.")
    return 1 if found["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
