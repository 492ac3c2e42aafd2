"""What the headers of the whole mail say, each read once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from .addresses import first_address, read_addresses
from .dates import read_date
from .gate import one_line
from .large import CUT_HEADER
from .limits import Limits
from .values import Address, Headers, Problem, Unparseable
from .words import decode_words, unescape

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,75}")
_ID = re.compile(r"<[^<>\s]{1,990}>")
_LOOSE_ID = re.compile(r"[^\s<>,;\"]+@[^\s<>,;\"]+")
ID_CHARS = 998
_NEEDED_BEHIND = 12  # headers that are kept although they stand behind the limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The part of a ParsedMessage that comes from the headers."""

    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    sender: Address
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    sent_at: datetime | None
    date_line: str
    headers: Headers
    problems: tuple[Problem, ...]


def read_envelope(
    raw_headers: Sequence[tuple[str, str]], *, charset: str, now: datetime, is_empty: bool, limits: Limits
) -> Envelope:
    """Read the headers; raises Unparseable when not one of them is a header and the mail is not empty.

    Bytes that stand in them as they are and are no UTF-8 are read in `charset`, that of the mail's own text.
    """
    raw: dict[str, list[str]] = {}
    for name, value in raw_headers[: limits.header_count + _NEEDED_BEHIND]:
        if name != CUT_HEADER:
            value = value if value.isascii() else unescape(value, declared=charset)
            raw.setdefault(name.lower(), []).append(value)
    if not is_empty and not any(_NAME.fullmatch(name) for name in raw):
        raise Unparseable
    headers = Headers(
        {name: tuple(map(_value, values)) for name, values in raw.items() if _NAME.fullmatch(name)},
        hops_above=_hops_above(raw_headers) if "authentication-results" in raw else 0,
    )
    people = {name: read_addresses(raw.get(name, ()), limits) for name in ("reply-to", "to", "cc")}
    date_line = headers.first("date")
    return Envelope(
        message_id=_message_id(headers.first("message-id")),
        in_reply_to=_ids(headers.get("in-reply-to", ()), limits),
        references=_ids(headers.get("references", ()), limits),
        sender=first_address(raw.get("from") or raw.get("sender") or (), limits),
        reply_to=people["reply-to"][0],
        to=people["to"][0],
        cc=people["cc"][0],
        subject=headers.first("subject")[: limits.subject_chars],
        sent_at=read_date(date_line, now=now),
        date_line=date_line,
        headers=headers,
        problems=_problems(raw, people, limits),
    )


def _hops_above(raw_headers: Sequence[tuple[str, str]]) -> int:
    """Count the Received lines above the topmost Authentication-Results."""
    names = [name.lower() for name, _value in raw_headers]
    return names[: names.index("authentication-results")].count("received")


def _value(raw: str) -> str:
    return one_line(decode_words(raw) if "=?" in raw or not raw.isascii() else raw, max_chars=16_384)


def bracketed(message_id: str) -> str:
    """Give a Message-ID in its brackets, however many it came with."""
    return f"<{message_id.strip().strip('<>')}>"


def _message_id(value: str) -> str:
    """Give the id with its brackets; without brackets or with blanks inside it is kept as it stands."""
    found = _ID.search(value)
    if found:
        return found[0]
    bare = value.replace(" ", "").strip("<>")
    return f"<{bare[: ID_CHARS - 2]}>" if bare else ""


def _ids(values: Sequence[str], limits: Limits) -> tuple[str, ...]:
    """Read ids, oldest first, each once; of a long row the root and the newest are kept."""
    joined = " ".join(values)
    found = list(dict.fromkeys(_ID.findall(joined)))
    if not found:
        found = [f"<{one}>" for one in dict.fromkeys(_LOOSE_ID.findall(joined))]
    newest = limits.references_newest
    return tuple(found if len(found) <= newest + 1 else found[:1] + found[-newest:])


def _problems(
    raw: dict[str, list[str]], people: dict[str, tuple[tuple[Address, ...], int]], limits: Limits
) -> tuple[Problem, ...]:
    found: list[Problem] = []
    for name, (_, count) in people.items():
        if count > limits.addresses:
            sentence = f"{name.title()} names {count} addresses; the first {limits.addresses} were kept."
            found.append(Problem(code="addresses_cut", sentence=sentence))
    if len(raw.get("from", ())) > 1:
        found.append(
            Problem(code="several_from", sentence="The mail has more than one From header; nobody is proven.")
        )
    return tuple(found)
