"""The words of a mail that says nothing itself but brings another mail along."""

import re

from . import block, tree
from .bodies import Bodies, sort_bodies
from .leaves import Leaf, Pruning
from .limits import Limits
from .markup import to_rough_text
from .values import Problem

MAIL_TYPES = frozenset(("message/rfc822", "message/global"))
_MAIL_HEADER = re.compile(rb"(?:content-|mime-|message-id|from|to|subject|date)[a-z-]*:", re.IGNORECASE)
SHOWN_INSTEAD = Problem(
    code="attached_mail_shown",
    sentence="The mail itself is empty; this is the text of the mail that is attached to it.",
)


def words_of_attached(bodies: Bodies, *, limits: Limits) -> Bodies | None:
    """Give the sorted bodies of the only attached mail when the mail around it has no words; else None."""
    if not bodies.attached or bodies.plain.strip():
        return None
    mails = [leaf for leaf in bodies.attached if leaf.content_type in MAIL_TYPES or _is_first_piece(leaf)]
    if len(mails) != 1 or mails[0].cut is not None or _has_words(bodies.html):
        return None
    inner = _opened(mails[0], limits)
    return inner if inner and any(one.plain or one.html for one in inner.segments) else None


def _is_first_piece(leaf: Leaf) -> bool:
    """Tell the piece that begins with the headers of the mail that was sent in pieces (RFC 2046 §5.2.2.1)."""
    return leaf.content_type == "message/partial" and bool(_MAIL_HEADER.match(leaf.content))


def _has_words(html: str) -> bool:
    return bool(to_rough_text(html).strip()) or "<img" in html.lower()


def _opened(mail: Leaf, limits: Limits) -> Bodies | None:
    try:
        grown = tree.grow(block.bounded(mail.content, limits)[0], limits)
        return sort_bodies(Pruning(limits=limits, lifted=grown.lifted).read(grown.root))
    except RecursionError:
        return None
