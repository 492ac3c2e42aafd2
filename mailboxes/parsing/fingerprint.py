"""One hash for one mail, however its MIME was written down."""

import hashlib
from collections.abc import Mapping

from . import block, tree
from .envelope import Envelope
from .leaves import Branch, Leaf, Pruning, text_of, walk
from .limits import Limits

_TEXT_LIKE = ("text/", "message/")
_BODY_TYPES = ("text/plain", "text/html")
_NESTED_DEPTH = 5


def content_hash(envelope: Envelope, root: Branch | Leaf, *, texts: Mapping[int, str], limits: Limits) -> str:
    """Hash Message-ID, Date and the decoded leaves; `texts` are those already read, by the id of their leaf.

    Exchange writes a mail's MIME anew on some wires, so that boundaries, transfer encodings, charsets, header order
    and line ends differ between two downloads of it; none of them counts here.
    """
    digest = hashlib.sha256(f"{envelope.message_id}\n{envelope.date_line}\n".encode())
    for leaf in walk(root):
        digest.update(_leaf_digest(leaf, texts=texts, limits=limits, depth=0))
    return digest.hexdigest()


def _leaf_digest(leaf: Leaf, *, texts: Mapping[int, str], limits: Limits, depth: int) -> bytes:
    if leaf.cut is not None:
        return (
            bytes.fromhex(leaf.cut.bare_sha256) if leaf.content_type.startswith(_TEXT_LIKE) else leaf.sha256
        )
    if leaf.content_type in _BODY_TYPES:
        text = texts[id(leaf)] if id(leaf) in texts else text_of(leaf)[0]
        return hashlib.sha256(_bare(text.encode("utf-8", "replace"))).digest()
    if leaf.content_type == "message/rfc822" and depth < _NESTED_DEPTH:
        return _attached_mail_digest(leaf.content, limits=limits, depth=depth + 1)
    if leaf.content_type.startswith(_TEXT_LIKE):
        return hashlib.sha256(_bare(leaf.content)).digest()
    return leaf.sha256


def _attached_mail_digest(content: bytes, *, limits: Limits, depth: int) -> bytes:
    """Hash the leaves of an attached mail: Exchange writes that anew as well."""
    try:
        grown = tree.grow(block.bounded(content, limits)[0], limits)
        leaves = list(walk(Pruning(limits=limits, lifted=grown.lifted).read(grown.root)))
    except RecursionError:
        return hashlib.sha256(_bare(content)).digest()
    digest = hashlib.sha256()
    for leaf in leaves:
        digest.update(_leaf_digest(leaf, texts={}, limits=limits, depth=depth))
    return digest.digest()


def _bare(content: bytes) -> bytes:
    """Give text with one kind of line end and none at its very end, where encoders add and drop them."""
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return content.rstrip(b"\n")
