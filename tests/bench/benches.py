"""What is measured, and the targets each figure has to reach."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests import servers
from tests.bench import mail_wires
from tests.bench.engines import Engine
from tests.bench.figures import Figure
from tests.bench.place import Place, place

MIB: Final = 1024 * 1024
MAILBOXES: Final = 10_000
DUE: Final = 166


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How many mails each bench takes."""

    small: int
    large: int
    slow: int
    stored: int
    tickets: int
    ledger: int
    answers: int


FULL: Final = Sizes(
    small=2_000, large=10_000, slow=2_000, stored=100_000, tickets=300_000, ledger=1_000_000, answers=1_000
)
QUICK: Final = Sizes(
    small=400, large=1_200, slow=300, stored=20_000, tickets=20_000, ledger=60_000, answers=100
)


@dataclass(slots=True, kw_only=True)
class Session:
    """One call of the benchmark: where it works, how large, and what the processes have reported so far."""

    folder: Path
    engines: list[Engine]
    sizes: Sizes
    reports: dict[str, Any] = field(default_factory=dict)

    def read(
        self, engine: Engine, name: str, *, mails: int, stored: int = 0, **weather: Any
    ) -> dict[str, Any]:
        """Read a mailbox of so many mails, where it is wanted between two halves of the floor; remembered by name."""
        key = f"{name} on {engine.name}"
        if key not in self.reports:
            with place(engine, self.folder, mails=mails, **weather) as here:
                self.reports[key] = self._read(here, stored=stored, has_floor=not weather and not stored)
        found: dict[str, Any] = self.reports[key]
        return found

    def _read(self, here: Place, *, stored: int, has_floor: bool) -> dict[str, Any]:
        if stored:
            here.do("prefill", count=stored)
        if not has_floor:
            return here.do("read")
        ids = str(here.folder / "ids.json")
        before = here.do("floor", half=0, ids=ids)
        report = here.do("read")
        after = here.do("floor", half=1, ids=ids)
        return {**report, "floor": {name: before[name] + after[name] for name in before}}


def backfill(session: Session, engine: Engine) -> Iterator[Figure]:
    """Thousands of mails in one go, beside the floor."""
    small = session.read(engine, "small", mails=session.sizes.small)
    large = session.read(engine, "large", mails=session.sizes.large)
    for count, report in ((session.sizes.small, small), (session.sizes.large, large)):
        yield from _of_run(f"{engine.name} {count:,}", report, is_binding=report is large)
    sizes = f"{session.sizes.large:,} / {session.sizes.small:,}"
    # Minutes lie between the two runs, in which a machine's clock wanders by a tenth: each is held against the floor
    # of its own run, whose work for one mail does not grow.
    growth = of_floor(large) / of_floor(small)
    yield Figure(bench=engine.name, name=f"(CPU / floor) at {sizes}", value=growth, unit="x", most=1.1)
    raw = cpu_ms(large) / cpu_ms(small)
    yield Figure(bench=engine.name, name=f"CPU per mail at {sizes}", value=raw, unit="x")
    yield from _of_one(engine, large)


def _of_run(bench: str, report: dict[str, Any], *, is_binding: bool) -> Iterator[Figure]:
    mails, floor = report["mails"], report["floor"]
    yield Figure(bench=bench, name="mails per CPU second", value=mails / report["cpu_s"])
    yield Figure(bench=bench, name="mails per second", value=mails / report["wall_s"], least=250)
    yield Figure(bench=bench, name="CPU per mail", value=cpu_ms(report), unit="ms")
    yield Figure(bench=bench, name="floor: CPU per mail", value=cpu_ms(floor), unit="ms")
    for part in ("download_s", "email_s", "nh3_s", "insert_s"):
        name = f"floor: {part.removesuffix('_s')}"
        yield Figure(bench=bench, name=name, value=floor[part] / mails * 1000, unit="ms")
    yield Figure(
        bench=bench, name="CPU / floor", value=of_floor(report), unit="x", most=2.0 if is_binding else None
    )
    yield Figure(
        bench=bench, name="requests per 1,000 mails", value=report["requests"] / mails * 1000, most=1080
    )
    yield Figure(bench=bench, name="statements per mail", value=report["statements"] / mails, most=1)
    most = 110 if is_binding else None
    yield Figure(bench=bench, name="VmHWM", value=report["peak_bytes"] / MIB, unit="MiB", most=most)
    yield Figure(bench=bench, name="mails left over", value=report["unfinished"], most=0)
    yield Figure(bench=bench, name="refused by the 4-at-once rule", value=report["throttled"], most=0)


