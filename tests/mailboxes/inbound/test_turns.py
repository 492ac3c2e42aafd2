"""Whose turn it is while imports run: the line of tasks as a broker keeps it, two workers, a clock that is moved."""

from __future__ import annotations

import contextvars
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from celery import Celery
from django.conf import settings
from django.utils import timezone
from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]

from mailboxes import transports
from mailboxes.inbound.sync import due_mailboxes
from mailboxes.models import Mailbox
from mailboxes.tasks import sync_due
from mailboxes.transports.base import Batch, FolderSeen
from tests import factories
from tickets.tasks import sync_mailbox

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
TASKS: dict[str, Callable[..., None]] = {task.name: task for task in (sync_due, sync_mailbox)}
TICK: Any = settings.CELERY_BEAT_SCHEDULE["mailboxes.tasks.sync_due"]


@dataclass(slots=True)
class Office:
    """A broker, its scheduler and its workers, in a time of their own."""

    clock: time_machine.Traveller
    now_s: float = 0.0
    longest: int = 0
    line: deque[tuple[float, str, tuple[Any, ...]]] = field(default_factory=deque)
    asleep: dict[greenlet, float] = field(default_factory=dict)

    def send(self, name: str, args: tuple[Any, ...] = (), *, expires: float, **_rest: Any) -> None:
        self.line.append((self.now_s + expires, name, args))
        self.longest = max(self.longest, len(self.line))

    def sleep(self, seconds: float) -> None:
        me = getcurrent()
        self.asleep[me] = self.now_s + seconds
        me.parent.switch()

    def scheduler(self) -> None:
        while True:
            self.send("mailboxes.tasks.sync_due", expires=TICK["options"]["expires"])
            self.sleep(TICK["schedule"].total_seconds())

    def worker(self) -> None:
        while True:
            if not self.line:
                self.sleep(0.1)
                continue
            until, name, args = self.line.popleft()
            if until > self.now_s:
                TASKS[name](*args)

    def work(self, *, workers: int, minutes: int) -> None:
        for begin in (self.scheduler, *[self.worker] * workers):
            one = greenlet(begin)
            one.gr_context = contextvars.copy_context()
            self.asleep[one] = self.now_s
        end = self.now_s + 60 * minutes
        while self.now_s < end:
            one = min(self.asleep, key=self.asleep.__getitem__)
            self.now_s = self.asleep.pop(one)
            self.clock.move_to(NOON + timedelta(seconds=self.now_s))
            one.switch()


@dataclass(slots=True)
class Wire:
    """A mailbox somewhere: an import never ends, any other look takes a moment."""

    office: Office
    is_import: bool
    looks: list[float]
    requests: int = 0
    charged: int = 0
    lanes: int = 4
    steps_at_once: int = 20

    def fetch(self, folder_id: str, cursor: str) -> Iterator[Batch]:
        self.looks.append(self.office.now_s)
        while self.is_import:
            self.office.sleep(3)
            yield Batch(refs=(), cursor="on", is_last=False)
        self.office.sleep(0.05)
        yield Batch(refs=(), cursor="on", is_last=True)

    def bunches(self, refs: object) -> Iterator[Any]:
        return iter(())

    def find_folder(self, path: str, *, create: bool = False) -> FolderSeen:
        return FolderSeen(remote_id=path, display_name=path, total=0, path=path)

    def close(self) -> None:
        """Nothing was opened."""


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with time_machine.travel(NOON, tick=False) as clock:
        office = Office(clock)
        monkeypatch.setattr(
            Celery, "send_task", lambda _app, name, args=(), **rest: office.send(name, args, **rest)
        )
        monkeypatch.setattr(time, "monotonic", lambda: office.now_s)
        yield office


def mailboxes(count: int, **values: Any) -> list[Mailbox]:
    tenant = factories.TenantFactory()
    made = [
        factories.MailboxFactory(tenant=tenant, last_success_at=timezone.now(), **values)
        for _ in range(count)
    ]
    for mailbox in made:
        factories.FolderFactory(mailbox=mailbox, cursor="on", is_walking=False)
    return made


@dataclass(slots=True)
class Looks:
    of: dict[int, list[float]]

    def longest_wait(self, some: list[Mailbox], minutes: int) -> float:
        times = [[0.0, *self.of.get(one.pk, []), minutes * 60.0] for one in some]
        return max(after - before for moments in times for before, after in pairwise(moments))


@pytest.fixture
def looks(office: Office, monkeypatch: pytest.MonkeyPatch) -> Looks:
    """Have every mailbox behind a wire of ours; gives when each was looked at."""
    found = Looks({})

    def connect(mailbox: Mailbox, _gate: object) -> Any:
        moments = found.of.setdefault(mailbox.pk, [])
        return Wire(office, is_import=mailbox.address.startswith("import"), looks=moments)

    monkeypatch.setitem(transports.INBOUND, "graph", transports.Wire(connect=connect))
    return found


@pytest.mark.parametrize("imports", [7, 30])
def test_nobody_waits_behind_the_imports_of_others(office: Office, looks: Looks, imports: int) -> None:
    long = [
        one for number in range(imports) for one in mailboxes(1, address=f"import{number}@contoso.example")
    ]
    short = mailboxes(20, is_settled=True)
    office.work(workers=2, minutes=20)
    assert looks.longest_wait(short, 20) <= settings.SYNC_INTERVAL_S + 60
    assert looks.longest_wait(long, 20) <= 20 * imports
    assert office.longest <= imports + len(short) + 12


def test_imports_leave_no_worker_idle(office: Office, looks: Looks) -> None:
    imports = [one for number in range(7) for one in mailboxes(1, address=f"import{number}@contoso.example")]
    office.work(workers=2, minutes=10)
    # Of forty seconds of two workers each turn takes twenty-one, in pages of three seconds.
    assert sum(len(looks.of[one.pk]) for one in imports) >= 2 * 600 / 21 * 0.9


def test_mailboxes_that_leave_something_each_time_are_read_each_minute(office: Office, looks: Looks) -> None:
    """Whatever stays over, a mail that does not come above all, makes a short look no import."""
    short = mailboxes(60)
    office.work(workers=2, minutes=5)
    assert looks.longest_wait(short, 5) <= settings.SYNC_INTERVAL_S + 30


def test_look_that_is_due_is_asked_for_once(office: Office) -> None:
    due = [one.pk for one in mailboxes(3, is_settled=True)]
    assert sorted(due_mailboxes(timezone.now())) == due
    assert due_mailboxes(timezone.now()) == []
