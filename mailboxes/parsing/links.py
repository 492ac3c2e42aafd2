"""Files that stayed in the cloud: links that a mail brings instead of attachments."""

import re
from collections.abc import Iterator, Sequence
from html import unescape
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from .gate import one_line
from .leaves import Leaf
from .values import Link

MOST_LINKS: Final = 20
_READ_CHARS: Final = 500_000
# Cheap to look for: without one of them no page of HTML holds such a link.
_MARKS: Final = (
    *("sharepoint", "1drv.ms", "onedrive.", "drive.google.", "docs.google.", "dropbox.com", ".box.com"),
    *("wetransfer.com", "we.tl", "icloud.com"),
)
_HOSTS: Final = re.compile(
    r"(?:[a-z0-9-]+\.)?sharepoint(?:-mil)?\.(?:com|us|cn|de)|1drv\.ms|(?:[a-z0-9-]+\.)?onedrive\.live\.com"
    r"|(?:drive|docs)\.google\.com|(?:www\.)?dropbox\.com|(?:[a-z0-9-]+\.)?(?:app\.)?box\.com"
    r"|(?:[a-z0-9-]+\.)?wetransfer\.com|we\.tl|(?:www\.)?icloud\.com"
)
_SAFE: Final = ".safelinks.protection.outlook.com"
_ANCHOR: Final = re.compile(
    r"<a\s[^<>]{0,2000}?href\s*=\s*[\"'](https://[^\"'<>\s]{4,3000})[\"'][^<>]{0,2000}>(.{0,1000}?)</a",
    re.I | re.DOTALL,
)
_TAG: Final = re.compile(r"<[^<>]*>")
# Where programs begin the history: links in there were a card of an earlier mail.
_HISTORY: Final = ("divRplyFwdMsg", "appendonsend", "gmail_quote", "border-top:solid #E1E1E1", "<blockquote")
_FILE: Final = re.compile(r"[^/\\?#]{1,200}\.[A-Za-z0-9]{2,5}")
_SHORTCUT: Final = re.compile(rb"^URL=(https://[^\s]{4,2000})", re.MULTILINE)


def read_links(html: str, *, attached: Sequence[Leaf]) -> tuple[Link, ...]:
    """Give the links to shared files in the new part of the HTML, and those that came as parts."""
    found = {link.url: link for link in _of_parts(attached)}
    if any(mark in html for mark in _MARKS):
        end = min((place for mark in _HISTORY if (place := html.find(mark)) > 0), default=_READ_CHARS)
        for match in _ANCHOR.finditer(html, 0, min(end, _READ_CHARS)):
            link = _link(unescape(match[1]), name=unescape(_TAG.sub("", match[2])))
            if link:
                found.setdefault(link.url, link)
    return tuple(found.values())[:MOST_LINKS]


def _link(url: str, *, name: str) -> Link | None:
    try:
        parts = urlsplit(url)
        if (parts.hostname or "").endswith(_SAFE):
            parts = urlsplit(parse_qs(parts.query).get("url", [""])[0])
        host = parts.hostname or ""
    except ValueError:
        return None
    if not _HOSTS.fullmatch(host) or len(parts.path) < 2:
        return None
    words = one_line(name, max_chars=200)
    in_path = _FILE.search(unquote(parts.path).rpartition("/")[2])
    shown = words if words and "://" not in words else in_path[0] if in_path else host
    return Link(name=one_line(shown, max_chars=200), url=one_line(url, max_chars=3_000), host=host)


def _of_parts(attached: Sequence[Leaf]) -> Iterator[Link]:
    """Read parts that only say where the file is; nothing is fetched."""
    for leaf in attached:
        url = leaf.link
        if (
            leaf.filename.lower().endswith((".url", ".url.txt"))
            and leaf.cut is None
            and len(leaf.content) < 4_000
        ):
            found = _SHORTCUT.search(leaf.content)
            url = found[1].decode("ascii", "replace") if found else url
        if url.startswith("https://"):
            try:
                host = urlsplit(url).hostname or ""
            except ValueError:
                continue
            name = leaf.filename.removesuffix(".txt").removesuffix(".url") or host
            yield Link(name=one_line(name, max_chars=200), url=one_line(url, max_chars=3_000), host=host)