def _of_one(engine: Engine, report: dict[str, Any]) -> Iterator[Figure]:
    single, idle = report["single"], report["idle"]
    bench = f"{engine.name} one mail"
    yield Figure(bench=bench, name="statements", value=single["statements"], most=12)
    yield Figure(bench=bench, name="requests", value=single["requests"])
    yield Figure(bench=bench, name="CPU", value=single["cpu_s"] * 1000, unit="ms")
    bench = f"{engine.name} idle poll"
    yield Figure(bench=bench, name="requests", value=idle["requests"], most=1)
    yield Figure(bench=bench, name="statements", value=idle["statements"])
    yield Figure(bench=bench, name="CPU", value=idle["cpu_s"] * 1000, unit="ms")


def latency(session: Session, engine: Engine) -> Iterator[Figure]:
    """Every answer comes 40 ms late, as over a real line."""
    report = session.read(engine, "latency", mails=session.sizes.slow, latency_ms=40)
    per_second = report["mails"] / report["wall_s"]
    yield Figure(bench=f"{engine.name} 40 ms latency", name="mails per second", value=per_second, least=60)


def stored(session: Session, engine: Engine) -> Iterator[Figure]:
    """The same run with many mails stored before, against an empty database."""
    empty = session.read(engine, "small", mails=session.sizes.small)
    full = session.read(engine, "stored", mails=session.sizes.small, stored=session.sizes.stored)
    bench = f"{engine.name} {session.sizes.stored:,} stored"
    yield Figure(bench=bench, name="CPU per mail", value=cpu_ms(full), unit="ms")
    yield Figure(bench=bench, name="cost / empty", value=cpu_ms(full) / cpu_ms(empty), unit="x", most=1.2)


def huge(session: Session, engine: Engine) -> Iterator[Figure]:
    """One mail of 149 MB among the others."""
    report = session.read(engine, "huge", mails=session.sizes.slow, has_large=True)
    bench = f"{engine.name} with 149 MB mail"
    yield Figure(bench=bench, name="VmHWM", value=report["peak_bytes"] / MIB, unit="MiB", most=256)
    yield Figure(bench=bench, name="mails left over", value=report["unfinished"], most=0)


def tick(session: Session, engine: Engine) -> Iterator[Figure]:
    """One tick of the scheduler over ten thousand mailboxes."""
    broker_url = "memory://" if servers.missing("redis") else servers.REDIS_URL
    orders = {"mailboxes": MAILBOXES, "due": DUE, "broker_url": broker_url, "queue": f"bench-{os.getpid()}"}
    with engine.copy() as database_url:
        here = Place(folder=session.folder, database_url=database_url, broker_url=broker_url)
        report = session.reports[f"tick on {engine.name}"] = here.do("tick", **orders)
    for name, words, most in (("none", "none due", 10), ("due", f"{DUE} due", 60)):
        bench = f"{engine.name} tick, {words}"
        yield Figure(bench=bench, name="CPU", value=report[name]["cpu_ms"], unit="ms", most=most)
        yield Figure(bench=bench, name="statements", value=report[name]["statements"], most=4)
        expected = DUE if name == "due" else 0
        yield Figure(bench=bench, name="published", value=report[name]["published"], most=expected)


