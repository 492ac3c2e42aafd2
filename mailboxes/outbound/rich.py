"""Formatted text of our own mails: cleaned as strictly as mail that comes in, and written as plain text beside it."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser
from typing import Final

import nh3

from mailboxes.parsing.limits import DEFAULT
from mailboxes.parsing.markup import sanitise
from tenants.errors import Misconfigured

#: Longer than anybody types, a long quote included; with its plain text it fits in one request of Graph. Characters.
MAX_CHARS: Final = 200_000
_TABLES: Final = frozenset({"table", "thead", "tbody", "tr", "td", "th"})
_BLOCKS: Final = frozenset({"p", "div", "h1", "h2", "h3", "h4", "pre", "ul", "ol", "li", "hr", "tr", "table"})
_SPACED: Final = frozenset({"p", "h1", "h2", "h3", "h4", "pre", "ul", "ol", "table", "blockquote"})
_WORDS: Final = frozenset({"br", "b", "strong", "i", "em", "u", "s", "a", "code", "blockquote", "span"})
_CLEANER: Final = nh3.Cleaner(
    tags=set(_BLOCKS | _WORDS | _TABLES),
    attributes={"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}},
    url_schemes={"http", "https", "mailto", "tel"},
    clean_content_tags={"script", "style", "title"},
    strip_comments=True,
    link_rel=None,
)
#: Mail programs read no style sheet of ours; what a quote needs stands on it.
_QUOTE_STYLE: Final = "margin:0 0 0 4px;padding-left:12px;border-left:3px solid #d1d5db;color:#4b5563"
#: Without a font of its own a mail is read in Times, in Outlook at least.
_BODY_STYLE: Final = "font-family:'Segoe UI',Calibri,Arial,sans-serif;font-size:11pt;line-height:1.4"
_FOOTER_STYLE: Final = "margin-top:24px;color:#4b5563"


def clean(html: str) -> str:
    """Keep words, lists, links, quotes and tables; "" when no words are left.

    Raises Misconfigured (reply_unreadable).
    """
    if len(html) > MAX_CHARS or sanitise(html, DEFAULT).is_refused:
        raise Misconfigured.own("reply_unreadable")
    cleaned = _CLEANER.clean(html)
    return cleaned if as_text(cleaned) else ""


def without_pictures(html: str) -> str:
    """Clean HTML of a mail to be quoted; "" when it is too much to quote."""
    try:
        return clean(html)
    except Misconfigured:
        return ""


def document(html: str, *, footer: str = "") -> str:
    """Make a whole document of cleaned HTML, for the mail; the footer is plain text."""
    body = html.replace("<blockquote>", f'<blockquote style="{_QUOTE_STYLE}">')
    if footer:
        lines = "<br>".join(escape(line) for line in footer.split("\n"))
        body += f'<div style="{_FOOTER_STYLE}">{lines}</div>'
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    return f'<!DOCTYPE html><html><head>{head}</head><body style="{_BODY_STYLE}">{body}</body></html>'


def as_text(html: str) -> str:
    """Write cleaned HTML as plain text: quotes behind >, lists with their marks, links with where they lead."""
    writer = _Writer()
    writer.feed(html)
    writer.close()
    return writer.text()


class _Writer(HTMLParser):
    """Collects lines; an empty one stands between paragraphs and never two."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.line = ""
        self.quotes = 0
        #: Of the lists we are in, the number of the last item; None where they have none.
        self.lists: list[int | None] = []
        self.links: list[tuple[str, int]] = []
        self.pre = 0

    def text(self) -> str:
        self._end_line()
        while self.lines and not self.lines[-1].strip("> "):
            self.lines.pop()
        return "\n".join(line.rstrip() for line in self.lines).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS or tag == "blockquote":
            self._end_line()
            self._gap(tag)
        if tag == "br":
            self._end_line(is_forced=True)
        elif tag == "blockquote":
            self.quotes += 1
        elif tag == "pre":
            self.pre += 1
        elif tag in ("ul", "ol"):
            self.lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self.line = self._mark()
        elif tag in ("td", "th") and self.line:
            self.line += " | "
        elif tag == "hr":
            self.lines.append(self._prefix() + "-" * 20)
        elif tag == "a":
            self.links.append((dict(attrs).get("href") or "", len(self.line)))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self.links:
            self._end_link(*self.links.pop())
        if tag in _BLOCKS or tag == "blockquote":
            self._end_line()
            if tag == "blockquote":
                self.quotes = max(0, self.quotes - 1)
            elif tag == "pre":
                self.pre = max(0, self.pre - 1)
            elif tag in ("ul", "ol") and self.lists:
                self.lists.pop()
            self._gap(tag)

    def handle_data(self, text: str) -> None:
        if self.pre:
            *whole, last = text.split("\n")
            for part in whole:
                self.line += part
                self._end_line(is_forced=True)
            self.line += last
            return
        words = " ".join(text.split())
        if not words:
            self.line += " " if text and self.line and not self.line.endswith(" ") else ""
            return
        if text[0].isspace() and self.line and not self.line.endswith(" "):
            self.line += " "
        self.line += words + (" " if text[-1].isspace() else "")

    def _mark(self) -> str:
        indent = "  " * max(0, len(self.lists) - 1)
        if self.lists and (number := self.lists[-1]) is not None:
            self.lists[-1] = number + 1
            return f"{indent}{number + 1}. "
        return f"{indent}- "

    def _end_link(self, target: str, start: int) -> None:
        shown = self.line[start:].strip()
        bare = target.removeprefix("mailto:").removeprefix("tel:")
        if target and bare.rstrip("/") not in (shown, shown.rstrip("/")):
            self.line = f"{self.line.rstrip()} <{bare}>"

    def _prefix(self) -> str:
        return "> " * self.quotes

    def _end_line(self, *, is_forced: bool = False) -> None:
        if self.line.strip() or is_forced:
            self.lines.append(self._prefix() + self.line)
        self.line = ""

    def _gap(self, tag: str) -> None:
        is_inner_list = tag in ("ul", "ol") and len(self.lists) > 0
        if tag in _SPACED and not is_inner_list and self.lines and self.lines[-1].strip("> "):
            self.lines.append(self._prefix())
