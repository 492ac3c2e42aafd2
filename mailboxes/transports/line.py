"""A verified TLS connection that is spoken in lines: bounded in time, in the length of a line, in what is kept."""

from __future__ import annotations

import hashlib
import io
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from time import monotonic
from typing import Any, BinaryIO, Final
from urllib.parse import urlsplit

from mailboxes.transports.base import STUB_BYTES, Download
from tenants.errors import BadAnswer, IntegrationError, Misconfigured, NetworkFailure
from tenants.microsoft.deadline import BYTES_PER_EXTRA_SECOND, SOCKET_OPTIONS
from tenants.microsoft.network import network_failure
from tenants.microsoft.trust import tls_context

CONNECT_S: Final = 10.0
ANSWER_S: Final = 60.0
#: The longest line that is read: the numbers of a million mails in one answer.
MAX_LINE_BYTES: Final = 8 * 1024 * 1024
CHUNK_BYTES: Final = 64 * 1024
_FORBIDDEN: Final = (b"\r", b"\n", b"\0")


class TimedSocket(io.RawIOBase):
    """The reading side: one time limit for a whole answer, prolonged only by content that really arrives."""

    def __init__(self, sock: ssl.SSLSocket) -> None:
        self._sock = sock
        self._until = 0.0

    def allow(self, seconds: float) -> None:
        self._until = monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left_s = self._until - monotonic()
        if left_s <= 0:
            raise TimeoutError("The time for the whole answer is over.")
        self._sock.settimeout(left_s)
        count = self._sock.recv_into(buffer)
        self._until += count / BYTES_PER_EXTRA_SECOND
        return count