def desk(session: Session, engine: Engine) -> Iterator[Figure]:
    """The pages that are looked at all day, over the mail of two hundred customers."""
    # The targets are PostgreSQL's; the embedded default is for fewer.
    is_bound = engine.name == "PostgreSQL"
    tickets, mails = (
        size // (1 if is_bound else 10) for size in (session.sizes.tickets, session.sizes.ledger)
    )
    with engine.copy() as database_url:
        here = Place(folder=session.folder, database_url=database_url)
        report = session.reports[f"desk on {engine.name}"] = here.do("desk", tickets=tickets, mails=mails)
    for who, pages in report.items():
        bench = f"{engine.name} {tickets:,} tickets, {mails:,} mails, {who}"
        for name, page in pages.items():
            yield Figure(bench=bench, name=name, value=page["ms"], unit="ms", most=300 if is_bound else None)
        most = max(page["statements"] for page in pages.values())
        yield Figure(bench=bench, name="most statements", value=most, most=40)
        largest = max(page["bytes"] for page in pages.values())
        yield Figure(bench=bench, name="largest page", value=largest / MIB, unit="MiB", most=1)


def wires(session: Session, engine: Engine) -> Iterator[Figure]:
    """The other wires, over a line with 40 ms."""
    yield from mail_wires.figures(engine, session.folder, mails=session.sizes.slow)


def outbox(session: Session, engine: Engine) -> Iterator[Figure]:
    """Answers written, one sent from rest, and many drained over ten mailboxes as fast as the wire takes them."""
    with place(engine, session.folder, mails=1) as here:
        # The pace of 30 a minute is Exchange's; without it the figures are ours.
        unpaced = here.with_settings({"SEND_PER_MINUTE": "1000000"})
        report = session.reports[f"outbox on {engine.name}"] = unpaced.do("send", mails=session.sizes.answers)
    bench, mails = f"{engine.name} outbox {report['mails']:,}", report["mails"]
    yield Figure(bench=bench, name="answer written and queued", value=report["queue_ms"], unit="ms", most=50)
    yield Figure(bench=bench, name="CPU of that", value=report["queue_cpu_ms"], unit="ms")
    yield Figure(
        bench=bench, name="95 % queued and composed in", value=report["slowest_ms"], unit="ms", most=50
    )
    yield Figure(bench=bench, name="queued to accepted at rest", value=report["first_s"], unit="s", most=2)
    yield Figure(bench=bench, name="requests per mail", value=report["requests"] / mails, most=3)
    yield Figure(bench=bench, name="statements per mail", value=report["statements"] / mails)
    yield Figure(bench=bench, name="mails per second", value=mails / report["wall_s"])
    yield Figure(bench=bench, name="CPU per mail", value=cpu_ms(report), unit="ms")
    yield Figure(bench=bench, name="VmHWM", value=report["peak_bytes"] / MIB, unit="MiB", most=256)
    yield Figure(bench=bench, name="mails left over", value=report["left_over"], most=0)
    yield Figure(bench=bench, name="mails sent twice", value=report["twice"], most=0)


def of_floor(report: dict[str, Any]) -> float:
    """How many times the floor of the same run a mail costs."""
    return cpu_ms(report) / cpu_ms(report["floor"])


def cpu_ms(report: dict[str, Any]) -> float:
    """Milliseconds of processor per mail."""
    return float(report["cpu_s"] / report["mails"] * 1000)


BENCHES: Final[dict[str, Callable[[Session, Engine], Iterator[Figure]]]] = {
    "backfill": backfill,
    "latency": latency,
    "stored": stored,
    "huge": huge,
    "wires": wires,
    "tick": tick,
    "desk": desk,
    "outbox": outbox,
}
#: What says nothing about the database is measured on the first engine alone.
ONCE: Final = frozenset({"latency", "huge", "wires"})
