"""Content-Transfer-Encoding undone without ever failing."""

import binascii
import re

from .words import raw_bytes

_BASE64_MORE = re.compile(rb"[^=]+={0,2}")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_EMPTY_LINE = re.compile(rb"\n\r?\n")
_WORDS = re.compile(rb"\S[ \t]+\S")  # a blank at the end of a line is no sign of words
_ENCODING = re.compile(r"[a-z0-9-]+")
_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} [^\r\n]*\r?\n", re.MULTILINE)


def transfer_encoding(raw: str) -> str:
    """Give the encoding's bare name: lower case, without blanks, comments, semicolons."""
    found = _ENCODING.search(raw[:200].lower())
    return found[0] if found else ""


def decoded(payload: str | bytes, *, encoding: str) -> tuple[bytes, bool]:
    """Give the bytes of a leaf and whether they could be decoded without guessing."""
    content = payload if isinstance(payload, bytes) else raw_bytes(payload)
    if encoding == "base64":
        return base64_bytes(content)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(content), True
    if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
        return _uu_bytes(content)
    return content, encoding in ("", "7bit", "8bit", "binary")


def base64_bytes(content: bytes) -> tuple[bytes, bool]:
    """Decode base64; blanks and foreign characters are skipped, lost padding is replaced."""
    code = _without_footer(content)
    try:
        first_end = code.find(b"=")
        if first_end < 0 or len(code) - first_end < 8 or not code[first_end:].strip(b"=\r\n \t"):
            return binascii.a2b_base64(code), len(code) == len(content)
    except binascii.Error:
        pass
    # Two encoded texts in a row (some gateways append a footer): the decoder would stop after the first.
    return b"".join(_segment(found[0]) for found in _BASE64_MORE.finditer(code)), False


def _without_footer(content: bytes) -> bytes:
    """Leave out plain words that a list or gateway has put below; they would be decoded as if they were code."""
    empty_line = _EMPTY_LINE.search(content, len(content) - len(content.lstrip()))
    is_footer = empty_line is not None and _WORDS.search(content, empty_line.end())
    return content[: empty_line.start()] if empty_line and is_footer else content


def _segment(content: bytes) -> bytes:
    letters = _NOT_BASE64.sub(b"", content)
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def _uu_bytes(content: bytes) -> tuple[bytes, bool]:
    begin = _UU_BEGIN.search(content)
    if not begin:
        return content, False
    pieces: list[bytes] = []
    for line in content[begin.end() :].splitlines():
        if line.strip() in (b"end", b"`"):
            break
        try:
            pieces.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Some encoders pad lines with junk; the first character says how many bytes count.
            wanted = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0
            pieces.append(_a2b_uu(line[:wanted]))
    return b"".join(pieces), True


def _a2b_uu(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        return b""
