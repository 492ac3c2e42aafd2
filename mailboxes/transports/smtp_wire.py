"""One SMTP connection: encrypted before anything is said, signed in with a token, each answer bounded.

smtplib speaks the protocol, ends lines and doubles dots. Added here are one time limit for a whole answer and a whole
mail, a limit for what is kept of an answer, and a word to the caller before the dot that sends a mail.
Source: RFC 5321, RFC 3207 (STARTTLS), RFC 4954 (AUTH), RFC 1870 (SIZE).
"""

from __future__ import annotations

import io
import smtplib
import socket
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings

from mailboxes.transports import xoauth2
from mailboxes.transports.line import CONNECT_S, TimedSocket
from mailboxes.transports.outgoing import Doubtful
from mailboxes.transports.smtp_refusals import refused
from tenants.errors import BadAnswer, IntegrationError, Misconfigured, NetworkFailure
from tenants.microsoft.deadline import BYTES_PER_EXTRA_SECOND, SOCKET_OPTIONS
from tenants.microsoft.network import network_failure
from tenants.microsoft.trust import tls_context

#: Longest time of one answer; shorter than the claim on a mail, so that a late one finds the claim still held.
ANSWER_S: Final = 40.0
#: No answer of ours is longer; a server may say what it likes before it is encrypted.
MAX_ANSWER_BYTES: Final = 64 * 1024
#: How often the claim on a mail is renewed while something takes long. Seconds.
PULSE_S: Final = 10.0
#: A connection that was silent for longer may have been forgotten by a firewall: it is asked first.
STALE_S: Final = 15.0
_CHUNK_BYTES: Final = 64 * 1024
_DOT_BYTES: Final = len(b".\r\n")


class _Answers(io.RawIOBase):
    """The lines of one answer, of which there are not too many."""

    def __init__(self, sock: socket.socket) -> None:
        self._timed = TimedSocket(sock)  # type: ignore[arg-type]  # the beginning is not encrypted yet
        self._lines = io.BufferedReader(self._timed)
        self._left = 0

    def begin(self) -> None:
        self._left = MAX_ANSWER_BYTES
        self._timed.allow(ANSWER_S)

    def readline(self, size: int | None = -1, /) -> bytes:
        line = self._lines.readline(size if size is not None else -1)
        self._left -= len(line)
        if self._left < 0:
            raise BadAnswer.own("answer_too_long")
        return line


class Session(smtplib.SMTP):
    """smtplib's session. Raises NetworkFailure and BadAnswer where smtplib would raise OSError."""

    def __init__(self) -> None:
        super().__init__(
            local_hostname=urlsplit(settings.PUBLIC_URL).hostname or "localhost", timeout=CONNECT_S
        )
        self.pulse: Callable[[], None] = lambda: None
        self.before_dot: Callable[[], None] = lambda: None
        self.answers = 0

    def getreply(self) -> tuple[int, bytes]:
        if self.sock is None:
            raise NetworkFailure.own("network_reset")
        if self.file is None:
            self.file = _Answers(self.sock)
        if isinstance(self.file, _Answers):
            self.file.begin()
        self.answers += 1
        try:
            return super().getreply()
        except smtplib.SMTPServerDisconnected as error:
            inner = error.__context__
            known = network_failure(inner) if isinstance(inner, OSError) else None
            failure = known or NetworkFailure.own("network_reset")
        except smtplib.SMTPResponseException:
            failure = BadAnswer.own("answer_too_long")
        # Raised out here so that the original, which may hold what was said, is not chained.
        raise failure

    def send(self, s: Any) -> None:
        """Send a command; of a mail, which smtplib hands over in one piece, first all but its final dot."""
        if isinstance(s, str):
            self._write(memoryview(s.encode("ascii")))
            return
        mail = memoryview(s)
        self._write(mail[:-_DOT_BYTES])
        self.before_dot()
        self._write(mail[-_DOT_BYTES:])

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = socket.create_connection((host, port), timeout=timeout)
        for option in SOCKET_OPTIONS:
            sock.setsockopt(*option)
        return sock

    def _write(self, content: memoryview) -> None:
        failure: IntegrationError
        if self.sock is None:
            raise NetworkFailure.own("network_reset")
        until = monotonic() + ANSWER_S
        try:
            for at in range(0, len(content), _CHUNK_BYTES):
                left_s = until - monotonic()
                if left_s <= 0:
                    raise TimeoutError("The time for the whole mail is over.")
                self.sock.settimeout(left_s)
                self.sock.sendall(content[at : at + _CHUNK_BYTES])
                until += _CHUNK_BYTES / BYTES_PER_EXTRA_SECOND
                self.pulse()
            return
        except OSError as error:
            failure = network_failure(error)
        self.close()
        raise failure


