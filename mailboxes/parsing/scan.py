"""The last resort for structures that are beyond `email`: gather the readable lines."""

import re

from .leaves import Leaf
from .limits import Limits

_FIELD = re.compile(rb"^([!-9;-~]{1,76}):((?:[^\r\n]*)(?:\r?\n[ \t][^\r\n]*+)*+)", re.MULTILINE)
_END = re.compile(rb"\r?\n\r?\n")
# Boundary lines and the header lines of parts are the machine's; what is left may be somebody's words.
_NOISE = re.compile(
    rb"^(?:--[^\r\n]*|(?:content|mime|x)-[a-z-]+:[^\r\n]*+(?:\r?\n[ \t][^\r\n]*+)*+)(?:\r?\n|$)",
    re.IGNORECASE | re.MULTILINE,
)
_EMPTY_LINES = re.compile(rb"(?:\r?\n){3,}")


def scanned(content: bytes, limits: Limits) -> tuple[list[tuple[str, str]], Leaf]:
    """Give the headers of the whole mail and one text leaf with all lines that are not MIME's own."""
    end = found.start() if (found := _END.search(content)) else len(content)
    headers = [
        (name.decode("ascii"), value.decode("ascii", "surrogateescape").strip())
        for name, value in _FIELD.findall(content[:end])[: limits.header_count]
    ]
    text = _EMPTY_LINES.sub(b"\n\n", _NOISE.sub(b"", content[end : end + limits.text_chars])).strip()
    return headers, Leaf(
        content_type="text/plain",
        disposition="",
        filename="",
        content_id="",
        charset="",
        encoding="",
        is_flowed=False,
        deletes_space=False,
        payload=text.decode("ascii", "surrogateescape"),
    )
