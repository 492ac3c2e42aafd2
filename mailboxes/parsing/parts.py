"""Attachments and inline images: named, counted, hashed."""

from collections.abc import Sequence

from .filenames import harmless
from .gate import one_line
from .leaves import Leaf
from .values import Part, PartContent, Problem

_EXTENSIONS = {
    "application/pdf": "pdf",
    "application/zip": "zip",
    "application/ms-tnef": "dat",
    "application/pgp-signature": "asc",
    "application/pkcs7-mime": "p7m",
    "application/pkcs7-signature": "p7s",
    "application/x-pkcs7-signature": "p7s",
    "application/x-pkcs7-mime": "p7m",
    "application/json": "json",
    "application/xml": "xml",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/svg+xml": "svg",
    "image/tiff": "tif",
    "message/rfc822": "eml",
    "message/delivery-status": "txt",
    "text/calendar": "ics",
    "text/csv": "csv",
    "text/html": "html",
    "text/plain": "txt",
    "text/rfc822-headers": "txt",
    "text/rtf": "rtf",
    "text/vcard": "vcf",
    "text/x-vcard": "vcf",
}
_UNDECODED = Problem(
    code="attachment_guessed", sentence="An attachment's encoding was damaged; what could be read was kept."
)
_PARTIAL = Problem(
    code="partial",
    sentence="This is one piece of a mail that was sent in pieces and is not put together; ask for it in one piece.",
)


def read_parts(leaves: Sequence[Leaf], *, html: str) -> tuple[tuple[Part, ...], tuple[Problem, ...]]:
    """Make parts of the leaves that are not body; a name is invented for each that has none."""
    parts: list[Part] = []
    problems: dict[str, Problem] = {}
    for number, leaf in enumerate(leaves, 1):
        parts.append(_part(leaf, number=number, html=html))
        if not leaf.is_clean:
            problems[_UNDECODED.code] = _UNDECODED
        if leaf.content_type == "message/partial":
            problems[_PARTIAL.code] = _PARTIAL
    return tuple(parts), tuple(problems.values())


def _part(leaf: Leaf, *, number: int, html: str) -> Part:
    content = PartContent(leaf.cut.path if leaf.cut else leaf.content)
    fallback = f"attachment-{number}.{_EXTENSIONS.get(leaf.content_type, 'bin')}"
    return Part(
        filename=harmless(leaf.filename, fallback=fallback) if leaf.filename else fallback,
        content_type=leaf.content_type,
        size_bytes=leaf.cut.size_bytes if leaf.cut else len(leaf.content),
        sha256=leaf.sha256.hex(),
        content_id=one_line(leaf.content_id, max_chars=255),
        is_inline=_is_inline(leaf, html=html),
        content=content,
    )


def _is_inline(leaf: Leaf, *, html: str) -> bool:
    """Say whether the body shows the part: its HTML refers to it, or it is an image meant to stand there."""
    if leaf.content_id and html and f"cid:{leaf.content_id}" in html:
        return True
    return leaf.disposition == "inline" and leaf.content_type.startswith("image/")
