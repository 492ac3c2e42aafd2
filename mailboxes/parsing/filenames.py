"""File names of attachments: read from the headers, then made harmless."""

import re
from urllib.parse import unquote_to_bytes

from . import charsets
from .gate import one_line
from .words import decode_words, unescape

MAX_CHARS, MAX_BYTES = 150, 200
_PARAMETER = re.compile(
    r";[ \t\r\n]*([A-Za-z0-9!#$&+.^_`|~-]{1,40}(?:\*\d{0,3}){0,1}\*?)[ \t]*=[ \t]*(\"(?:[^\"\\]|\\.)*+\"?|[^;\r\n]*)"
)
_QUOTED_PAIR = re.compile(r"\\([\"\\])")
# Format characters: zero width, soft hyphen, bidirectional marks and isolates, tags, variation selectors.
_INVISIBLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff]"
)
_UNSAFE = re.compile(r'[<>:"|?*]')
_SEPARATOR = re.compile(r"[\\/]")
_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$)(?:\..*)?", re.IGNORECASE
)
_EXTENSION = re.compile(r"\.[A-Za-z0-9_-]{1,16}")
_MAX_PIECES = 100
_MAX_PARAMETERS = 100


def parameters(raw: str) -> dict[str, str]:
    """Read the parameters of a Content-Type or Content-Disposition value: RFC 2045, 2231 and what senders do.

    Names are lower-cased without their RFC 2231 stars; of two with one name the first counts.
    """
    if not raw.isascii():
        raw = unescape(raw)
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for count, (name, value) in enumerate(_PARAMETER.findall(raw)):
        if count >= _MAX_PARAMETERS:
            break
        value = (
            _QUOTED_PAIR.sub(r"\1", value[1:].removesuffix('"')) if value.startswith('"') else value.strip()
        )
        base, star, rest = name.lower().partition("*")
        if not star:
            plain.setdefault(base, value)
            continue
        number = rest.rstrip("*")
        index = int(number) if number.isascii() and number.isdigit() else 0
        pieces.setdefault(base, {}).setdefault(index, (value, rest.endswith("*") or not rest))
    for base, numbered in pieces.items():
        plain[base] = _joined(numbered)
    return plain


def _joined(numbered: dict[int, tuple[str, bool]]) -> str:
    """Join the pieces of an RFC 2231 value in the order of their numbers and decode its percent signs."""
    ordered = [numbered[index] for index in sorted(numbered)[:_MAX_PIECES]]
    if not any(is_encoded for _, is_encoded in ordered):
        return "".join(value for value, _ in ordered)
    declared = ""
    if ordered[0][1] and ordered[0][0].count("'") >= 2:
        declared, _, value = ordered[0][0].split("'", 2)
        ordered[0] = (value, True)
    content = b"".join(
        unquote_to_bytes(value) if is_encoded else value.encode("utf-8", "surrogateescape")
        for value, is_encoded in ordered
    )
    return charsets.decode(content, declared=declared)[0]


def harmless(raw: str, *, fallback: str) -> str:
    """Make a name safe to show, to send in a header and to save on any system.

    What cannot be seen is removed before anything is checked: `\\u200b.htaccess` is a dot-file (CVE-2026-28289).
    """
    name = decode_words(raw[:4_000]) if "=?" in raw else raw[:200_000]
    name = one_line(
        _INVISIBLE.sub("", name.replace("\t", " ").replace("\r", " ").replace("\n", " ")), max_chars=100_000
    )
    name = (
        _SEPARATOR.split(name)[-1]
        if not name.endswith(("/", "\\"))
        else _SEPARATOR.split(name.rstrip("/\\"))[-1]
    )
    name = _UNSAFE.sub("_", name).strip(" .").strip()
    if raw and name and _DEVICE.fullmatch(name):
        name = "_" + name
    return _shortened(name) or fallback


def _shortened(name: str) -> str:
    if len(name) <= MAX_CHARS and len(name.encode()) <= MAX_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    ending = dot + extension if dot and _EXTENSION.fullmatch(dot + extension) else ""
    stem = (stem if ending else name)[: MAX_CHARS - len(ending)]
    room = MAX_BYTES - len(ending)
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(" .") + ending
