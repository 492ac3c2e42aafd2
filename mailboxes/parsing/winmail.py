"""winmail.dat: what Outlook packs a mail into when it takes the other side for Outlook ([MS-OXTNEF])."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from . import mapi
from .mapi import MapiFile, MapiMail

_SIGNATURE: Final = b"\x78\x9f\x3e\x22"
_BODY, _TITLE, _CONTENT, _BEGINS, _PROPERTIES, _FILE_PROPERTIES, _CODEPAGE = (
    *(0x0002800C, 0x00018010, 0x0006800F, 0x00069002, 0x00069003),
    *(0x00069005, 0x00069007),
)
_SUBJECT: Final = 0x00018004
_NAMED: Final = 0x8000
_SEVERAL: Final = 0x1000
_VARIABLE: Final = frozenset((mapi.STRING8, mapi.UNICODE, mapi.BINARY, mapi.OBJECT))
MOST_FILES: Final = 500
MOST_PROPERTIES: Final = 2_000
MOST_DEPTH: Final = 8


class NotReadable(Exception):
    """Say that this is no winmail.dat, or one that is damaged."""


def read_winmail(content: bytes, *, depth: int = 0) -> MapiMail:
    """Read the mail that is packed; what stands before a damage is given. Raises NotReadable when nothing does."""
    if content[:4] != _SIGNATURE or depth > MOST_DEPTH:
        raise NotReadable
    reading = _Reading(depth=depth)
    try:
        for name, value in _attributes(content):
            reading.take(name, value)
    except (struct.error, IndexError, ValueError) as error:
        if not reading.files and not reading.mail.values:
            raise NotReadable from error
    return reading.finished()


def _attributes(content: bytes) -> Iterator[tuple[int, bytes]]:
    place = 6
    while place + 9 <= len(content):
        name, size = struct.unpack_from("<II", content, place + 1)
        place += 9
        if place + size > len(content):
            return  # cut off in the middle
        yield name, content[place : place + size]
        place += size + 2


@dataclass(slots=True)
class _Reading:
    """Attributes on their way into a mail; those of a file follow the attribute that begins it."""

    depth: int
    mail: MapiMail = field(default_factory=MapiMail)
    files: list[dict[int, Any]] = field(default_factory=list)
    charset: str = "cp1252"

    def take(self, name: int, value: bytes) -> None:
        if name == _CODEPAGE and len(value) >= 4:
            self.charset = f"cp{struct.unpack_from('<I', value)[0]}"
        elif name == _PROPERTIES:
            self.mail.values |= _properties(value, charset=self.charset)
        elif name == _SUBJECT:
            self.mail.values.setdefault(mapi.SUBJECT, self._text(value))
        elif name == _BODY:
            self.mail.values.setdefault(mapi.BODY, self._text(value))
        elif name == _BEGINS and len(self.files) < MOST_FILES:
            self.files.append({})
        elif self.files and name == _TITLE:
            self.files[-1].setdefault(mapi.FILE_NAME, self._text(value))
        elif self.files and name == _CONTENT:
            self.files[-1].setdefault(mapi.FILE_CONTENT, value)
        elif self.files and name == _FILE_PROPERTIES:
            self.files[-1] |= _properties(value, charset=self.charset)

    def finished(self) -> MapiMail:
        self.mail.files = [self._file(values) for values in self.files]
        return self.mail

    def _text(self, value: bytes) -> str:
        return mapi.text_value(mapi.STRING8, value, charset=self.charset)

    def _file(self, values: dict[int, Any]) -> MapiFile:
        file = mapi.file_of(values)
        # An object names its kind in 16 bytes; that of a mail is a winmail.dat of its own.
        if file.content[16:20] == _SIGNATURE:
            try:
                file.mail = read_winmail(file.content[16:], depth=self.depth + 1)
            except NotReadable:
                file.mail = None
        return file


def _properties(content: bytes, *, charset: str) -> dict[int, Any]:
    """Read a list of MAPI properties, [MS-OXTNEF] §2.1.3.4."""
    found: dict[int, Any] = {}
    place = 4
    for _ in range(min(struct.unpack_from("<I", content)[0], MOST_PROPERTIES)):
        kind, name = struct.unpack_from("<HH", content, place)
        place += 4
        if name >= _NAMED:
            place = _after_name(content, place)
        values, place = _values(content, place, kind)
        if values:
            found[name] = _value(kind & ~_SEVERAL, values[0], charset=charset)
    return found


def _after_name(content: bytes, place: int) -> int:
    is_text = struct.unpack_from("<I", content, place + 16)[0]
    size = struct.unpack_from("<I", content, place + 20)[0]
    return place + 24 + (_padded(size) if is_text else 0)


def _values(content: bytes, place: int, kind: int) -> tuple[list[bytes], int]:
    base, values = kind & ~_SEVERAL, []
    if base not in _VARIABLE and base not in mapi.FIXED:
        raise ValueError(f"unknown type {kind:#x}")
    count = 1
    if base in _VARIABLE or kind & _SEVERAL:
        count = struct.unpack_from("<I", content, place)[0]
        place += 4
    if count > MOST_PROPERTIES:
        raise ValueError("too many values")
    for _ in range(count):
        size = mapi.FIXED.get(base, 0)
        if base in _VARIABLE:
            size = struct.unpack_from("<I", content, place)[0]
            place += 4
        if place + size > len(content):
            raise ValueError("cut off")
        values.append(content[place : place + size])
        place += _padded(size)
    return values, place


def _value(kind: int, content: bytes, *, charset: str) -> Any:
    if kind in (mapi.STRING8, mapi.UNICODE):
        return mapi.text_value(kind, content, charset=charset)
    return content if kind in _VARIABLE else mapi.fixed_value(kind, content)


def _padded(size: int) -> int:
    return size + -size % 4
