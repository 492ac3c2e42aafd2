"""Flow: a mail that came as an attachment is opened, with the mails attached to it, as a conversation of its own.

Nothing of it is kept: the bytes of the attachment are read anew for each look.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mailboxes import storage
from mailboxes.parsing import ParsedMessage, Part, Unparseable, parse
from tickets.models import Attachment
from tickets.models.attachment import MAIL_TYPES

#: How many mails one page opens, and how deep they may lie in one another.
MOST_MAILS: Final = 20
MOST_DEPTH: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedMail:
    """A mail inside the attachment; `place` is the way to it, the numbers of parts joined by dots."""

    place: str
    message: ParsedMessage

    @property
    def depth(self) -> int:
        return self.place.count(".") + 1 if self.place else 0

    def files(self) -> list[tuple[str, Part]]:
        """Give its files that are no mails, each with its place."""
        return [
            (place, part) for place, part in _numbered(self) if not is_mail(part.filename, part.content_type)
        ]


def is_mail(name: str, content_type: str) -> bool:
    return content_type in MAIL_TYPES or name.lower().endswith((".eml", ".msg"))


def open_mails(row: Attachment) -> list[OpenedMail]:
    """Give the mail and those inside it, each above what is attached to it; none when it cannot be read."""
    try:
        first = OpenedMail(place="", message=parse(storage.full_path(row.path)))
    except (Unparseable, OSError):
        return []
    return list(_walk(first, [MOST_MAILS]))


def find_mail(row: Attachment, place: str) -> ParsedMessage | None:
    return next((one.message for one in open_mails(row) if one.place == place), None)


def find_file(row: Attachment, place: str) -> Part | None:
    return next((part for one in open_mails(row) for where, part in _numbered(one) if where == place), None)


def _walk(mail: OpenedMail, left: list[int]) -> Iterator[OpenedMail]:
    left[0] -= 1
    yield mail
    for place, part in _numbered(mail):
        if left[0] <= 0 or mail.depth >= MOST_DEPTH:
            return
        if is_mail(part.filename, part.content_type) and (inner := _read(part)):
            yield from _walk(OpenedMail(place=place, message=inner), left)


def _numbered(mail: OpenedMail) -> Iterator[tuple[str, Part]]:
    prefix = f"{mail.place}." if mail.place else ""
    return ((f"{prefix}{number}", part) for number, part in enumerate(mail.message.parts, 1))


def _read(part: Part) -> ParsedMessage | None:
    held = part.content.held
    try:
        return parse(held if isinstance(held, bytes) else Path(held))
    except (Unparseable, OSError):
        return None
