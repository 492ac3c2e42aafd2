"""What the threads of one Graph client share: the token in use, and how many requests are under way."""

import threading
from collections.abc import Callable
from time import monotonic
from typing import Protocol

from tenants.errors import Throttled
from tenants.microsoft.http import DEADLINE_S

# The store renews tokens ahead of their end; asking it once a minute is enough to follow.
_TOKEN_LOOK_S = 60.0


class Gate(Protocol):
    """How many requests at once this client may have under way; leased by the caller."""

    def slots(self) -> int: ...


class Bearer:
    """The token in use, shared by all threads; one of them refreshes, the others wait for its token."""

    def __init__(self, token: Callable[[bool], str]) -> None:
        self._token = token
        self._lock = threading.Lock()
        self._value = ""
        self._look_again_at = 0.0

    def current(self, *, refused: str = "") -> str:
        with self._lock:
            if refused and refused == self._value:
                self._value = self._token(True)
            elif not self._value or monotonic() >= self._look_again_at:
                self._value = self._token(False)
            else:
                return self._value
            self._look_again_at = monotonic() + _TOKEN_LOOK_S
            return self._value


class Lanes:
    """Counts requests and keeps those under way within the gate's slots."""

    def __init__(self, gate: Gate | None) -> None:
        self._gate = gate
        self._free = threading.Condition()
        self._under_way = 0
        self.requests = 0
        self.charged = 0

    def enter(self) -> None:
        with self._free:
            if self._gate is not None and not self._free.wait_for(self._has_room, timeout=DEADLINE_S):
                raise Throttled.own("slots_taken")
            self._under_way += 1

    def leave(self) -> None:
        with self._free:
            self._under_way -= 1
            self._free.notify()

    def count(self) -> None:
        with self._free:
            self.requests += 1
            self.charged += 1

    def charge(self, more: int) -> None:
        with self._free:
            self.charged += more

    def _has_room(self) -> bool:
        slots = self._gate.slots() if self._gate is not None else 1
        if slots <= 0 and self._under_way == 0:
            raise Throttled.own("slots_taken")
        return self._under_way < slots
