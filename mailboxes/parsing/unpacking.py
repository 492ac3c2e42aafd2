"""Files inside files and words: winmail.dat taken apart, uuencoded files taken out of the text."""

import re
from pathlib import PurePosixPath
from typing import Final

from . import mapi, rtf, transfer
from .bodies import Bodies, Segment
from .leaves import Leaf
from .limits import MB, Limits
from .mapi import MapiFile, MapiMail, as_mime
from .values import GiveWay, Problem
from .winmail import NotReadable, read_winmail

#: A larger winmail.dat stays packed.
MOST_BYTES: Final = 40 * MB
_TYPES: Final = frozenset(("application/ms-tnef", "application/vnd.ms-tnef"))
_NAMES: Final = frozenset(("winmail.dat", "win.dat"))
_UNREAD: Final = Problem(
    code="winmail_unread", sentence="winmail.dat could not be unpacked; it is attached as it is."
)
_MOST_IN_TEXT: Final = 50
_ENCODED: Final = re.compile(
    r"^begin [0-7]{3,4} ([^\n]{1,200})\n((?:[ -`]{1,100}\n)+?)(?:[` ]?\n)?end[ \t]*(?:\n|\Z)", re.MULTILINE
)


def unpack(bodies: Bodies, *, limits: Limits) -> tuple[Problem, ...]:
    """Add what is packed to the files of the mail, and words where it has none; the packet itself stays."""
    problems: list[Problem] = []
    for leaf in [one for one in bodies.attached if _is_winmail(one)]:
        if limits.gives_way:
            raise GiveWay
        problems.append(_unpack_winmail(leaf, bodies))
    if any(one.plain and "begin " in one.plain for one in bodies.segments):
        _take_out_encoded(bodies)
    return tuple(problems)


def leaf_of(content: bytes, *, name: str, content_type: str, content_id: str = "") -> Leaf:
    """Make a leaf of a file that was inside another."""
    return Leaf(
        content_type=content_type or "application/octet-stream",
        disposition="inline" if content_id else "attachment",
        filename=name,
        content_id=content_id,
        charset="utf-8",
        encoding="",
        is_flowed=False,
        deletes_space=False,
        payload=content,
    )


def _is_winmail(leaf: Leaf) -> bool:
    return leaf.content_type in _TYPES or leaf.filename.lower() in _NAMES


def _unpack_winmail(leaf: Leaf, bodies: Bodies) -> Problem:
    if leaf.cut is not None and leaf.cut.size_bytes > MOST_BYTES:
        return _UNREAD
    try:
        mail = read_winmail(leaf.cut.path.read_bytes() if leaf.cut else leaf.content)
    except NotReadable:
        return _UNREAD
    files = [one for file in mail.files for one in _leaves(file)]
    bodies.attached += [*files, *_written(mail)]
    if not bodies.plain.strip() and not bodies.html.strip():
        html, text = rtf.contents(mail.rich_text)
        html, text = mail.html or html, mail.text or text
        bodies.segments = [Segment(plain=text or None, html=html or None)] if text or html else []
    sentence = (
        f"{len(files)} file{'' if len(files) == 1 else 's'} unpacked from winmail.dat, which is attached too."
    )
    return Problem(code="winmail_unpacked", sentence=sentence)


def _leaves(file: MapiFile) -> list[Leaf]:
    if file.mail is not None:
        name = f"{file.name.removesuffix('.msg') or 'mail'}.eml"
        return [leaf_of(as_mime(file.mail), name=name, content_type="message/rfc822")]
    if file.link:
        link = leaf_of(b"", name=file.name, content_type="message/external-body")
        link.link = file.link
        return [link]
    if file.absent:
        return [
            leaf_of(
                file.absent.encode("utf-8", "replace"), name=f"{file.name}.txt", content_type="text/plain"
            )
        ]
    if not file.content:
        return []
    name = file.name if PurePosixPath(file.name).name else ""
    return [leaf_of(file.content, name=name, content_type=file.content_type, content_id=file.content_id)]


def _written(mail: MapiMail) -> list[Leaf]:
    """Give the mail's own words as a file, in the richest form that is there."""
    if mail.html:
        source = mail.values[mapi.HTML]
        content = source if isinstance(source, bytes) else mail.html.encode("utf-8", "replace")
        return [leaf_of(content, name="message.html", content_type="text/html")]
    rich = mail.rich_text
    return [leaf_of(rich, name="message.rtf", content_type="text/rtf")] if rich else []


def _take_out_encoded(bodies: Bodies) -> None:
    """Move uuencoded files out of the text; what cannot be decoded stays where it is."""
    found: list[Leaf] = []

    def take_out(match: re.Match[str]) -> str:
        content, is_right = transfer.decoded(match[0].encode("utf-8", "replace"), encoding="x-uuencode")
        if not is_right or not content or len(found) >= _MOST_IN_TEXT:
            return match[0]
        found.append(leaf_of(content, name=match[1].strip(), content_type="application/octet-stream"))
        return ""

    bodies.segments = [
        Segment(plain=_ENCODED.sub(take_out, one.plain), html=one.html) if one.plain else one
        for one in bodies.segments
    ]
    bodies.attached += found
