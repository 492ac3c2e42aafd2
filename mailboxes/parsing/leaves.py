"""The leaves of the MIME tree, each decoded once, in the order of the mail."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from . import charsets, transfer
from .cuts import CutBody
from .filenames import parameters
from .gate import storable
from .large import CUT_HEADER
from .lift import Lifted
from .limits import Limits
from .tree import Node, reopened
from .values import Problem
from .words import unescape

_TYPE = re.compile(r"\s*([A-Za-z0-9!#$&^_.+-]{1,100})/([A-Za-z0-9!#$&^_.+-]{1,100})\s*(?:[;,\s(]|$)")
# Where no header says how to read a page, the page may.
_META_CHARSET = re.compile(rb"<meta\s[^<>]{0,200}?charset\s*=\s*[\"']?([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)
_META_BYTES = 4096
_MOST_REOPENED = 3  # each is read once more from its beginning
_CONTAINER_DEFAULT = {"digest": "message/rfc822"}


@dataclass(slots=True)
class Leaf:
    """One part that contains no other, with what its headers say."""

    content_type: str
    disposition: str
    filename: str
    content_id: str
    charset: str
    encoding: str
    is_flowed: bool
    deletes_space: bool
    payload: str | bytes
    cut: CutBody | None = None
    is_clean: bool = True
    link: str = ""
    is_opened: bool = False  # a wrapping whose content stands beside it in the tree
    _content: bytes | None = None
    _sha256: bytes = b""

    @property
    def content(self) -> bytes:
        if self._content is None:
            self._content, self.is_clean = transfer.decoded(self.payload, encoding=self.encoding)
            self.payload = ""
        return self._content

    @property
    def sha256(self) -> bytes:
        """Give the digest of the decoded content, computed once."""
        if not self._sha256:
            self._sha256 = (
                bytes.fromhex(self.cut.sha256) if self.cut else hashlib.sha256(self.content).digest()
            )
        return self._sha256


@dataclass(slots=True)
class Branch:
    """A multipart: its subtype, the root a multipart/related names, what is in it."""

    subtype: str
    start: str
    children: list["Branch | Leaf"] = field(default_factory=list)


@dataclass(slots=True)
class Pruning:
    """Read a tree of messages into branches and leaves within the limits, noting what was left out."""

    limits: Limits
    lifted: Lifted
    cuts: dict[str, CutBody] = field(default_factory=dict)
    problems: dict[str, Problem] = field(default_factory=dict)
    count: int = 0
    reopened: int = 0
    #: Of the first text met: names of files that stand as bare bytes behind it are written in the same.
    charset: str = ""

    def note(self, code: str, sentence: str) -> None:
        self.problems.setdefault(code, Problem(code=code, sentence=sentence))

    def read(self, root: Node) -> Branch | Leaf:
        return self._read(root, default="text/plain", depth=0)

    def _read(self, message: Node, *, default: str, depth: int) -> Branch | Leaf:
        if not message.is_multipart() and self.reopened < _MOST_REOPENED:
            message = self._reopened(message)
        headers = _part_headers(message, charset=self.limits.charset or self.charset)
        kind, given = _content_type(headers.get("content-type", ""), default=default)
        if not message.is_multipart():
            self.count += 1
            return self._leaf(headers, kind=kind, given=given, stored=message.stored)
        branch = Branch(subtype=kind.partition("/")[2], start=given.get("start", "").strip("<> "))
        if depth >= self.limits.depth:
            self.note("too_deep", f"Parts nested deeper than {self.limits.depth} were left in the original.")
            return branch
        inner_default = _CONTAINER_DEFAULT.get(branch.subtype, "text/plain")
        for child in message.get_payload():
            if self.count >= self.limits.parts:
                self.note(
                    "too_many_parts", f"Only the first {self.limits.parts} parts of the mail were read."
                )
                break
            if isinstance(child, Node):
                branch.children.append(self._read(child, default=inner_default, depth=depth + 1))
        return branch

    def _reopened(self, message: Node) -> Node:
        again = reopened(message, self.limits)
        if again is None:
            return message
        self.reopened += 1
        self.note(
            "boundary_guessed", "The boundary of a multipart was missing or wrong; its parts were guessed."
        )
        return again

    def _leaf(self, headers: dict[str, str], *, kind: str, given: dict[str, str], stored: str) -> Leaf:
        raw_disposition = headers.get("content-disposition", "")
        placed = parameters(raw_disposition) if ";" in raw_disposition else {}
        if kind.startswith("multipart/"):
            self.note("boundary_missing", "A multipart had no usable boundary; all of it is shown as text.")
            kind = "text/plain"
        self.charset = self.charset or given.get("charset", "")
        cut = self.cuts.get(headers.get(_CUT_HEADER, "").strip()) if self.cuts else None
        return Leaf(
            content_type=kind,
            disposition=raw_disposition.partition(";")[0].strip().lower()[:40],
            filename=placed.get("filename")
            or given.get("name")
            or placed.get("name")
            or given.get("file")
            or "",
            content_id=storable(headers.get("content-id", "").strip().strip("<>").strip(), max_chars=255),
            charset=self.limits.charset or given.get("charset", ""),
            encoding=transfer.transfer_encoding(headers.get("content-transfer-encoding", "")),
            is_flowed=given.get("format", "").lower() == "flowed",
            deletes_space=given.get("delsp", "").lower() == "yes",
            payload=self.lifted.body_of(stored) or self.lifted.restored(stored),
            cut=cut,
            link=given.get("url", "").strip() if kind == "message/external-body" else "",
        )


_CUT_HEADER = CUT_HEADER.lower()
_WANTED = frozenset(
    ("content-type", "content-disposition", "content-id", "content-transfer-encoding", _CUT_HEADER)
)


def _part_headers(message: Node, *, charset: str) -> dict[str, str]:
    """Read the few headers a part needs in one pass; of two with one name the first counts."""
    found: dict[str, str] = {}
    for name, value in message.raw_items():
        name = name.lower()
        if name in _WANTED:
            found.setdefault(name, value if value.isascii() else unescape(value, declared=charset))
    return found


def _content_type(raw: str, *, default: str) -> tuple[str, dict[str, str]]:
    """Give type and parameters; what is not a type at all is text/plain (RFC 2045 §5.2)."""
    if not raw:
        return default, {}
    given = parameters(raw) if ";" in raw else {}
    found = _TYPE.match(raw)
    if not found:
        return "text/plain", given
    return f"{found[1]}/{found[2]}".lower(), given


def text_of(leaf: Leaf) -> tuple[str, bool]:
    """Read a text leaf; False when its charset or encoding was not what it said."""
    declared = leaf.charset
    if not declared and leaf.content_type == "text/html" and not leaf.content.isascii():
        named = _META_CHARSET.search(leaf.content[:_META_BYTES])
        declared = named[1].decode("ascii") if named else ""
    text, is_right = charsets.decode(leaf.content, declared=declared)
    return text, is_right and leaf.is_clean


def walk(branch: Branch | Leaf) -> Iterator[Leaf]:
    if isinstance(branch, Leaf):
        yield branch
        return
    for child in branch.children:
        yield from walk(child)
