"""HTML from outside: bounded, sanitised, its remote images switched off; and HTML to text."""

import re
from dataclasses import dataclass

import nh3

from .limits import Limits
from .values import GiveWay, Problem

_TAGS = (nh3.ALLOWED_TAGS - {"map", "area"}) | {"center", "font"}
_ATTRIBUTES = {tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()} | {
    "*": {"style", "dir", "lang"},
    "img": {"src", "alt", "width", "height"},
    "font": {"color", "face", "size"},
}
_STYLES = {
    *("color", "background-color", "font-weight", "font-style", "font-size", "font-family"),
    *("text-decoration", "text-align", "border", "padding", "margin", "width"),
}
# One Cleaner for all mail: building it anew for each costs more than cleaning a short one.
_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    attributes=_ATTRIBUTES,
    url_schemes={"http", "https", "mailto", "tel", "cid"},
    clean_content_tags={"script", "style", "title"},
    strip_comments=True,
    # Only these tell a quote of history from a paragraph that somebody has indented.
    tag_attribute_values={"blockquote": {"type": {"cite"}}},
    allowed_classes={"blockquote": {"gmail_quote", "protonmail_quote", "yahoo_quoted"}},
    link_rel="noopener noreferrer nofollow",
    filter_style_properties=_STYLES,
)
_IMAGE = re.compile(r"<img((?: [a-z-]+=\"[^\"]*\")*)>")
_SOURCE = re.compile(r" src=\"([^\"]*)\"")
_MARK = re.compile(r"<(/?)([a-zA-Z][^\s/>]{0,20})")
# Elements that HTML closes by itself or that hold nothing; left open a thousand times they nest nowhere.
_FLAT = frozenset(
    [
        "p",
        "li",
        "td",
        "th",
        "tr",
        "dt",
        "dd",
        "br",
        "hr",
        "img",
        "input",
        "meta",
        "link",
        "col",
        "area",
        "base",
        "wbr",
        "source",
        "track",
        "embed",
        "param",
        "option",
        "thead",
        "tbody",
        "tfoot",
        "html",
        "head",
        "body",
        "o:p",
    ]
)
_FLAT_MARKS = ("<p>", "<p ", "<br>", "<br ", "<br/", "<td>", "<td ", "<tr>", "<tr ", "<li>", "<li ", "<img ")
_COMMENT = r"<!--(?>.*?-->|.*)"
_NAME = r"[^\s/>][^\s/>=]*+"
_VALUE = r"(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>]*+))?+"
_TAG = re.compile(rf"{_COMMENT}|<[a-zA-Z][^\s/>]*+((?:[\s/]*+{_NAME}{_VALUE})*+)", re.DOTALL)
_LONG_TAG = re.compile(r"<[a-zA-Z][^\s/>]*+([^>]{128,})")
_HIDDEN_END = re.compile(r"=\s*+[\"'][^\"'>]*+>")
_ATTRIBUTE = re.compile(rf"{_NAME}{_VALUE}")


@dataclass(frozen=True, slots=True)
class Clean:
    """Sanitised HTML, "" when it was refused, and what was found on the way."""

    html: str
    problems: tuple[Problem, ...] = ()
    is_refused: bool = False


def sanitise(html: str, limits: Limits) -> Clean:
    """Make HTML safe to show; refuses what would take the sanitiser minutes."""
    if reason := _refusal(html, limits):
        if limits.gives_way:
            raise GiveWay
        sentence = f"The HTML was not shown because it {reason}; the text and the original are complete."
        return Clean(html="", problems=(Problem(code="html_refused", sentence=sentence),), is_refused=True)
    cleaned = _CLEANER.clean(html)
    blocked = 0

    def switch_off(found: re.Match[str]) -> str:
        nonlocal blocked
        source = _SOURCE.search(found[1])
        if source is None or source[1].strip().lower().startswith("cid:"):
            return found[0]
        blocked += 1
        return f"<img{found[1][: source.start()]} data-remote-src={found[1][source.start() + 5 :]}>"

    # The sanitiser's output is regular: every attribute is quoted, no text holds "<".
    cleaned = _IMAGE.sub(switch_off, cleaned) if "<img" in cleaned else cleaned
    sentence = f"{blocked} remote image{'s' if blocked != 1 else ''} blocked."
    return Clean(
        html=cleaned, problems=(Problem(code="remote_images", sentence=sentence),) if blocked else ()
    )


