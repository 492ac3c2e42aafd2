"""The compound file: Microsoft's file system inside a file, as .msg and old Office use it ([MS-CFB])."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

SIGNATURE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END: Final = 0xFFFFFFFA  # this and above are no sectors
_NONE: Final = 0xFFFFFFFF
_STORAGES: Final = (1, 5)
MOST_ENTRIES: Final = 20_000


class NotCompound(Exception):
    """Say that the bytes are no compound file, or a damaged one."""


@dataclass(slots=True)
class Storage:
    """A folder: streams and folders by name; a damaged one shows what could be read."""

    streams: dict[str, bytes] = field(default_factory=dict)
    storages: dict[str, "Storage"] = field(default_factory=dict)


def read_compound(content: bytes) -> Storage:
    try:
        return _Reading(content).root()
    except (struct.error, IndexError) as error:
        raise NotCompound from error


class _Reading:
    """Sectors, the tables that chain them, and the entries of the folders."""

    def __init__(self, content: bytes) -> None:
        if content[:8] != SIGNATURE:
            raise NotCompound
        self._content = content
        shift, small_shift = struct.unpack_from("<HH", content, 30)
        if shift not in (9, 12) or small_shift != 6:
            raise NotCompound
        self._size = 1 << shift
        self._left = len(content)  # what all streams hold together; a hostile file has many share one chain
        directory, _transaction, self._cutoff, small_fat = struct.unpack_from("<IIII", content, 48)[:4]
        self._fat = self._table(self._fat_sectors())
        self._small_fat = self._table(self._chain(small_fat, self._fat))
        listed = b"".join(map(self._sector, self._chain(directory, self._fat)))
        self._entries = [listed[at : at + 128] for at in range(0, len(listed) - 127, 128)][:MOST_ENTRIES]
        self._seen: set[int] = set()
        start, size = self._place(self._entries[0])
        self._small = self._stream(start, size)

    def root(self) -> Storage:
        return self._storage(0, depth=0)

    def _sector(self, number: int) -> bytes:
        at = (number + 1) * self._size
        return self._content[at : at + self._size]

    def _fat_sectors(self) -> list[int]:
        first, count = struct.unpack_from("<II", self._content, 68)
        found = list(struct.unpack_from("<109I", self._content, 76))
        for _ in range(min(count, len(self._content) // self._size)):
            if first >= _END:
                break
            numbers = struct.unpack(f"<{self._size // 4}I", self._sector(first))
            found += numbers[:-1]
            first = numbers[-1]
        return [number for number in found if number < _END][: len(self._content) // self._size]

    def _table(self, sectors: list[int]) -> list[int]:
        joined = b"".join(map(self._sector, sectors))
        return list(struct.unpack(f"<{len(joined) // 4}I", joined[: len(joined) // 4 * 4]))

    def _chain(self, start: int, table: list[int], *, most: int | None = None) -> list[int]:
        """Follow a chain, which a hostile file lets run in a circle."""
        found: list[int] = []
        most = len(table) if most is None else most
        while start < _END and start < len(table) and len(found) < most:
            found.append(start)
            start = table[start]
        return found

    def _place(self, entry: bytes) -> tuple[int, int]:
        start, size = struct.unpack_from("<II", entry, 116)
        return start, min(size, len(self._content))

    def _stream(self, start: int, size: int) -> bytes:
        sectors = self._chain(start, self._fat, most=-(-size // self._size))
        return b"".join(map(self._sector, sectors))[:size]

    def _small_stream(self, start: int, size: int) -> bytes:
        chain = self._chain(start, self._small_fat, most=-(-size // 64))
        return b"".join(self._small[at * 64 : at * 64 + 64] for at in chain)[:size]

    def _storage(self, number: int, *, depth: int) -> Storage:
        storage = Storage()
        if depth > 40:
            return storage
        for child in self._children(struct.unpack_from("<I", self._entries[number], 76)[0]):
            entry = self._entries[child]
            name_bytes = min(struct.unpack_from("<H", entry, 64)[0], 64)
            name = entry[: max(name_bytes - 2, 0)].decode("utf-16-le", "replace")
            if entry[66] in _STORAGES:
                storage.storages[name] = self._storage(child, depth=depth + 1)
            else:
                start, size = self._place(entry)
                read = self._small_stream if size < self._cutoff else self._stream
                storage.streams[name] = read(start, min(size, self._left))
                self._left -= len(storage.streams[name])
        return storage

    def _children(self, first: int) -> Iterator[int]:
        """Walk the tree of a folder's entries, each at most once."""
        waiting = [first]
        while waiting:
            number = waiting.pop()
            if number == _NONE or number >= len(self._entries) or number in self._seen:
                continue
            self._seen.add(number)
            yield number
            waiting += struct.unpack_from("<II", self._entries[number], 68)
