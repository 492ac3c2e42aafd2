"""What was asked of the sandbox: counters, the last requests, and the limit of four at once per mailbox."""

import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.wire import Json

MAX_AT_ONCE = 4
REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Seen:
    method: str
    target: str
    status: int
    kind: str
    mailbox: str


@dataclass(slots=True)
class Traffic:
    """kinds and mailboxes count Graph requests, batch items too; http_requests counts what came over the wire."""

    http_requests: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    mailboxes: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    throttled: Counter[str] = field(default_factory=Counter)
    most_at_once: dict[str, int] = field(default_factory=dict)
    seen: deque[Seen] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _now: Counter[tuple[str, str]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take_slot(self, client_id: str, address: str) -> Callable[[], None] | None:
        """Take one of the four places an app has at a mailbox; None when all are taken.

        Source: https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits
        """
        key = (client_id, address)
        with self._lock:
            if self._now[key] >= MAX_AT_ONCE:
                self.throttled[address] += 1
                return None
            self._now[key] += 1
            self.most_at_once[address] = max(self.most_at_once.get(address, 0), self._now[key])
        return lambda: self._give_back(key)

    def _give_back(self, key: tuple[str, str]) -> None:
        with self._lock:
            self._now[key] -= 1

    def count(self, seen: Seen, *, on_wire: bool) -> None:
        with self._lock:
            self.http_requests += on_wire
            self.kinds[seen.kind] += 1
            self.statuses[seen.status] += 1
            if seen.mailbox:
                self.mailboxes[seen.mailbox] += 1
            self.seen.append(seen)

    def reset(self) -> None:
        with self._lock:
            self.http_requests = 0
            for counter in (self.kinds, self.mailboxes, self.statuses, self.throttled):
                counter.clear()
            self.most_at_once.clear()
            self.seen.clear()

    def report(self) -> Json:
        with self._lock:
            return {
                "http_requests": self.http_requests,
                "kinds": dict(self.kinds),
                "mailboxes": dict(self.mailboxes),
                "statuses": {str(status): count for status, count in self.statuses.items()},
                "throttled": dict(self.throttled),
                "most_at_once": dict(self.most_at_once),
            }
