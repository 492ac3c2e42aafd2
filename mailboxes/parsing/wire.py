"""A ParsedMessage on its way between two processes: JSON and the bytes of its parts, nothing that could run."""

import json
import struct
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from datetime import datetime
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, BinaryIO, get_args, get_origin, get_type_hints

from .values import Headers, ParsedMessage

_SIZES = struct.Struct("!QQ")


def write_frame(file: BinaryIO, words: Mapping[str, Any], content: bytes = b"") -> None:
    head = json.dumps(words).encode()
    file.write(_SIZES.pack(len(head), len(content)))
    file.write(head)
    file.write(content)
    file.flush()


def read_frame(file: BinaryIO) -> tuple[dict[str, Any], bytes]:
    """Give the next frame; raises EOFError when the other side is gone."""
    head_bytes, content_bytes = _SIZES.unpack(_exactly(file, _SIZES.size))
    words: dict[str, Any] = json.loads(_exactly(file, head_bytes))
    return words, _exactly(file, content_bytes)


def _exactly(file: BinaryIO, size: int) -> bytes:
    content = file.read(size)
    if len(content) < size:
        raise EOFError
    return content


def packed(message: ParsedMessage) -> tuple[dict[str, Any], bytes]:
    """Take a message apart; bytes of parts become places in the content that goes along."""
    blobs: list[bytes] = []

    def plain(value: object) -> object:
        if isinstance(value, bytes):
            place = sum(map(len, blobs))
            blobs.append(value)
            return [place, place + len(value)]
        if isinstance(value, Headers):
            return {"lines": dict(value), "hops_above": value.hops_above}
        return value.isoformat() if isinstance(value, datetime) else str(value)

    words: dict[str, Any] = json.loads(json.dumps(asdict(message), default=plain))
    return words, b"".join(blobs)


def unpacked(words: Mapping[str, Any], content: bytes) -> ParsedMessage:
    message = _built(ParsedMessage, words, content)
    assert isinstance(message, ParsedMessage)  # noqa: S101
    return message


def _built(kind: Any, value: Any, content: bytes) -> Any:
    """Put a value together as its annotation says."""
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{one.name: _built(hints[one.name], value[one.name], content) for one in fields(kind)})  # type: ignore[operator]
    if get_origin(kind) is tuple:
        return tuple(_built(get_args(kind)[0], one, content) for one in value)
    if get_origin(kind) is UnionType:
        return _of_union(get_args(kind), value, content)
    if kind is Headers:
        lines = {name: tuple(values) for name, values in value["lines"].items()}
        return Headers(lines, hops_above=value["hops_above"])
    return datetime.fromisoformat(value) if kind is datetime else value


def _of_union(kinds: tuple[Any, ...], value: Any, content: bytes) -> Any:
    if value is None and NoneType in kinds:
        return None
    if bytes in kinds:
        return content[value[0] : value[1]] if isinstance(value, list) else Path(value)
    return _built(kinds[0], value, content)