class SmtpConnection:
    """An encrypted connection, signed in once `login` has returned."""

    def __init__(self, url: str) -> None:
        """Connect to `smtp+starttls://host:port`. Raises NetworkFailure (starttls_missing among them)."""
        self._session = Session()
        self._used_at = monotonic()
        try:
            self._open(url)
        except BaseException:
            self._session.close()
            raise

    @property
    def round_trips(self) -> int:
        return self._session.answers

    @property
    def is_open(self) -> bool:
        return self._session.sock is not None

    @property
    def is_stale(self) -> bool:
        return monotonic() - self._used_at > STALE_S

    @property
    def max_bytes(self) -> int:
        """The largest mail the server has announced to take; 0 when it does not say."""
        told = self._session.esmtp_features.get("size", "").split()
        return int(told[0]) if told and told[0].isdecimal() and len(told[0]) < 16 else 0

    def login(self, user: str, token: str) -> None:
        """Prove who we are. Raises AccessDenied, MailboxUnavailable or Throttled."""
        proof = xoauth2.initial_response(user, token).decode("ascii")
        if "XOAUTH2" not in self._session.esmtp_features.get("auth", "").upper().split():
            raise BadAnswer.own("xoauth2_missing")
        code, said = self._command("AUTH", "XOAUTH2")
        if code == 334:
            code, said = self._command(proof)
        if code == 334:
            # Some servers explain a refusal first and want an empty line before they say so.
            code, said = self._command("")
        if code != 235:
            raise refused(code, _text(said)) if code >= 400 else BadAnswer.own("answer_malformed")

    def begin(self, sender: str, *, size_bytes: int, pulse: Callable[[], None]) -> None:
        """Begin a mail; `pulse` is called now and then until it is over."""
        self._session.pulse = _now_and_then(pulse)
        options = f" SIZE={size_bytes}" if self.max_bytes else ""
        self._checked("MAIL", f"FROM:<{_plain(sender)}>{options}")

    def name(self, recipient: str) -> IntegrationError | None:
        """Name a recipient; gives why he was refused, None when he was taken."""
        code, said = self._command("RCPT", f"TO:<{_plain(recipient)}>")
        self._session.pulse()
        return None if code in (250, 251) else refused(code, _text(said), is_recipient=True)

    def hand_over(self, mime: bytes, *, before_dot: Callable[[], None]) -> None:
        """Hand over the mail. After `before_dot` only the server's clear no says that it has not left.

        Raises Doubtful when that no, or the yes, did not come.
        """
        asked: list[bool] = []

        def ask() -> None:
            before_dot()
            asked.append(True)

        self._session.before_dot = ask
        try:
            code, said = self._given(mime)
        except IntegrationError as error:
            if asked:
                raise Doubtful(error) from None
            raise
        self._used_at = monotonic()
        if code >= 400:
            raise refused(code, _text(said))
        # A yes to what was never ended is no yes to the mail.
        if not asked or not 200 <= code < 300:
            malformed = BadAnswer.own("answer_malformed")
            raise Doubtful(malformed) if asked else malformed

    def _given(self, mime: bytes) -> tuple[int, bytes]:
        try:
            return self._session.data(mime)
        except smtplib.SMTPDataError as error:
            return int(error.smtp_code), _text(error.smtp_error).encode()

    def probe(self) -> None:
        with suppress(IntegrationError):
            if self._command("NOOP")[0] == 250:
                return
        self._session.close()

    def close(self) -> None:
        """End the session politely where it is open, without waiting for more than its answer."""
        with suppress(IntegrationError):
            if self.is_open:
                self._command("QUIT")
        self._session.close()

    def drop(self) -> None:
        """Cut the connection, so that the server forgets what was begun."""
        self._session.close()

    def _open(self, url: str) -> None:
        place, failure = urlsplit(url), None
        host, port = place.hostname or "", place.port or 587
        try:
            code, said = self._session.connect(host, port)
        except (OSError, UnicodeError) as error:
            failure = network_failure(error)
        if failure is not None:
            is_closed = failure.code in ("network_refused", "network_timeout")
            raise NetworkFailure.own("mail_port_closed") if is_closed else failure
        if code != 220:
            raise refused(code, _text(said)) if code >= 400 else BadAnswer.own("answer_malformed")
        self._greet()
        self._encrypt(host)
        self._greet()

    def _encrypt(self, host: str) -> None:
        session = self._session
        if not session.has_extn("starttls") or session.sock is None or self._command("STARTTLS")[0] != 220:
            raise NetworkFailure.own("starttls_missing")
        failure: IntegrationError
        try:
            session.sock.settimeout(CONNECT_S)
            session.sock = tls_context().wrap_socket(session.sock, server_hostname=host)
        except (OSError, ValueError) as error:
            failure = network_failure(error)
        else:
            # What was said before, perhaps by somebody in between, counts for nothing.
            session.file = None
            session.esmtp_features = {}
            return
        raise failure

    def _greet(self) -> None:
        try:
            code, said = self._session.ehlo()
        except smtplib.SMTPServerDisconnected:  # smtplib's own, for an answer that is none
            code, said = -1, b""
        if not 200 <= code < 300:
            raise refused(code, _text(said)) if code >= 400 else BadAnswer.own("answer_malformed")

    def _checked(self, verb: str, rest: str) -> None:
        code, said = self._command(verb, rest)
        if not 200 <= code < 300:
            raise refused(code, _text(said)) if code >= 400 else BadAnswer.own("answer_malformed")

    def _command(self, verb: str, rest: str = "") -> tuple[int, bytes]:
        if "\r" in rest or "\n" in rest or not rest.isascii():
            raise Misconfigured.own("line_break_refused")
        reply = self._session.docmd(verb, rest)
        self._used_at = monotonic()
        return reply


def _plain(address: str) -> str:
    if not address.isascii():
        raise Misconfigured.own("address_not_ascii")
    if any(mark in address for mark in "<> \r\n\0"):
        raise Misconfigured.own("line_break_refused")
    return address


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said


def _now_and_then(act: Callable[[], None]) -> Callable[[], None]:
    """Call something at most every PULSE_S seconds, however often it is asked for."""
    due = [monotonic() + PULSE_S]

    def pulse() -> None:
        if monotonic() >= due[0]:
            act()
            due[0] = monotonic() + PULSE_S

    return pulse
