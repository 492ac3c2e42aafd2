"""The content of a CMS signed-data, found without any trust in it: no signature is looked at (RFC 5652 §3, §5)."""

from dataclasses import dataclass
from typing import Final

#: The object identifiers of signed data and of plain content, with their tag and length.
SIGNED: Final = bytes.fromhex("06092a864886f70d010702")
PLAIN: Final = bytes.fromhex("06092a864886f70d010701")
MOST_DEPTH: Final = 12
#: OpenSSL streams a mail line by line, each in an element of its own; more than so many make no mail.
MOST_ELEMENTS: Final = 400_000
_OCTETS, _OCTETS_IN_PIECES, _SEQUENCE, _FIRST = 0x04, 0x24, 0x30, 0xA0
_CONSTRUCTED: Final = 0x20
_LONG_TAG: Final = 0x1F
_ENDLESS: Final = 0x80


class NotSigned(Exception):
    """Say that this is no signed data, that it is damaged, or that its content is elsewhere."""


def signed_content(source: bytes) -> bytes:
    """Give the bytes that were signed. What stands behind them may be cut off. Raises NotSigned, nothing else.

    Reads DER and the BER that Outlook and OpenSSL write: lengths left open, octet strings in pieces.
    """
    walk = _Walk(source)
    try:
        walk.enter(_SEQUENCE)
        walk.expect(SIGNED)
        walk.enter(_FIRST)
        walk.enter(_SEQUENCE)
        walk.skip()  # the version
        walk.skip()  # the digest algorithms
        walk.enter(_SEQUENCE)
        walk.expect(PLAIN)
        walk.enter(_FIRST)
        walk.gather(depth=0)
    except IndexError as error:
        raise NotSigned from error
    return bytes(walk.content)


@dataclass(slots=True)
class _Walk:
    """A place in BER that only moves on; past the end it meets an IndexError."""

    source: bytes
    content: bytearray
    place: int = 0
    elements: int = 0

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.content = bytearray()
        self.place = self.elements = 0

    def enter(self, wanted: int) -> None:
        if self._head()[0] != wanted:
            raise NotSigned

    def expect(self, wanted: bytes) -> None:
        if not self.source.startswith(wanted, self.place):
            raise NotSigned
        self.place += len(wanted)

    def skip(self, depth: int = 0) -> None:
        """Go behind the element that begins here."""
        tag, end = self._head()
        if end is not None:
            self.place = end
            return
        if depth >= MOST_DEPTH or not tag & _CONSTRUCTED:
            raise NotSigned
        while not self._is_at_end():
            self.skip(depth + 1)

    def gather(self, *, depth: int) -> None:
        """Take the octet string that begins here, whole or in pieces."""
        tag, end = self._head()
        if tag == _OCTETS and end is not None:
            if end > len(self.source):
                raise NotSigned
            self.content += memoryview(self.source)[self.place : end]
            self.place = end
            return
        if tag != _OCTETS_IN_PIECES or depth >= MOST_DEPTH:
            raise NotSigned
        while self.place < end if end is not None else not self._is_at_end():
            self.gather(depth=depth + 1)
        if end is not None and self.place != end:
            raise NotSigned

    def _is_at_end(self) -> bool:
        """Say whether an open length ends here, and go behind its end if so."""
        if self.source[self.place] or self.source[self.place + 1]:
            return False
        self.place += 2
        return True

    def _head(self) -> tuple[int, int | None]:
        """Read tag and length; gives the tag and where the element ends, None for a length left open."""
        self.elements += 1
        tag, size = self.source[self.place], self.source[self.place + 1]
        if self.elements > MOST_ELEMENTS or tag & _LONG_TAG == _LONG_TAG:
            raise NotSigned
        self.place += 2
        if size == _ENDLESS:
            return tag, None
        if size > _ENDLESS:
            digits = self.source[self.place : self.place + size - _ENDLESS]
            self.place += size - _ENDLESS
            size = int.from_bytes(digits, "big")
        return tag, self.place + size