class Line:
    """One connection; whatever goes wrong on it ends it, for nobody knows then what the next bytes belong to."""

    def __init__(self, url: str) -> None:
        """Connect to `scheme://host:port`. Raises NetworkFailure."""
        self._sock = _connected(url)
        self._timed = TimedSocket(self._sock)
        self._reader = io.BufferedReader(self._timed, CHUNK_BYTES)
        self.is_open = True
        self.used_at = monotonic()
        self._timed.allow(ANSWER_S)

    def send(self, *lines: bytes) -> None:
        """Send lines in one go; one that holds CR, LF or NUL is refused before any of them is sent."""
        if any(mark in line for line in lines for mark in _FORBIDDEN):
            raise Misconfigured.own("line_break_refused")
        failure: IntegrationError
        try:
            self._timed.allow(ANSWER_S)
            self._sock.settimeout(ANSWER_S)
            self._sock.sendall(b"".join(line + b"\r\n" for line in lines))
            self.used_at = monotonic()
            return
        except OSError as error:
            failure = network_failure(error)
        self.close()
        raise failure

    def read_line(self, *, max_bytes: int = MAX_LINE_BYTES) -> bytes:
        """Read one line without its end. Raises BadAnswer when it is longer than allowed, NetworkFailure."""
        line = self._checked(lambda: self._reader.readline(max_bytes + 2))
        if not line.endswith(b"\n"):
            self.close()
            raise (
                BadAnswer.own("answer_too_long")
                if len(line) > max_bytes
                else NetworkFailure.own("network_reset")
            )
        return line[:-2] if line.endswith(b"\r\n") else line[:-1]

    def read(self, size_bytes: int) -> bytes:
        """Read so many bytes into memory; the caller has checked that they are few."""
        content = self._checked(lambda: self._reader.read(size_bytes))
        if len(content) < size_bytes:
            self.close()
            raise NetworkFailure.own("network_reset")
        return content

    def copy(self, size_bytes: int, into: BinaryIO, *, max_bytes: int) -> Download:
        """Stream an announced number of bytes into a file.

        Of more than `max_bytes` only the beginning is taken, and the connection ended instead of read on.
        """
        digest = hashlib.sha256()
        is_cut = size_bytes > max_bytes
        left = min(max_bytes, STUB_BYTES) if is_cut else size_bytes
        while left:
            chunk = self._some(min(left, CHUNK_BYTES))
            write_all(into, chunk)
            digest.update(chunk)
            left -= len(chunk)
        if is_cut:
            self.close()
        return Download(
            size_bytes=size_bytes, sha256="" if is_cut else digest.hexdigest(), is_truncated=is_cut
        )

    def copy_dotted(self, into: BinaryIO, *, listed_bytes: int, max_bytes: int) -> Download:
        """Stream a body that ends with a line of one dot (RFC 1939 §3) into a file.

        Of more than `max_bytes`, listed or arrived, only the beginning is taken, and the connection ended.
        """
        digest, size_bytes = hashlib.sha256(), 0
        keep_bytes = max_bytes if listed_bytes <= max_bytes else min(max_bytes, STUB_BYTES)
        for chunk in self._undotted():
            taken = chunk[: keep_bytes - size_bytes]
            write_all(into, taken)
            digest.update(taken)
            size_bytes += len(taken)
            if len(taken) < len(chunk):
                self.close()
                return Download(size_bytes=max(listed_bytes, max_bytes + 1), sha256="", is_truncated=True)
        return Download(size_bytes=size_bytes, sha256=digest.hexdigest(), is_truncated=False)

    def _undotted(self) -> Iterator[bytes]:
        """Give the content up to the final dot, in chunks; a line may be of any length."""
        chunk, is_start = bytearray(), True
        while True:
            piece = self._checked(lambda: self._reader.readline(CHUNK_BYTES))
            if not piece:
                self.close()
                raise NetworkFailure.own("network_reset")
            if is_start and piece[:1] == b".":
                piece = piece[1:]
                if piece in (b"\r\n", b"\n"):
                    break
            is_start = piece.endswith(b"\n")
            chunk += piece
            if len(chunk) >= CHUNK_BYTES:
                yield bytes(chunk)
                chunk.clear()
        yield bytes(chunk)

    def close(self) -> None:
        self.is_open = False
        with suppress(OSError):
            self._sock.close()

    def _some(self, at_most: int) -> bytes:
        chunk = self._checked(lambda: self._reader.read1(at_most))
        if not chunk:
            self.close()
            raise NetworkFailure.own("network_reset")
        return chunk

    def _checked(self, read: Callable[[], bytes]) -> bytes:
        failure: IntegrationError
        try:
            content = read()
            self.used_at = monotonic()
            return content
        except (OSError, ValueError) as error:
            failure = network_failure(error)
        self.close()
        # Raised out here so that the original, which may hold what was sent, is not chained.
        raise failure


class Beginning(io.BytesIO):
    """Keeps the beginning of what is written to it, and lets the rest go by."""

    def __init__(self, keep_bytes: int) -> None:
        super().__init__()
        self._keep_bytes = keep_bytes

    def write(self, content: Any) -> int:
        super().write(content[: max(self._keep_bytes - self.tell(), 0)])
        return len(content)


def write_all(into: BinaryIO, content: bytes) -> None:
    """Write to an unbuffered file, which may take less than it is given."""
    rest = memoryview(content)
    while rest:
        rest = rest[into.write(rest) :]


def _connected(url: str) -> ssl.SSLSocket:
    place, failure = urlsplit(url), None
    try:
        raw = socket.create_connection((place.hostname or "", place.port or 0), timeout=CONNECT_S)
    except (OSError, UnicodeError) as error:
        failure = network_failure(error)
    if failure is not None:
        # The advice for HTTPS names another port.
        is_closed = failure.code in ("network_refused", "network_timeout")
        raise NetworkFailure.own("mail_port_closed") if is_closed else failure
    return _encrypted(raw, place.hostname or "")


def _encrypted(raw: socket.socket, host: str) -> ssl.SSLSocket:
    try:
        for option in SOCKET_OPTIONS:
            raw.setsockopt(*option)
        return tls_context().wrap_socket(raw, server_hostname=host)
    except IntegrationError:
        raw.close()
        raise
    except (OSError, ValueError) as error:
        failure = network_failure(error)
    raw.close()
    raise failure
