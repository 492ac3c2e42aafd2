"""Outlook's rich text: unpacked, and read as the HTML or the text that is in it."""

import re
import struct
from typing import Final

from . import charsets
from .limits import MB

MOST_BYTES: Final = 4 * MB
# What the packing begins with as if it had been said already, [MS-OXRTFCP] §2.1.2.1.
_DICTIONARY: Final = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans Serif"
    b"SymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_PACKED, _PLAIN = 0x75465A4C, 0x414C454D
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z0-9\r\n])|([{}])|[\r\n]+|([^\\{}\r\n]+)"
)
_SILENT: Final = frozenset(
    (
        b"fonttbl",
        b"colortbl",
        b"stylesheet",
        b"info",
        b"pict",
        b"object",
        b"header",
        b"footer",
        b"themedata",
        b"mmathPr",
    )
)
_WRITTEN: Final = {
    **{
        b"par": "\n",
        b"line": "\n",
        b"row": "\n",
        b"tab": "\t",
        b"cell": "\t",
        b"emdash": "—",
        b"endash": "–",
    },
    **{b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”", b"bullet": "•", b"nbsp": " "},
}


def unpacked(packed: bytes) -> bytes:
    """Undo the compression; b"" for what cannot be read."""
    if len(packed) < 16:
        return b""
    size, raw_bytes, kind = struct.unpack_from("<III", packed)
    if kind == _PLAIN:
        return packed[16 : 16 + min(raw_bytes, MOST_BYTES)]
    if kind != _PACKED or raw_bytes > MOST_BYTES:
        return b""
    return _expanded(packed[16 : size + 4], raw_bytes)


def _expanded(packed: bytes, raw_bytes: int) -> bytes:
    """Follow references of 12 bits into the last 4,096 bytes, [MS-OXRTFCP] §2.2.3."""
    written = bytearray(_DICTIONARY)
    start = len(written)
    place, wanted = 0, start + raw_bytes
    while place < len(packed) and len(written) < wanted:
        control = packed[place]
        place += 1
        for bit in range(8):
            if not control >> bit & 1:
                written += packed[place : place + 1]
                place += 1
                continue
            if place + 2 > len(packed):
                return bytes(written[start:wanted])
            reference = packed[place] << 8 | packed[place + 1]
            place += 2
            offset, length = reference >> 4, (reference & 15) + 2
            at = len(written) & 0xFFF
            if offset == at:
                return bytes(written[start:wanted])
            source = len(written) - ((at - offset) & 0xFFF)
            if source < 0:
                return bytes(written[start:wanted])
            for step in range(length):
                written.append(written[source + step])
    return bytes(written[start:wanted])


def contents(source: bytes) -> tuple[str, str]:
    """Give the HTML that Outlook wrapped into the RTF, else "" and the text."""
    is_html = b"\\fromhtml" in source[:2_000]
    found = re.search(rb"\\ansicpg(\d{2,5})", source[:2_000])
    writing = _Writing(is_html=is_html, charset=f"cp{found[1].decode()}" if found else "cp1252")
    for token in _TOKEN.finditer(source[:MOST_BYTES]):
        writing.take(token)
    text = writing.finished().replace("\0", "")
    return (text, "") if is_html else ("", text.strip("\n"))


class _Writing:
    """The text of an RTF as it comes along; groups that are not text are passed over."""

    def __init__(self, *, is_html: bool, charset: str) -> None:
        self._is_html = is_html
        self._charset = charset
        self._pieces: list[str] = []
        self._bytes = bytearray()
        # For each open group: is it silent, is it a tag of the HTML, how many characters stand in for a \u.
        self._groups: list[tuple[bool, bool, int]] = [(False, False, 1)]
        self._is_starred = False
        self._skip = 0

    def take(self, token: re.Match[bytes]) -> None:
        word, number, escaped, symbol, brace, plain = token.groups()
        if brace == b"{":
            self._groups.append(self._groups[-1])
        elif brace == b"}":
            self._groups.pop() if len(self._groups) > 1 else None
        elif word:
            self._word(word, number)
        elif symbol:
            self._symbol(symbol)
        elif escaped:
            self._say_bytes(bytes.fromhex(escaped.decode()))
        elif plain:
            self._say_bytes(plain)

    def finished(self) -> str:
        self._settle()
        return "".join(self._pieces)

    def _word(self, word: bytes, number: bytes | None) -> None:
        is_silent, is_tag, stands_in = self._groups[-1]
        if word == b"htmltag" and self._is_html:
            self._groups[-1] = (False, True, stands_in)
        elif word in _SILENT or self._is_starred:
            self._groups[-1] = (True, is_tag, stands_in)
        elif word == b"htmlrtf":
            self._groups[-1] = (self._is_html and number != b"0", is_tag, stands_in)
        elif word == b"uc":
            self._groups[-1] = (is_silent, is_tag, min(int(number or 1), 8))
        elif word == b"u" and number:
            self._say(chr(int(number) & 0xFFFF))
            self._skip = stands_in
        elif word in _WRITTEN and not (is_tag and word == b"par"):
            self._say(_WRITTEN[word])
        self._is_starred = False

    def _symbol(self, symbol: bytes) -> None:
        self._is_starred = symbol == b"*"
        if symbol in b"{}\\":
            self._say_bytes(symbol)
        elif symbol == b"~":
            self._say("\xa0")

    def _say_bytes(self, content: bytes) -> None:
        if self._skip:
            skipped = min(self._skip, len(content))
            self._skip -= skipped
            content = content[skipped:]
        if not self._groups[-1][0]:
            self._bytes += content

    def _say(self, text: str) -> None:
        if not self._groups[-1][0]:
            self._settle()
            self._pieces.append(text)

    def _settle(self) -> None:
        if self._bytes:
            self._pieces.append(charsets.decode(bytes(self._bytes), declared=self._charset)[0])
            self._bytes.clear()
