"""From a row of the outbox to the bytes of a mail. Header lines are written here, each folded and free of line breaks.

Source: RFC 5322, RFC 2047, RFC 3834.
"""

from __future__ import annotations

import email.policy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.header import Header
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from pathlib import Path
from typing import Any, Final

from mailboxes import storage
from mailboxes.models import OutboundMessage
from mailboxes.outbound.rich import document
from mailboxes.parsing.gate import one_line
from tenants.errors import Misconfigured

#: Of a long conversation its root and its latest mails are enough to thread by, and a header stays short.
MAX_REFERENCES: Final = 20
_ID: Final = re.compile(r"<[!-;=?-~]{3,250}>")
_ADDRESS: Final = re.compile(r"[!-;=?-~]+@[!-;=?-~]+")
_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,80}")
#: Kinds Python would take apart, or a reader would; they travel as plain bytes.
_WHOLE: Final = ("message/", "multipart/")
_CRLF: Final = "\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileToSend:
    """A file of an outgoing mail, its bytes in storage."""

    name: str
    content_type: str
    size_bytes: int
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A mail ready for the wire: its bytes, and the files too large to travel inside of them."""

    mime: bytes
    files: Sequence[FileToSend]


def compose(row: OutboundMessage, *, max_mime_bytes: int, shows_bcc: bool) -> Composed:
    """Write the mail of a row. Raises Misconfigured (file_missing) when the bytes of a file are gone."""
    files = [_file(number, each) for number, each in enumerate(row.files)]
    inside, outside = _divided(files, max_mime_bytes)
    body = EmailMessage(policy=email.policy.SMTP)
    body.set_content(_with_footer(row.text, row.footer), cte="quoted-printable")
    if row.html:
        body.add_alternative(document(row.html, footer=row.footer), subtype="html", cte="quoted-printable")
    for file in inside:
        main, _, sub = file.content_type.partition("/")
        body.add_attachment(_content(file), maintype=main, subtype=sub, filename=file.name)
    head = "".join(f"{line}{_CRLF}" for line in _head(row, shows_bcc=shows_bcc))
    return Composed(mime=head.encode("ascii") + body.as_bytes(), files=outside)


def _with_footer(text: str, footer: str) -> str:
    """Put the footer below the line that mail programs fold signatures by. Source: RFC 3676 §4.3."""
    return f"{text.rstrip()}\n\n-- \n{footer}" if footer else text


def usable_ids(ids: Sequence[str]) -> list[str]:
    """Keep what is a Message-ID in brackets, root first, and of very many the root and the latest."""
    found = list(dict.fromkeys(match.group() for one in ids if (match := _ID.fullmatch(one.strip()))))
    return found if len(found) <= MAX_REFERENCES else [found[0], *found[1 - MAX_REFERENCES :]]


def _head(row: OutboundMessage, *, shows_bcc: bool) -> Iterator[str]:
    yield f"From: {_person({'name': row.from_name, 'email': row.from_email})}"
    for name, people in (("To", row.to), ("Cc", row.cc), ("Bcc", row.bcc if shows_bcc else [])):
        if people:
            yield f"{name}: " + f",{_CRLF} ".join(_person(person) for person in people)
    yield _text("Subject", row.subject)
    yield f"Date: {format_datetime(row.queued_at)}"
    yield f"Message-ID: {row.message_id}"
    if parent := usable_ids([row.in_reply_to]):
        yield f"In-Reply-To: {parent[0]}"
    if references := usable_ids(row.references):
        yield "References: " + f"{_CRLF} ".join(references)
    for name, value in row.headers.items():
        # An address is never encoded, however long.
        yield f"{name}: {_person({'email': str(value)})}" if name == "Reply-To" else _text(name, str(value))


def _person(person: Mapping[str, str]) -> str:
    if not person["email"].isascii():
        raise Misconfigured.own("address_not_ascii")
    if not _ADDRESS.fullmatch(person["email"]):
        raise Misconfigured.own("recipient_invalid")
    name = one_line(person.get("name", ""), max_chars=100)
    return formataddr((name, person["email"]), charset="utf-8") if name else person["email"]


def _text(name: str, value: str) -> str:
    """Fold a header; what is not plain ASCII, or looks encoded already, is encoded."""
    flat = one_line(value, max_chars=400)
    is_plain = flat.isascii() and "=?" not in flat and max(map(len, flat.split(" "))) < 60
    header = Header(flat, "us-ascii" if is_plain else "utf-8", header_name=name, maxlinelen=76)
    return f"{name}: {header.encode(linesep=_CRLF)}"


def _file(number: int, file: Mapping[str, Any]) -> FileToSend:
    kind = str(file.get("content_type", "")).lower()
    is_known = _TYPE.fullmatch(kind) and not kind.startswith(_WHOLE)
    return FileToSend(
        name=one_line(str(file["name"]), max_chars=150) or f"file-{number + 1}",
        content_type=kind if is_known else "application/octet-stream",
        size_bytes=int(file["size_bytes"]),
        path=storage.full_path(str(file["path"])),
    )


def _divided(files: Sequence[FileToSend], max_mime_bytes: int) -> tuple[list[FileToSend], list[FileToSend]]:
    """Put small files inside the mail until it is full; base64 with its line ends takes 37 % more."""
    inside: list[FileToSend] = []
    outside: list[FileToSend] = []
    left = max_mime_bytes - 600_000
    for file in files:
        fits = file.size_bytes * 1.37 <= left
        (inside if fits else outside).append(file)
        left -= int(file.size_bytes * 1.37) if fits else 0
    return inside, outside


def _content(file: FileToSend) -> bytes:
    try:
        return file.path.read_bytes()
    except OSError as error:
        raise Misconfigured.own("file_missing") from error
