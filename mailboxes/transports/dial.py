"""One signed-in connection at a time: opened when it is needed, opened anew when it was lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from tenants.errors import AccessDenied

#: Gives the access token; called with True after the last one was refused.
TokenSource = Callable[[bool], str]


class Speaks(Protocol):
    """A connection in some protocol, opened and not yet signed in."""

    @property
    def round_trips(self) -> int: ...

    @property
    def is_open(self) -> bool: ...

    @property
    def is_stale(self) -> bool:
        """Whether it was silent for so long that a firewall may have forgotten it."""

    def login(self, user: str, token: str) -> None: ...

    def probe(self) -> None:
        """Find out whether the server is still there; afterwards `is_open` tells."""

    def close(self) -> None: ...


Connection = TypeVar("Connection", bound=Speaks)


class Dial(Generic[Connection]):
    """Gives the connection; `user` is the mailbox to open, whoever the token belongs to."""

    def __init__(self, connect: Callable[[], Connection], *, user: str, token: TokenSource) -> None:
        self._connect = connect
        self._user = user
        self._token = token
        self._current: Connection | None = None
        self._trips_before = 0

    @property
    def round_trips(self) -> int:
        return self._trips_before + (self._current.round_trips if self._current else 0)

    def __call__(self) -> Connection:
        """Give the open connection, or a new one when it was lost, or was silent for long and is dead."""
        if self._current is not None and self._current.is_open and self._current.is_stale:
            self._current.probe()
        if self._current is None or not self._current.is_open:
            self.forget()
            self._current = self._signed_in()
        return self._current

    def forget(self) -> None:
        """Leave a connection that has ended."""
        self._trips_before = self.round_trips
        self._current = None

    def close(self) -> None:
        if self._current is not None:
            self._current.close()
        self.forget()

    def _signed_in(self) -> Connection:
        try:
            return self._opened(is_refused=False)
        except AccessDenied:
            # The token may have been withdrawn before its time; a fresh one tells.
            return self._opened(is_refused=True)

    def _opened(self, *, is_refused: bool) -> Connection:
        token = self._token(is_refused)
        connection = self._connect()
        try:
            connection.login(self._user, token)
        except BaseException:
            self._trips_before += connection.round_trips
            connection.close()
            raise
        return connection
