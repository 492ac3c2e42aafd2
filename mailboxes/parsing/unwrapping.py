"""Mail that is signed and wrapped (S/MIME): what was signed is read as if it stood beside its signature."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from . import block, tree
from .leaves import Branch, Leaf, Pruning
from .limits import MB, Limits
from .seals import SMIME, beginning
from .signed_data import SIGNED, NotSigned, signed_content
from .values import GiveWay, Problem

#: A larger smime.p7m stays closed.
MOST_BYTES: Final = 16 * MB
#: Gateways sign what is signed already; deeper than this nobody goes.
MOST_WRAPS: Final = 3
_NAMES: Final = frozenset(("", "smime.p7m"))
_WITHOUT_CONTENT: Final = (".p7c", ".p7s")  # certificates alone, a signature alone
# What was signed is MIME (RFC 8551 §3.1); a signed invoice or contract is no mail and stays the file it is.
_MIME: Final = re.compile(
    rb"\s*+(?:[!-9;-~]{1,76}:[^\n]*\n(?:[ \t][^\n]*\n)*+)*?(?:content-[a-z-]+|mime-version)[ \t]*:",
    re.IGNORECASE,
)
# MIME without a header is the empty line and plain text below it (RFC 2045 §5.2).
_BARE: Final = (b"\r\n", b"\n")
_HEADER_BYTES: Final = 8 * 1024
_UNREAD: Final = Problem(
    code="smime_unread", sentence="What is signed could not be unwrapped; it is attached as it is."
)


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """The tree with what was signed in its place, and what was met on the way."""

    tree: Branch | Leaf
    problems: tuple[Problem, ...] = ()


def unwrap(root: Branch | Leaf, *, attached: Sequence[Leaf], limits: Limits) -> Unwrapped | None:
    """Give the tree anew with the wrapped content as a part of it, None where nothing is wrapped.

    `root` stays as it is. The wrapping file stays a part, marked `is_opened`. No signature is checked.
    """
    leaf = next((one for one in attached if _is_wrapping(one, root=root)), None)
    if leaf is None:
        return None
    if limits.gives_way:
        raise GiveWay
    inner = _opened(leaf, limits=limits, wraps=1)
    if inner is None:
        return Unwrapped(tree=root, problems=(_UNREAD,))
    return Unwrapped(tree=_grafted(root, leaf, inner.tree), problems=inner.problems)


def _is_wrapping(leaf: Leaf, *, root: Branch | Leaf) -> bool:
    name = leaf.filename.lower()
    is_smime = leaf.content_type in SMIME or (
        leaf.content_type == "application/octet-stream" and name == "smime.p7m"
    )
    is_placed = name in _NAMES or (leaf is root and not name.endswith(_WITHOUT_CONTENT))
    return is_smime and is_placed and SIGNED in beginning(leaf)


def _opened(leaf: Leaf, *, limits: Limits, wraps: int) -> Unwrapped | None:
    """Give the wrapping leaf and before it what was in it; None when that cannot be read or is no MIME."""
    if leaf.cut is not None and leaf.cut.size_bytes > MOST_BYTES:
        return None
    try:
        content = signed_content(leaf.cut.path.read_bytes() if leaf.cut else leaf.content)
        is_mime = _MIME.match(content[:_HEADER_BYTES])
        if not is_mime and not content.startswith(_BARE):
            return None
        content = content if is_mime else b"Content-Type: text/plain\n" + content
        limits = replace(limits, depth=limits.depth // 2)
        content, mended = block.bounded(content, limits)
        grown = tree.grow(content, limits)
        pruning = Pruning(limits=limits, lifted=grown.lifted)
        inner = pruning.read(grown.root)
    except (NotSigned, RecursionError):
        return None
    leaf.is_opened = True
    problems = (*mended, *grown.problems, *pruning.problems.values())
    if wraps < MOST_WRAPS and isinstance(inner, Leaf) and _is_wrapping(inner, root=inner):
        deeper = _opened(inner, limits=limits, wraps=wraps + 1)
        inner, more = (deeper.tree, deeper.problems) if deeper else (inner, (_UNREAD,))
        problems += more
    return Unwrapped(tree=Branch(subtype="signed", start="", children=[inner, leaf]), problems=problems)


def _grafted(node: Branch | Leaf, leaf: Leaf, inner: Branch | Leaf) -> Branch | Leaf:
    if node is leaf:
        return inner
    if isinstance(node, Leaf):
        return node
    return replace(node, children=[_grafted(child, leaf, inner) for child in node.children])
