"""How IMAP writes things down: modified UTF-7, quoted strings, sets of numbers.

Source: RFC 3501 §4.3, §5.1.3, §9.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable
from itertools import pairwise

from tenants.errors import Misconfigured

_ENCODED = re.compile(r"&([A-Za-z0-9+,]*)-")
_SPECIAL = re.compile(r"([\\\"])")
_ESCAPED = re.compile(r"\\(.)")
_FOREIGN = re.compile(r"[^\x20-\x7e]+")


def encode_name(name: str) -> str:
    """Write a folder's display name as the wire wants it."""
    return _FOREIGN.sub(_shifted, name.replace("&", "&-"))


def decode_name(name: str) -> str:
    """Read a folder's name; what is no modified UTF-7 is shown as it stands."""
    return _ENCODED.sub(_unshifted, name)


def quoted(text: str) -> str:
    """Quote a name that is already in the wire's letters. Raises Misconfigured for what no quotes can hold."""
    if _FOREIGN.search(text):
        raise Misconfigured.own("line_break_refused")
    return '"' + _SPECIAL.sub(r"\\\1", text) + '"'


def unquoted(text: str) -> str:
    """Read an atom or a quoted string."""
    if len(text) >= 2 and text.startswith('"') and text.endswith('"'):
        return _ESCAPED.sub(r"\1", text[1:-1])
    return text


def number_set(numbers: Iterable[int]) -> str:
    """Write numbers as the shortest set: 1:3,7."""
    ordered = sorted(set(numbers))
    breaks = [0, *(at for at, (one, two) in enumerate(pairwise(ordered), 1) if two != one + 1), len(ordered)]
    runs = [(ordered[start], ordered[end - 1]) for start, end in pairwise(breaks) if end > start]
    return ",".join(str(one) if one == two else f"{one}:{two}" for one, two in runs)


def _shifted(found: re.Match[str]) -> str:
    letters = binascii.b2a_base64(found[0].encode("utf-16-be"), newline=False).decode()
    return f"&{letters.rstrip('=').replace('/', ',')}-"


def _unshifted(found: re.Match[str]) -> str:
    letters = found[1].replace(",", "/")
    if not letters:
        return "&"
    try:
        return binascii.a2b_base64(letters + "=" * (-len(letters) % 4)).decode("utf-16-be")
    except (binascii.Error, UnicodeDecodeError):
        return found[0]
