"""What a POP3 mailbox holds: mails by their UIDL, or by their header where that names none or several.

A UIDL need not exist, and servers have given the same one twice. Such a mail is known by a hash of its header and
its size; Received makes that as good as unique, and filing recognises by its content a mail that comes twice.
Source: RFC 1939 §7.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mailboxes.transports.base import Ref
from mailboxes.transports.header_lines import believable, read_lines, ref_of
from mailboxes.transports.pop3_wire import PopConnection
from tenants.errors import BadAnswer, CursorExpired

_ROW = re.compile(rb"([0-9]{1,10})[ \t]+([\x21-\x7e]{1,300})[ \t]*")
#: Lines that servers write into a header once a mail has been read.
_CHANGING = re.compile(
    rb"^(?:X-)?(?:Status|UIDL|Keywords|Mozilla-[^:]*):.*\r?\n", re.IGNORECASE | re.MULTILINE
)
_CURSOR = re.compile(r"uidl((?: [0-9a-f]{24})*)")
MARK_CHARS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail of this session. `number` counts anew in every session, `key` does not."""

    number: int
    size_bytes: int
    key: str

    @property
    def mark(self) -> str:
        """What the cursor remembers of it."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:MARK_CHARS]


def list_mails(connection: PopConnection) -> Mapping[str, Mail]:
    """List the mailbox by key, in the server's order."""
    sizes = {number: int(word) for number, word in _rows(connection, "LIST").items() if word.isdigit()}
    names = _rows(connection, "UIDL")
    count = Counter(names.values())
    plain = {number: name for number, name in names.items() if count[name] == 1}
    unclear = [number for number in sizes if number not in plain]
    headers = dict(zip(unclear, read_headers(connection, unclear), strict=True))
    keys = {
        number: f"uidl.{plain[number].decode('ascii')}" if number in plain else _key(headers[number], size)
        for number, size in sizes.items()
    }
    mails = (Mail(number=number, size_bytes=size, key=keys[number]) for number, size in sizes.items())
    return {mail.key: mail for mail in mails}


def describe(connection: PopConnection, mails: Sequence[Mail]) -> list[Ref]:
    """Describe mails by their headers, for a listing says neither when they came nor from whom."""
    headers = read_headers(connection, [mail.number for mail in mails])
    return [_ref(mail, block) for mail, block in zip(mails, headers, strict=True)]


def read_headers(connection: PopConnection, numbers: Sequence[int]) -> list[bytes]:
    """Fetch headers; b"" for a mail that the server does not show."""
    commands = [f"TOP {number} 0" for number in numbers]
    return [connection.header() if status.is_ok else b"" for status in connection.ask(commands)]


def seen_marks(cursor: str) -> set[str]:
    """Read from a cursor what has been seen. Raises CursorExpired for one of another wire, used before."""
    found = _CURSOR.fullmatch(cursor or "uidl")
    if found is None:
        raise CursorExpired.own("uidvalidity_changed")
    return set(found[1].split())


def write_cursor(marks: Iterable[str]) -> str:
    return " ".join(["uidl", *sorted(marks)])


def _rows(connection: PopConnection, command: str) -> Mapping[int, bytes]:
    lines = connection.listing(command)
    if lines is None and command == "LIST":
        raise BadAnswer.own("mail_command_refused", detail=command)
    return {int(found[1]): found[2] for line in lines or () if (found := _ROW.fullmatch(line))}


def _key(header: bytes, size_bytes: int) -> str:
    if not header.strip():
        raise BadAnswer.own("pop_no_ids")
    return f"header.{hashlib.sha256(_CHANGING.sub(b'', header)).hexdigest()}.{size_bytes}"


def _ref(mail: Mail, header: bytes) -> Ref:
    lines = read_lines(header)
    # The topmost Received was written by the server that keeps the mailbox.
    arrived = lines.get("received", "").rpartition(";")[2] or lines.get("date", "")
    return ref_of(mail.key, header, received_at=believable(arrived), size_bytes=mail.size_bytes)
