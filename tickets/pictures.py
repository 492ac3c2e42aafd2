"""Which bytes may be shown as a picture, by what they are and not by what a mail calls them."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

#: More would make one mail's page as slow as the mail is heavy; larger pictures are among the files. Bytes.
MAX_EMBEDDED_BYTES: Final = 5 * 1024 * 1024
_STARTS: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)
# The sanitiser writes every attribute in double quotes, so this finds all of them and nothing else.
_CID: Final = re.compile(r'(?<= src=")cid:([^"]{1,500})(?=")', re.IGNORECASE)

# What the sanitiser has left of a picture that lies elsewhere; no text of a mail holds a "<".
_REMOTE: Final = re.compile(r'<img((?: [a-z-]+="[^"]*")*) data-remote-src=(?="https?://)', re.IGNORECASE)


def picture_type(first_bytes: bytes) -> str:
    """Recognise PNG, JPEG, GIF and WebP by their first bytes; "" for anything else, SVG included."""
    if first_bytes[:4] == b"RIFF" and first_bytes[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _STARTS if first_bytes.startswith(start)), "")


def embed(html: str, pictures: Mapping[str, Path]) -> str:
    """Put the mail's own pictures, by content id, in the place of its `cid:` references."""
    return embed_bytes(html, {name: path.read_bytes for name, path in pictures.items() if _is_small(path)})


def embed_bytes(html: str, pictures: Mapping[str, Callable[[], bytes]]) -> str:
    """Do the same with pictures that need not be files; each is read when it is met.

    As `data:` and not by address: a sandboxed frame has no origin, so the browser would send no session with the
    request and the picture would need an address that works without one.
    """
    left = MAX_EMBEDDED_BYTES
    made: dict[str, str] = {}

    def put(found: re.Match[str]) -> str:
        nonlocal left
        read = pictures.get(found[1])
        if read is None:
            return ""
        if found[1] not in made:
            made[found[1]] = _as_address(read, left)
            left -= len(made[found[1]])
        return made[found[1]]

    return _CID.sub(put, html)


def with_remote_pictures(html: str) -> str:
    """Switch the mail's remote pictures on again, those of the web alone."""
    return _REMOTE.sub(r"<img\1 src=", html)


def _is_small(path: Path) -> bool:
    try:
        return path.stat().st_size * 4 / 3 <= MAX_EMBEDDED_BYTES
    except OSError:
        return False


def _as_address(read: Callable[[], bytes], most: int) -> str:
    try:
        content = read()
    except OSError:
        return ""
    kind = picture_type(content[:16]) if len(content) * 4 / 3 <= most else ""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}" if kind else ""
