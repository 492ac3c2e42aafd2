"""RFC 2047 encoded words and raw 8-bit header text, read within bounds."""

import binascii
import re

from . import charsets

# Lenient where senders are: blanks inside the text, missing padding, any of the charset's own decorations.
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*(?:\?(?!=)[^?]*){0,8})\?=")
_BETWEEN = re.compile(r"(\?=)[ \t\r\n]+(?==\?[^?\s]{1,60}\?[bBqQ]\?)")
_ESCAPE = re.compile(rb"=([0-9A-Fa-f]{2})")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")


def decode_words(raw: str) -> str:
    """Decode a raw header value; encoded words with the same charset are joined before they are decoded.

    The result may hold any character, CR, LF and NUL included: pass it through the gate.
    """
    if not raw.isascii():
        raw = unescape(raw)
    if "=?" not in raw:
        return raw
    raw = _BETWEEN.sub(r"\1", raw)
    pieces: list[str] = []
    pending: tuple[str, bytes] | None = None
    end = 0
    for found in _WORD.finditer(raw):
        charset, content = found[1].partition("*")[0].lower(), _word_bytes(found[2], found[3])
        if pending and (found.start() != end or pending[0] != charset):
            pieces.append(charsets.decode(pending[1], declared=pending[0])[0])
            pending = None
        pieces.append(raw[end : found.start()])
        # Senders split multi-byte characters between two words (RFC 2047 §5 forbids it), hence the joining.
        pending = (charset, pending[1] + content) if pending else (charset, content)
        end = found.end()
    if pending:
        pieces.append(charsets.decode(pending[1], declared=pending[0])[0])
    pieces.append(raw[end:])
    return "".join(pieces)


def unescape(raw: str, *, declared: str = "") -> str:
    """Read the 8-bit bytes that `email` has hidden as surrogates: UTF-8 (RFC 6532), as declared, or by guess."""
    content = raw.encode("utf-8", "surrogateescape") if _is_mixed(raw) else raw_bytes(raw)
    text, is_utf8 = charsets.decode(content)
    return charsets.decode(content, declared=declared)[0] if declared and not is_utf8 else text


def raw_bytes(raw: str) -> bytes:
    """Give back the bytes behind a text that `email` read with surrogate escapes."""
    return raw.encode("ascii", "surrogateescape")


def _is_mixed(raw: str) -> bool:
    try:
        raw.encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        return True
    return False


def _word_bytes(encoding: str, text: str) -> bytes:
    escaped = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return _ESCAPE.sub(lambda found: bytes((int(found[1], 16),)), escaped.replace(b"_", b" "))
    letters = _NOT_BASE64.sub("", text)
    letters = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(letters + "=" * (-len(letters) % 4))
