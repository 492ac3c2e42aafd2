"""One IMAP connection: commands with tags, answers with literals that are bounded before they are read.

Python's imaplib keeps whole answers in memory and sends line breaks of its arguments to the server; a mail of any
size is streamed here, and nothing that is not one line is sent.
Source: RFC 3501, RFC 4959 (SASL-IR), RFC 6851 (MOVE), RFC 4315 (UIDPLUS).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Final

from mailboxes.transports import xoauth2
from mailboxes.transports.imap_names import quoted
from mailboxes.transports.line import Beginning, Line
from mailboxes.transports.refusals import refused
from tenants.errors import AccessDenied, BadAnswer, FolderGone, IntegrationError, NetworkFailure

#: The longest literal that is taken into memory: headers of one mail, a folder's name.
SMALL_BYTES: Final = 64 * 1024
#: The longest header that is read on past that, for its mail must not hold up the others. Bytes.
HEADER_BYTES: Final = 256 * 1024 * 1024
#: More pieces than this no answer of ours has.
PIECES: Final = 40
#: A connection that was silent for longer may have been forgotten by a firewall: it is asked first.
STALE_S: Final = 30.0

_LITERAL: Final = re.compile(rb"\{([0-9]{1,20})\+?\}$")
_CODE: Final = re.compile(r"\[(UIDVALIDITY|UIDNEXT) ([0-9]{1,10})\]", re.IGNORECASE)
_EXISTS: Final = re.compile(rb"\* ([0-9]{1,10}) EXISTS", re.IGNORECASE)
_CAPABILITIES: Final = re.compile(rb"CAPABILITY ([^\]\r\n]*)", re.IGNORECASE)

#: Takes a literal: given the text before it and its size, it reads that many bytes and gives what is to be kept.
TakeLiteral = Callable[[bytes, int], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An untagged answer: its text, cut where a literal stood, and what was kept of the literals."""

    texts: tuple[bytes, ...]
    literals: tuple[bytes, ...] = ()

    @property
    def text(self) -> bytes:
        return b" ".join(self.texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """How a command ended, and what came before that."""

    status: str
    text: str
    responses: tuple[Response, ...] = ()

    @property
    def is_ok(self) -> bool:
        return self.status == "OK"

    def checked(self) -> Reply:
        """Give itself, or raise what the refusal means."""
        if not self.is_ok:
            raise refused(self.text)
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """The folder that is open. `uid_next` is 0 where the server does not say."""

    folder: str
    validity: int
    uid_next: int
    total: int


class ImapConnection:
    """A signed-in connection."""

    def __init__(self, url: str) -> None:
        self.round_trips = 0
        self.capabilities: frozenset[str] = frozenset()
        self.selected: Selected | None = None
        self._line = Line(url)
        self._count = 0
        self._greet()

    @property
    def is_open(self) -> bool:
        return self._line.is_open

    @property
    def is_stale(self) -> bool:
        return monotonic() - self._line.used_at > STALE_S

    def login(self, user: str, token: str) -> None:
        """Prove who we are. Raises AccessDenied, MailboxUnavailable or Throttled."""
        proof = xoauth2.initial_response(user, token)
        if "AUTH=XOAUTH2" not in self.capabilities:
            raise AccessDenied.own("xoauth2_missing")
        is_short = "SASL-IR" in self.capabilities
        tag = self._tag()
        command = b"%s AUTHENTICATE XOAUTH2" % tag
        self._send(command + b" " + proof if is_short else command)
        self._answer_challenges(tag, [] if is_short else [proof])

    def run(self, command: str, *, take: TakeLiteral | None = None) -> Reply:
        """Send one command and wait for its end."""
        return self.run_all(command, take=take)[0]

    def run_all(self, *commands: str, take: TakeLiteral | None = None) -> list[Reply]:
        """Send commands in one go and wait for the end of the last; each has what came since the one before."""
        tags = [self._tag() for _ in commands]
        lines = [
            b"%s %s" % (tag, command.encode("ascii")) for tag, command in zip(tags, commands, strict=True)
        ]
        self._send(*lines)
        return [_collected(self._until(tag, take)) for tag in tags]

    def stream(self, command: str, *, take: TakeLiteral) -> Generator[Response, None, Reply]:
        """Send one command and give each answer as it comes; returns the end. Left early, it ends the connection."""
        tag = self._tag()
        self._send(b"%s %s" % (tag, command.encode("ascii")))
        is_whole = False
        try:
            reply = yield from self._until(tag, take)
            is_whole = True
        finally:
            if not is_whole:
                self._line.close()
        return reply

    def select(self, folder: str, *, is_fresh: bool = False) -> Selected:
        """Open a folder, unless it is open already. Raises FolderGone, MailboxUnavailable."""
        if self.selected is None or self.selected.folder != folder or is_fresh:
            self.selected = None
            reply = self.run(f"SELECT {quoted(folder)}")
            if not reply.is_ok:
                raise self._not_opened(folder, reply)
            self.selected = _selected(folder, reply)
        return self.selected

    def probe(self) -> None:
        """Find out whether the server is still there; afterwards `is_open` tells."""
        with suppress(IntegrationError):
            self.run("NOOP")

    def read_literal(self, _text: bytes, size_bytes: int) -> bytes:
        """Take a small literal into memory; a large one is not even begun."""
        if size_bytes > SMALL_BYTES:
            self._line.close()
            raise BadAnswer.own("answer_too_long")
        return self._line.read(size_bytes)

    def read_beginning(self, _text: bytes, size_bytes: int) -> bytes:
        """Take the beginning of a literal into memory and let the rest go by."""
        into = Beginning(SMALL_BYTES)
        if self._line.copy(size_bytes, into, max_bytes=HEADER_BYTES).is_truncated:
            raise BadAnswer.own("answer_too_long")
        return into.getvalue()

    @property
    def line(self) -> Line:
        return self._line

    def close(self) -> None:
        """Say goodbye without waiting for the answer."""
        if self._line.is_open:
            with suppress(IntegrationError):  # it is gone either way
                self._line.send(b"%s LOGOUT" % self._tag())
            self._line.close()

    def _not_opened(self, folder: str, reply: Reply) -> IntegrationError:
        """Servers without response codes say in their own language that a folder is not there: the list tells."""
        meaning = refused(reply.text)
        if reply.status != "NO" or meaning.code != "mail_command_refused":
            return meaning
        listed = self.run(f'LIST "" {quoted(folder)}').checked().responses
        return meaning if listed else FolderGone.own("folder_missing")

    def _greet(self) -> None:
        text = self._line.read_line(max_bytes=SMALL_BYTES).decode("ascii", "replace")
        if not text.upper().startswith("* OK"):
            self._line.close()
            raise _parting(text)
        self._learn(self.run("CAPABILITY"))

    def _learn(self, reply: Reply) -> None:
        lines = [response.text for response in reply.responses] + [reply.text.encode("ascii", "replace")]
        for line in lines:
            if found := _CAPABILITIES.search(line):
                self.capabilities = frozenset(found[1].decode("ascii", "replace").upper().split())

    def _answer_challenges(self, tag: bytes, answers: list[bytes]) -> None:
        """Answer continuations: with the proof, then with empty lines to whatever explains a refusal."""
        refusal: AccessDenied | None = None
        for _ in range(4):
            text = self._line.read_line(max_bytes=SMALL_BYTES)
            while text.startswith(b"* ") and not text.upper().startswith(b"* BYE"):
                self._learn(Reply(status="", text=text.decode("ascii", "replace")))
                text = self._line.read_line(max_bytes=SMALL_BYTES)
            if not text.startswith(b"+"):
                self._conclude_login(tag, text, refusal)
                return
            if not answers:
                refusal = xoauth2.refusal(text[1:].strip())
            self._send(answers.pop() if answers else b"")
        raise refusal or AccessDenied.own("mail_login_refused")

    def _conclude_login(self, tag: bytes, text: bytes, refusal: AccessDenied | None) -> None:
        reply = _tagged(text, tag)
        if reply is None:
            raise _parting(text.decode("ascii", "replace"))
        if not reply.is_ok:
            meaning = refused(reply.text, is_login=True)
            raise refusal if refusal is not None and isinstance(meaning, AccessDenied) else meaning
        self._learn(reply)
        if "MOVE" not in self.capabilities:  # some tell the rest only to those who are signed in
            self._learn(self.run("CAPABILITY"))

    def _until(self, tag: bytes, take: TakeLiteral | None) -> Generator[Response, None, Reply]:
        while True:
            response = self._response(take or self.read_literal)
            text = response.texts[0]
            if reply := _tagged(text, tag):
                return reply
            if text.upper().startswith(b"* BYE"):
                self._line.close()
                raise _parting(text.decode("ascii", "replace"))
            if not text.startswith((b"* ", b"+")):
                self._line.close()
                raise BadAnswer.own("answer_malformed")
            yield response

    def _response(self, take: TakeLiteral) -> Response:
        texts = [self._line.read_line()]
        literals: list[bytes] = []
        while found := _LITERAL.search(texts[-1]):
            if len(literals) == PIECES:
                self._line.close()
                raise BadAnswer.own("answer_malformed")
            texts[-1] = texts[-1][: found.start()]
            literals.append(take(b" ".join(texts), int(found[1])))
            texts.append(self._line.read_line())
        return Response(texts=tuple(texts), literals=tuple(literals))

    def _send(self, *lines: bytes) -> None:
        self._line.send(*lines)
        self.round_trips += 1

    def _tag(self) -> bytes:
        self._count += 1
        return b"A%d" % self._count


def _tagged(text: bytes, tag: bytes) -> Reply | None:
    start, _, rest = text.partition(b" ")
    if start != tag:
        return None
    status, _, said = rest.decode("ascii", "replace").partition(" ")
    return Reply(status=status.upper(), text=said)


def _collected(answers: Generator[Response, None, Reply]) -> Reply:
    responses: list[Response] = []
    while True:
        try:
            responses.append(next(answers))
        except StopIteration as end:
            reply: Reply = end.value
            return Reply(status=reply.status, text=reply.text, responses=tuple(responses))


def _parting(text: str) -> IntegrationError:
    """Say why a server hangs up: what it says means more than that it does."""
    meaning = refused(text)
    return meaning if meaning.code != "mail_command_refused" else NetworkFailure.own("mail_session_ended")


def _selected(folder: str, reply: Reply) -> Selected:
    said = "\n".join(response.text.decode("ascii", "replace") for response in reply.responses)
    codes = {name.upper(): int(number) for name, number in _CODE.findall(f"{said}\n{reply.text}")}
    total = [int(found[1]) for response in reply.responses if (found := _EXISTS.match(response.text))]
    return Selected(
        folder=folder,
        validity=codes.get("UIDVALIDITY", 0),
        uid_next=codes.get("UIDNEXT", 0),
        total=total[-1] if total else 0,
    )
