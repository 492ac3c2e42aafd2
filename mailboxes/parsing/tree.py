"""The MIME tree as `email` reads it, with bounds that `email` does not have."""

import re
from dataclasses import dataclass
from email._policybase import Compat32
from email.feedparser import FeedParser
from email.message import Message
from typing import Any

from .lift import Lifted, lift
from .limits import Limits
from .values import GiveWay, Problem

_BOUNDARY = re.compile(
    rb"boundary\*?0?\*?[ \t]*=[ \t]*(?:\"([^\"\r\n]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE
)
_MANY_BOUNDARIES = 200
_NOTE_CHARS = 200
_LOOKS_LIKE_BOUNDARY = re.compile(
    r"^--(\S[^\r\n\"\\]{0,198})\r?\n(?=(?:[a-z][a-z0-9-]{0,40}:[^\r\n]{0,998}\r?\n){0,5}content-[a-z-]{1,40}:)",
    re.IGNORECASE | re.MULTILINE,
)
_NO_SEMICOLON = re.compile(r"^([^;=\s]{1,100})\s+(boundary[ \t]*=)", re.IGNORECASE)
_SLOW_PARAMETERS = ("content-type", "content-disposition")


class _Bounded(Compat32):
    """Compat32 that cuts every header, those of nested parts included, while it is read."""

    header_bytes: int = 16 * 1024
    parameter_bytes: int = 4 * 1024

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        if name.lower() in _SLOW_PARAMETERS:
            # Some senders forget the semicolon, and without its boundary the whole mail would be one text.
            value = _NO_SEMICOLON.sub(r"\1; \2", value) if ";" not in value else value
            return name, value[: self.parameter_bytes]
        return name, value[: self.header_bytes]


class Node(Message):
    """A part whose attached mails and delivery reports stay unread text.

    `email` would parse them into the same tree: their exact bytes would be lost, and a chain of attached mails
    would end in a RecursionError.
    """

    _payload: Any  # set by Message.__init__, unknown to its type stubs

    @property
    def stored(self) -> str:
        """Give the text of a leaf as it was read; `get_payload` guesses at its charset and loses bytes."""
        payload = self._payload
        return payload if isinstance(payload, str) else ""

    def get_content_maintype(self) -> str:
        kind = super().get_content_maintype()
        return "application" if kind == "message" else kind

    def get_content_type(self) -> str:
        kind = super().get_content_type()
        return "application/x-unread" if kind.startswith("message/") else kind


_POLICY: Any = _Bounded()


@dataclass(frozen=True, slots=True)
class Grown:
    """A mail's tree, the bodies that were lifted out of it before, and what was left out."""

    root: Node
    lifted: Lifted
    problems: tuple[Problem, ...]


def grow(source: bytes, limits: Limits) -> Grown:
    """Read the whole mail; raises RecursionError for multiparts nested some hundred deep."""
    source, problems = _with_few_parts(source, limits)
    lifted = lift(source)
    parser: FeedParser[Node] = FeedParser(Node, policy=_POLICY)
    # One feed of the whole text is faster than BytesParser, which reads pieces of 8 KB through three layers.
    parser.feed(lifted.source.decode("ascii", "surrogateescape"))
    return Grown(root=parser.close(), lifted=lifted, problems=problems)


def reopened(message: Node, limits: Limits) -> Node | None:
    """Read as a multipart what one of its Content-Types calls so, by the first line that looks like a boundary.

    For a boundary that is missing or never comes, and for a second Content-Type that fits better than the first.
    """
    kinds = (value.strip() for name, value in message.raw_items() if name.lower() == "content-type")
    kind = next((one.partition(";")[0].split()[0] for one in kinds if one[:10].lower() == "multipart/"), "")
    found = _LOOKS_LIKE_BOUNDARY.search(message.stored) if kind else None
    boundary = found[1].rstrip() if found else ""
    stored = message.stored
    if not boundary or stored.count(f"--{boundary}") > limits.parts:
        return None
    if not boundary.isascii():  # `email` never finds one with letters that no boundary may have
        letters = boundary.encode("ascii", "surrogateescape").hex()
        stored, boundary = stored.replace(f"--{boundary}", f"--{letters}"), letters
    parser: FeedParser[Node] = FeedParser(Node, policy=_POLICY)
    parser.feed(f'Content-Type: {kind}; boundary="{boundary}"\n\n{stored}')
    again = parser.close()
    return _with_words_around(again) if again.is_multipart() else None


def _with_words_around(message: Node) -> Node:
    """Keep what stands before and after the parts: where a boundary is a guess it may be part of the mail."""
    pieces = [_as_text(message.preamble), message, _as_text(message.epilogue)]
    kept: list[Message | str] = [one for one in pieces if one is not None]
    if len(kept) == 1:
        return message
    outer = Node(policy=_POLICY)
    outer["Content-Type"] = "multipart/mixed"
    outer.set_payload(kept)
    return outer


def _as_text(words: str | None) -> Node | None:
    """Make a part of words; None for "This is a multi-part message in MIME format" and the like."""
    if not words or not words.strip() or (len(words) < _NOTE_CHARS and "MIME" in words):
        return None
    text = Node(policy=_POLICY)
    text.set_payload(words)
    return text


def _with_few_parts(source: bytes, limits: Limits) -> tuple[bytes, tuple[Problem, ...]]:
    """Cut a mail with far too many parts before the last part that is kept (`email` takes 30 s for 100,000)."""
    # Dashes are counted first because that is ten times faster; few dashes make few boundaries.
    if source.count(b"--") <= 2 * limits.parts or source.count(b"\n--") <= 2 * limits.parts:
        return source, ()
    if limits.gives_way:
        raise GiveWay
    names = {first or second for first, second in _BOUNDARY.findall(source)}
    if len(names) > _MANY_BOUNDARIES:
        raise RecursionError
    starts = re.compile(rb"^--(?:" + b"|".join(map(re.escape, names)) + rb")[ \t]*\r?$", re.MULTILINE)
    positions = [found.start() for found in starts.finditer(source)] if names else []
    if len(positions) <= limits.parts:
        return source, ()
    sentence = f"The mail has {len(positions)} parts; the first {limits.parts} were read."
    return source[: positions[limits.parts]], (Problem(code="too_many_parts", sentence=sentence),)
