"""One POP3 connection: commands in one go where the server can, listings in memory, mails to a file.

Source: RFC 1939, RFC 2449 (CAPA, PIPELINING, RESP-CODES), RFC 5034 (AUTH).
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from time import monotonic
from typing import Final

from mailboxes.transports import xoauth2
from mailboxes.transports.line import Beginning, Line
from mailboxes.transports.refusals import refused
from tenants.errors import AccessDenied, BadAnswer, IntegrationError

#: How many commands are on their way at once; few enough that both sides' buffers hold them.
WINDOW: Final = 50
#: The longest listing, some hundred thousand mails, that is taken into memory.
SMALL_BYTES: Final = 16 * 1024 * 1024
#: What is kept of one header block, and how far a longer one is read on: its mail must not hold up the others.
HEADER_BYTES: Final = 1024 * 1024
LONGEST_HEADER_BYTES: Final = 256 * 1024 * 1024
STATUS_BYTES: Final = 4096
STALE_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Status:
    """The first line of an answer."""

    word: str
    text: str

    @property
    def is_ok(self) -> bool:
        return self.word == "+OK"

    @property
    def is_challenge(self) -> bool:
        return self.word == "+"

    def checked(self) -> Status:
        """Give itself, or raise what the refusal means."""
        if not self.is_ok:
            raise refused(self.text)
        return self


class PopConnection:
    """A signed-in connection; what it deletes is gone only after a good QUIT."""

    def __init__(self, url: str) -> None:
        self.round_trips = 0
        self.capabilities: frozenset[str] = frozenset()
        self.line = Line(url)
        self._status().checked()

    @property
    def is_open(self) -> bool:
        return self.line.is_open

    @property
    def is_stale(self) -> bool:
        return monotonic() - self.line.used_at > STALE_S

    def login(self, user: str, token: str) -> None:
        """Prove who we are. Raises AccessDenied, MailboxUnavailable or Throttled."""
        proof = xoauth2.initial_response(user, token)
        self._learn()
        refusal: AccessDenied | None = None
        answer = self._say(b"AUTH XOAUTH2")
        for said in (proof, b"", b""):
            if not answer.is_challenge:
                break
            if said == b"":
                refusal = xoauth2.refusal(answer.text.encode("ascii", "replace"))
            answer = self._say(said)
        if not answer.is_ok:
            self._refuse(answer, refusal)
        self._learn()

    def ask(self, commands: Sequence[str]) -> Generator[Status, None, None]:
        """Give the first line of each answer; the caller reads what follows it before he takes the next.

        Left early, it ends the connection: nobody would know what the next line belongs to.
        """
        window = WINDOW if "PIPELINING" in self.capabilities else 1
        is_whole = False
        try:
            for at in range(0, len(commands), window):
                sent = commands[at : at + window]
                self._send(*(command.encode("ascii") for command in sent))
                for _ in sent:
                    yield self._status()
            is_whole = True
        finally:
            if not is_whole:
                self.line.close()

    def listing(self, command: str) -> list[bytes] | None:
        """Ask for a few lines; None when the server refuses."""
        answer = self._say(command.encode("ascii"))
        return self.lines() if answer.is_ok else None

    def count(self) -> int:
        """Count the mails."""
        word = self._say(b"STAT").checked().text.partition(" ")[0]
        return int(word) if word.isdecimal() else 0

    def lines(self) -> list[bytes]:
        """Read the lines that follow a status."""
        return self.small_body().splitlines()

    def small_body(self) -> bytes:
        """Read what follows a status into memory. Raises BadAnswer when it is too much for that."""
        into = BytesIO()
        if self.line.copy_dotted(into, listed_bytes=0, max_bytes=SMALL_BYTES).is_truncated:
            raise BadAnswer.own("answer_too_long")
        return into.getvalue()

    def header(self) -> bytes:
        """Read a header block that follows a status; of a very long one the beginning."""
        into = Beginning(HEADER_BYTES)
        if self.line.copy_dotted(into, listed_bytes=0, max_bytes=LONGEST_HEADER_BYTES).is_truncated:
            raise BadAnswer.own("answer_too_long")
        return into.getvalue()

    def quit(self) -> None:
        """End the session, so that deletions count. Raises NetworkFailure when nobody can tell whether they do."""
        try:
            self._say(b"QUIT").checked()
        finally:
            self.line.close()

    def probe(self) -> None:
        """Find out whether the server is still there; afterwards `is_open` tells."""
        with suppress(IntegrationError):
            self._say(b"NOOP")

    def close(self) -> None:
        """Say goodbye without waiting; nothing was deleted that had not been committed by `quit`."""
        if self.line.is_open:
            with suppress(IntegrationError):  # it is gone either way
                self.line.send(b"QUIT")
            self.line.close()

    def _learn(self) -> None:
        found = self.listing("CAPA")
        if found is not None:
            self.capabilities = frozenset(line.decode("ascii", "replace").upper() for line in found)

    def _refuse(self, answer: Status, refusal: AccessDenied | None) -> None:
        meaning = refused(answer.text, is_login=True)
        raise refusal if refusal is not None and isinstance(meaning, AccessDenied) else meaning

    def _say(self, command: bytes) -> Status:
        self._send(command)
        return self._status()

    def _send(self, *lines: bytes) -> None:
        self.line.send(*lines)
        self.round_trips += 1

    def _status(self) -> Status:
        text = self.line.read_line(max_bytes=STATUS_BYTES).decode("ascii", "replace")
        word, _, said = text.partition(" ")
        if word.upper() not in ("+OK", "-ERR", "+"):
            self.line.close()
            raise BadAnswer.own("answer_malformed")
        return Status(word.upper(), said)
