"""Connections with one time limit for the whole answer.

requests and urllib3 bound each single read, so a server that sends one byte a second holds a worker for as
long as it likes. Here the limit counts from the start of the request, headers and body together; only content
that really arrives buys more time, so that a large mail over a slow line is not taken for a hanging server.
"""

import io
import socket
from http.client import HTTPResponse
from time import monotonic
from typing import Any

from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

#: One second more for every so many bytes that came.
BYTES_PER_EXTRA_SECOND = 256 * 1024
_BUFFER_BYTES = 64 * 1024
# A middlebox that forgets an idle connection says nothing; the kernel's probes notice within two minutes.
SOCKET_OPTIONS: list[tuple[int, int, int | bytes]] = [
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4),
]


class _TimedReader(io.RawIOBase):
    """The raw side of one answer: every read gets only the time that is left."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        # urllib3 has just set what remains of the request's total time.
        self._until = monotonic() + (sock.gettimeout() or 0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left_s = self._until - monotonic()
        if left_s <= 0:
            raise TimeoutError("The time for the whole answer is over.")
        self._sock.settimeout(left_s)
        count: int | None = self._raw.readinto(buffer)
        if count:
            self._until += count / BYTES_PER_EXTRA_SECOND
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_TimedReader(raw, sock), _BUFFER_BYTES)


class TimedConnection(HTTPSConnection):
    response_class = _TimedResponse

    def _new_conn(self) -> socket.socket:
        """Connect within one time limit over all addresses of the host.

        urllib3 gives each address the full limit; Microsoft's hosts have up to a dozen of them.
        """
        until = monotonic() + float(self.timeout or 0)
        try:
            found = socket.getaddrinfo(self._dns_host, self.port, 0, socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            fault = error if isinstance(error, socket.gaierror) else socket.gaierror(str(error))
            raise NameResolutionError(self.host, self, fault) from error
        failure: OSError = OSError("The name has no address.")
        for family, kind, proto, _, address in found:
            try:
                return _connect(family, kind, proto, address, left_s=until - monotonic())
            except OSError as error:
                failure = error
        if isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(self, "No address of the host answered in time.") from failure
        raise NewConnectionError(self, f"No address of the host could be reached: {failure}") from failure


def _connect(family: int, kind: int, proto: int, address: Any, *, left_s: float) -> socket.socket:
    if left_s <= 0:
        raise TimeoutError("The time for connecting is over.")
    sock = socket.socket(family, kind, proto)
    try:
        for option in SOCKET_OPTIONS:
            sock.setsockopt(*option)
        sock.settimeout(left_s)
        sock.connect(address)
    except OSError:
        sock.close()
        raise
    return sock


class TimedPool(HTTPSConnectionPool):
    ConnectionCls = TimedConnection
