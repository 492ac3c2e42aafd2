"""The values that parsing hands on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO


class Unparseable(Exception):
    """Say that the bytes have no readable header at all: quarantine them, do not drop them."""

    cause = "unparseable"

    def __init__(self) -> None:
        super().__init__(
            "These bytes have no readable mail header. Open the original at Microsoft, then retry."
        )


class GiveWay(Exception):
    """Say that this mail is for the process that has limits of its own."""


class Exploded(Unparseable):
    """Say that reading the mail took more than one mail may have: quarantine it, its neighbours are well."""

    cause = "parsing_exceeded"

    def __init__(self, what: str) -> None:
        Exception.__init__(
            self,
            f"Reading this mail took more {what} than one mail may have. Open the original at Microsoft.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that was wrong with the bytes: a code for programs, a sentence for people."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A name as shown and an address; `email` is "" when there is none that can be trusted to be one."""

    name: str
    email: str


NOBODY = Address(name="", email="")


@dataclass(frozen=True, slots=True)
class PartContent:
    """The decoded bytes of a part: in memory, or in a file for parts that were cut out of a large mail."""

    held: bytes | Path

    def open(self) -> BinaryIO:
        return BytesIO(self.held) if isinstance(self.held, bytes) else self.held.open("rb")

    def read(self) -> bytes:
        return self.held if isinstance(self.held, bytes) else self.held.read_bytes()

    def discard(self) -> None:
        """Remove the file, if there is one; the content cannot be read afterwards."""
        if isinstance(self.held, Path):
            self.held.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An attachment or inline image, decoded; `content_id` has no angle brackets."""

    filename: str
    content_type: str
    size_bytes: int
    sha256: str
    content_id: str
    is_inline: bool
    content: PartContent


@dataclass(frozen=True, slots=True, kw_only=True)
class BounceRecipient:
    """What became of one recipient; `status` is the enhanced code ("5.1.1"), "" when the report has none."""

    address: str
    status: str
    action: str
    diagnostic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """A report that a mail did not arrive; `is_delay` when nobody has failed yet."""

    recipients: tuple[BounceRecipient, ...]
    original_message_id: str
    is_delay: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What a calendar part asks or tells; `starts` and `ends` are ISO: a day, UTC, or without a zone as written."""

    method: str
    summary: str
    starts: str
    ends: str
    location: str
    organizer: Address
    response: str
    repeats: str
    join_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A file that stayed in the cloud: what it is called, where it is, whose house that is."""

    name: str
    url: str
    host: str


class Headers(Mapping[str, tuple[str, ...]]):
    """All headers of a mail, lower-cased name to decoded values, topmost first; read only.

    `hops_above` is how many Received lines stand above the topmost Authentication-Results: whoever handed the mail to
    the first of those hosts could write everything below them.
    """

    __slots__ = ("_values", "hops_above")

    def __init__(self, values: Mapping[str, tuple[str, ...]], *, hops_above: int = 0) -> None:
        self._values = values
        self.hops_above = hops_above

    def __getitem__(self, name: str) -> tuple[str, ...]:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def first(self, name: str) -> str:
        """Give the topmost value, "" when there is none."""
        return self._values.get(name, ("",))[0]

    def __repr__(self) -> str:
        return f"Headers({len(self)} names)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedMessage:
    """One mail in normal form; every string in it can be stored in PostgreSQL as it is.

    Message ids keep their angle brackets; `references` are oldest first. `text` is what the sender wrote with
    the history, `new_text` without. `html` is sanitised: `cid:` images are kept, remote ones stand in
    `data-remote-src`. `seal` is a code of `seals.read_seal`. `content_hash` is the same for the same mail
    however its MIME was written down.
    """

    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    sender: Address
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    text: str
    new_text: str
    html: str
    sent_at: datetime | None
    headers: Headers
    parts: tuple[Part, ...]
    is_auto_reply: bool
    auto_reason: str
    bounce: Bounce | None
    problems: tuple[Problem, ...]
    content_hash: str
    invitation: Invitation | None = None
    links: tuple[Link, ...] = ()
    seal: str = ""
