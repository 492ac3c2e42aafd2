"""A file read through a window of about a megabyte."""

import re
from dataclasses import dataclass
from typing import BinaryIO

_WINDOW_BYTES = 1024 * 1024
_LINE_BYTES = 64 * 1024
_TAIL_BYTES = 400  # longer than any boundary line with the line end before it


@dataclass(slots=True)
class Window:
    """The stretch of the file in memory, and the place up to which it has been read."""

    file: BinaryIO
    held: bytes = b""
    place: int = 0
    is_end: bool = False

    def line(self) -> bytes:
        """Give the next line with its end, b"" at the end of the file; what is over 64 KB of a line is dropped."""
        self._ensure(_LINE_BYTES)
        end = self.held.find(b"\n", self.place, self.place + _LINE_BYTES)
        if end >= 0 or len(self.held) - self.place <= _LINE_BYTES:
            end = end + 1 if end >= 0 else len(self.held)
            found = self.held[self.place : end]
            self.place = end
            return found
        found = self.held[self.place : self.place + _LINE_BYTES] + b"\n"
        self._skip_line()
        return found

    def piece(self, boundary: re.Pattern[bytes] | None) -> tuple[bytes, bytes | None]:
        """Give the next stretch of a body and the boundary line after it, None when the body goes on.

        The line end before a boundary belongs to it (RFC 2046 §5.1.1). At the end of the file both are empty.
        """
        self._ensure(2 * _TAIL_BYTES)
        found = boundary.search(self.held, self.place) if boundary else None
        if found and (found.end() < len(self.held) or self.is_end):
            content = self.held[self.place : found.start()]
            self.place = found.end()
            return content, found[0]
        end = len(self.held) - (0 if self.is_end else _TAIL_BYTES)
        end = min(end, found.start()) if found else end
        content = self.held[self.place : end]
        self.place = end
        return content, b"" if self.is_end else None

    def _ensure(self, size_bytes: int) -> None:
        """Have that many bytes in the window unless the file ends before."""
        while len(self.held) - self.place < size_bytes and not self.is_end:
            read = self.file.read(_WINDOW_BYTES)
            self.held = self.held[self.place :] + read
            self.place = 0
            self.is_end = not read

    def _skip_line(self) -> None:
        while (end := self.held.find(b"\n", self.place)) < 0 and not self.is_end:
            self.place = len(self.held)
            self._ensure(1)
        self.place = end + 1 if end >= 0 else len(self.held)