def _refusal(html: str, limits: Limits) -> str:
    if len(html) > limits.html_bytes:
        return f"is longer than {limits.html_bytes // (1024 * 1024)} MB"
    marks = html.count("<")
    if marks > limits.html_nesting and _is_nested_deeper(html, limits.html_nesting):
        return f"is nested deeper than {limits.html_nesting} elements"
    if len(html) > 2 * limits.html_attributes and _has_more_attributes(html, limits.html_attributes):
        return f"has more than {limits.html_attributes} attributes on one element"
    return ""


def _is_nested_deeper(html: str, most: int) -> bool:
    """Count open elements by name, so that a closing tag of nothing hides no depth."""
    if html.count("<") - html.count("</") - sum(map(html.count, _FLAT_MARKS)) <= most:
        return False  # not that many elements are opened at all
    opened: dict[str, int] = {}
    depth = 0
    for slash, name in _MARK.findall(html):
        name = name.lower()
        if name in _FLAT:
            continue
        if not slash:
            opened[name] = opened.get(name, 0) + 1
            depth += 1
            if depth > most:
                return True
        elif opened.get(name):
            opened[name] -= 1
            depth -= 1
    return False


def _has_more_attributes(html: str, most: int) -> bool:
    if any(len(_ATTRIBUTE.findall(found[1])) > most for found in _LONG_TAG.finditer(html)):
        return True
    if not _HIDDEN_END.search(html):
        return False
    # A ">" inside a value may hide attributes behind it: read all tags once more, exact in their quotes.
    return any(len(_ATTRIBUTE.findall(found[1] or "")) > most for found in _TAG.finditer(html))


def to_text(html: str) -> str:
    """Write HTML as text with tables and lists laid out, history behind `>`; "" when it cannot be read."""
    # Imported here: inscriptis brings lxml, which a process that meets only plain text need not hold.
    from inscriptis import get_text
    from inscriptis.css_profiles import CSS_PROFILES
    from inscriptis.model.config import ParserConfig
    from lxml.etree import LxmlError  # type: ignore[import-untyped]

    is_quoting = "<blockquote" in html
    try:
        text = get_text(_with_marks(html) if is_quoting else html, ParserConfig(css=CSS_PROFILES["strict"]))
    except (LxmlError, RecursionError, ValueError, AttributeError, TypeError, AssertionError):
        return ""
    return (_quoted(text) if is_quoting else str(text)).strip("\n")


# Two characters that stand for nothing, each on a line of its own where history begins and ends.
_BEGIN, _END = "\ue0d0", "\ue0d1"
_QUOTE = re.compile(r"<(/?)blockquote((?: [a-z-]+=\"[^\"]*\")*)>")
# A class that was not let through stands empty: that is somebody's layout and no mail program's mark.
_OF_HISTORY = re.compile(r" (?:type=\"cite\"|class=\"[^\"])")
_MOST_QUOTES = 9


def _with_marks(html: str) -> str:
    """Mark where blockquotes of history begin and end; answers between them would be lost in it otherwise."""
    opened: list[bool] = []

    def mark(found: re.Match[str]) -> str:
        if found[1]:
            return f"<div>{_END}</div>{found[0]}" if opened and opened.pop() else found[0]
        opened.append(bool(_OF_HISTORY.search(found[2])))
        return f"{found[0]}<div>{_BEGIN}</div>" if opened[-1] else found[0]

    return _QUOTE.sub(mark, html.replace(_BEGIN, "").replace(_END, ""))


def _quoted(text: str) -> str:
    """Put `>` before the lines between the marks; where a table has torn the marks apart all lines stay bare."""
    lines, kept, depth = text.split("\n"), [], 0
    if sum(line.strip() in (_BEGIN, _END) for line in lines) < text.count(_BEGIN) + text.count(_END):
        return text.replace(_BEGIN, "").replace(_END, "")
    for line in lines:
        mark = line.strip()
        if mark in (_BEGIN, _END):
            depth += 1 if mark == _BEGIN else -1
        else:
            kept.append(f"{'> ' * min(depth, _MOST_QUOTES)}{line}".rstrip() if depth > 0 else line)
    return "\n".join(kept)


_BLOCKS = re.compile(r"<(?:/p|br|/div|/tr|/li|/h[1-6])\b[^>]{0,500}>", re.IGNORECASE)
_HIDDEN = re.compile(r"<(script|style|title)\b.*?(?:</\1|\Z)", re.IGNORECASE | re.DOTALL)
_ANY_TAG = re.compile(r"<[^<>]*>")


def to_rough_text(html: str) -> str:
    """Strip the tags only; for HTML that was refused, in linear time."""
    from html import unescape

    return unescape(_ANY_TAG.sub("", _BLOCKS.sub("\n", _HIDDEN.sub("", html))))
