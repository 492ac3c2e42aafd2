"""Which leaves are the body, and in which order; everything else is a part."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape

from . import charsets, rtf
from .leaves import Branch, Leaf, text_of
from .markup import to_rough_text

BEGINNING_BYTES = 256 * 1024

_BODY_TYPES = frozenset(("text/plain", "text/html"))
# Other renderings of the same words for watches and AMP viewers; they stay in the original only.
_NOT_FOR_US = frozenset(("text/x-amp-html", "text/watch-html", "text/x-watch-html"))
# The other half of a signed mail; without a name it is no file that somebody attached.
_SIGNATURES = frozenset(
    ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature")
)
# Text of these sorts is a file that somebody sent.
_FILES = frozenset(
    (
        "text/plain",
        "text/html",
        "text/calendar",
        "text/vcard",
        "text/x-vcard",
        "text/csv",
        "text/rfc822-headers",
    )
)
# Exchange cuts the text of Apple's mails at every picture and calls what follows so.
_CONTINUED = re.compile(r"ATT\d{5,6}\.(?:txt|html?)", re.IGNORECASE)
# Scripts send pages of HTML and call them plain.
_IS_HTML = re.compile(r"\s{0,20}<(?:!doctype html|html)\b[^<>]{0,500}>", re.IGNORECASE)
_SOFT_BREAK = re.compile(r"(?<![\n-])(?<!\n--) \n(?=[^\n>])")
_STUFFED = re.compile(r"^ (?=[ >]|From )", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of the body in either or both of its renderings; None where it has none."""

    plain: str | None = None
    html: str | None = None


@dataclass(slots=True)
class Bodies:
    """The sorted mail: stretches of body in order, the rest as attachments, whether text was guessed."""

    segments: list[Segment] = field(default_factory=list)
    attached: list[Leaf] = field(default_factory=list)
    texts: dict[int, str] = field(default_factory=dict)
    is_guessed: bool = False
    is_cut: bool = False

    @property
    def plain(self) -> str:
        """Join the plain renderings; "" when some stretch has none, for then the HTML is the fuller one."""
        return _joined(segment.plain for segment in self.segments)

    @property
    def html(self) -> str:
        """Join the HTML renderings, with plain stretches between them escaped into it."""
        if not any(segment.html for segment in self.segments):
            return ""
        return "\n".join(segment.html or as_html(segment.plain or "") for segment in self.segments)

    @property
    def html_source(self) -> str:
        """Join only what came as HTML."""
        return "\n".join(segment.html for segment in self.segments if segment.html)


def as_html(text: str) -> str:
    return "<p>" + escape(text, quote=False).replace("\n", "<br>") + "</p>" if text.strip() else ""


def sort_bodies(tree: Branch | Leaf) -> Bodies:
    bodies = Bodies()
    bodies.segments = _segments(tree, bodies, is_resource=False)
    if not bodies.segments:
        # A bare report has no other words than those of its machine-readable part, a mail in Markdown than its own.
        bodies.segments = [
            Segment(plain=_words_of(leaf)) for leaf in bodies.attached if _is_wordy(leaf) and leaf.cut is None
        ]
    return bodies


def _is_wordy(leaf: Leaf) -> bool:
    """Say whether a part that is no body holds words nevertheless: text of a sort nobody knows (RFC 2046 §4.1.4)."""
    is_text = leaf.content_type.startswith("text/") and leaf.content_type not in _FILES
    is_placed = not leaf.filename and leaf.disposition != "attachment"
    return leaf.content_type == "message/delivery-status" or (is_text and is_placed)


def _words_of(leaf: Leaf) -> str:
    return rtf.contents(leaf.content)[1] if leaf.content.startswith(b"{\\rtf") else text_of(leaf)[0]


def _segments(node: Branch | Leaf, bodies: Bodies, *, is_resource: bool) -> list[Segment]:
    if isinstance(node, Leaf):
        return _of_leaf(node, bodies, is_resource=is_resource)
    if node.subtype == "alternative":
        return _of_alternatives(node, bodies)
    root = _root_of(node)
    found: list[Segment] = []
    for child in node.children:
        found.extend(_segments(child, bodies, is_resource=root is not None and child is not root))
    return found


def _root_of(node: Branch) -> Branch | Leaf | None:
    """Give the part a multipart/related shows: the one its `start` names, else the first that is text."""
    if node.subtype != "related":
        return None
    named = [
        one for one in node.children if node.start and isinstance(one, Leaf) and one.content_id == node.start
    ]
    texts = [one for one in node.children if isinstance(one, Branch) or one.content_type in _BODY_TYPES]
    return next(iter(named + texts), None)


def _of_leaf(leaf: Leaf, bodies: Bodies, *, is_resource: bool) -> list[Segment]:
    if leaf.content_type in _SIGNATURES and not leaf.filename:
        return []
    is_body = leaf.content_type in _BODY_TYPES and leaf.disposition != "attachment" and not leaf.filename
    is_body |= leaf.content_type in _BODY_TYPES and bool(_CONTINUED.fullmatch(leaf.filename))
    if not is_body or (is_resource and leaf.content_id):
        bodies.attached.append(leaf)
        return []
    if leaf.cut is not None:
        bodies.attached.append(leaf)
        bodies.is_cut = True
        return [Segment(plain=_beginning(leaf))]
    text, is_right = text_of(leaf)
    text = text.replace("\r\n", "\n") if "\r" in text else text
    bodies.is_guessed |= not is_right
    if leaf.content_type == "text/html" or _IS_HTML.match(text):
        bodies.texts[id(leaf)] = text
        return [Segment(html=text)]
    if leaf.is_flowed:
        text = _unflowed(text, deletes_space=leaf.deletes_space)
    bodies.texts[id(leaf)] = text
    return [Segment(plain=text)]


def _beginning(leaf: Leaf) -> str:
    """Read the first stretch of a body so long that it was cut out to a file; HTML loses its tags."""
    if leaf.cut is None:
        return ""
    with leaf.cut.path.open("rb") as file:
        text = charsets.decode(file.read(BEGINNING_BYTES), declared=leaf.charset)[0]
    return to_rough_text(text) if leaf.content_type == "text/html" else text


def _unflowed(text: str, *, deletes_space: bool) -> str:
    """Join the soft-broken lines of RFC 3676; quoted ones stay as they are."""
    return _STUFFED.sub("", _SOFT_BREAK.sub("" if deletes_space else " ", text))


def _of_alternatives(node: Branch, bodies: Bodies) -> list[Segment]:
    """Take the last plain and the last HTML rendering (RFC 2046 §5.1.4: the last is the best)."""
    plain: str | None = None
    html: str | None = None
    for child in node.children:
        if isinstance(child, Leaf) and child.content_type in _NOT_FOR_US:
            continue
        segments = _segments(child, bodies, is_resource=False)
        if any(segment.html is not None for segment in segments):
            html = "\n".join(
                one.html if one.html is not None else as_html(one.plain or "") for one in segments
            )
            nested = [one.plain for one in segments if one.html is not None and one.plain is not None]
            plain = _joined(nested) if nested and plain is None else plain
        elif segments:
            plain = _joined(segment.plain for segment in segments)
    return [Segment(plain=plain, html=html)] if plain is not None or html is not None else []


def _joined(texts: Iterable[str | None]) -> str:
    return "\n".join(text for text in texts if text)
