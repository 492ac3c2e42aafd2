"""Item and folder ids as Exchange shapes them: opaque, case-sensitive, with =, - and _ in them.

A plain id names (item, generation) and so dies when the item moves; an immutable id names the item alone.
Source: https://learn.microsoft.com/graph/outlook-immutable-id
"""

import base64
import hashlib
import struct
from dataclasses import dataclass
from functools import lru_cache

PLAIN, IMMUTABLE, FOLDER = "AAMkAG", "AAkALg", "AQMkAD"
KINDS = (PLAIN, IMMUTABLE, FOLDER)
_LAYOUT = struct.Struct(">QH")
_TAIL_CHARS = 28
_HEAD_CHARS = 90


class MalformedId(Exception):
    """The text is no id of this mailbox: cut short, changed in case, or of another one."""


@dataclass(frozen=True, slots=True)
class ItemId:
    kind: str
    number: int
    generation: int = 0


def write_id(item: ItemId, *, owner: str) -> str:
    packed = _LAYOUT.pack(item.number, item.generation)
    seal = hashlib.blake2b(packed, digest_size=10, key=_key(owner), person=item.kind.encode()).digest()
    return _head(item.kind, owner) + base64.urlsafe_b64encode(packed + seal).decode()


def read_id(text: str, *, owner: str) -> ItemId:
    """Read an id made for this owner (the mailbox's object id). Raises MalformedId."""
    kind = text[:6]
    if kind not in KINDS or len(text) != _HEAD_CHARS + _TAIL_CHARS:
        raise MalformedId(text[:6])
    try:
        packed = base64.urlsafe_b64decode(text[-_TAIL_CHARS:])[: _LAYOUT.size]
        item = ItemId(kind, *_LAYOUT.unpack(packed))
    except (ValueError, struct.error) as error:
        raise MalformedId(kind) from error
    if write_id(item, owner=owner) != text:
        raise MalformedId(kind)
    return item


@lru_cache(maxsize=4096)
def _head(kind: str, owner: str) -> str:
    digest = hashlib.blake2b(owner.encode(), digest_size=63, person=b"mailbox").digest()
    return kind + base64.urlsafe_b64encode(digest).decode()


@lru_cache(maxsize=4096)
def _key(owner: str) -> bytes:
    return hashlib.blake2b(owner.encode(), digest_size=32).digest()
