"""The way from bytes to a ParsedMessage."""

import re
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from . import block, markup, scan, tree
from .attached_mail import SHOWN_INSTEAD, words_of_attached
from .automatic import automatic_reason
from .bodies import Bodies, sort_bodies
from .bounces import read_bounce
from .compound import SIGNATURE, NotCompound
from .cuts import CutBody
from .envelope import Envelope, read_envelope
from .fingerprint import content_hash
from .gate import storable
from .invites import read_invitation
from .large import split_large
from .leaves import Branch, Leaf, Pruning, walk
from .limits import DEFAULT, Limits
from .links import read_links
from .outlook_file import msg_as_mime
from .parts import read_parts
from .replies import new_text
from .seals import read_seal
from .unpacking import unpack
from .unwrapping import unwrap
from .values import GiveWay, ParsedMessage, Problem, Unparseable

_EMPTY = Problem(code="empty", sentence="The mail is empty.")
_GUESSED = Problem(
    code="text_guessed", sentence="The declared charset or encoding was wrong; the text was guessed."
)
_LONG = Problem(
    code="text_cut", sentence="The text is very long: its beginning is shown, all of it is attached."
)
_SCANNED = Problem(
    code="structure_broken", sentence="The structure could not be read; text was gathered line by line."
)
# Programs fill a text they have no words for with blanks and with marks nobody sees.
_VISIBLE = re.compile("[^\\s\u00ad\u034f\u200b-\u200f\u2060-\u2064\ufeff]")
_STUB_CHARS = 400
# Addresses of the web and of mail, paths and names of files: what stands in them is not said.
_ADDRESS = re.compile(r"[!-~]*(?:://|@|\\|/[!-~]*/|\.[A-Za-z0-9])[!-~]*")


@dataclass(slots=True)
class OpenedMail:
    """A mail whose structure has been read."""

    headers: list[tuple[str, str]]
    tree: Branch | Leaf
    problems: list[Problem] = field(default_factory=list)


def parse_here(
    source: bytes | Path,
    *,
    received_at: datetime | None = None,
    scratch: Path | None = None,
    limits: Limits = DEFAULT,
) -> ParsedMessage:
    """Read a mail in this very process; `guarded.parse` says the rest."""
    content, cuts = _load(source, scratch=scratch, limits=limits)
    if content.startswith(SIGNATURE):
        content = _from_outlook(content, limits)
    try:
        opened = open_mail(content, cuts=cuts, limits=limits)
        now = received_at or datetime.now(UTC)
        envelope = read_envelope(
            opened.headers, charset=_charset_of(opened.tree, limits), now=now,
            is_empty=not content.strip(), limits=limits,
        )  # fmt: skip
        return _assembled(opened, envelope, limits=limits)
    except BaseException:
        for cut in cuts.values():
            cut.path.unlink(missing_ok=True)
        raise


def _charset_of(root: Branch | Leaf, limits: Limits) -> str:
    return limits.charset or next((leaf.charset for leaf in walk(root) if leaf.charset), "")


def _from_outlook(content: bytes, limits: Limits) -> bytes:
    """Write a .msg as MIME; what only looks like one has no header either."""
    if limits.gives_way:
        raise GiveWay
    try:
        return msg_as_mime(content)
    except NotCompound:
        raise Unparseable from None


def _load(source: bytes | Path, *, scratch: Path | None, limits: Limits) -> tuple[bytes, dict[str, CutBody]]:
    if isinstance(source, bytes):
        return source, {}
    if source.stat().st_size <= limits.small_mail_bytes:
        return source.read_bytes(), {}
    return split_large(source, scratch or Path(tempfile.gettempdir()), limits)


def open_mail(content: bytes, *, cuts: dict[str, CutBody], limits: Limits) -> OpenedMail:
    """Read headers and structure; a structure that is beyond `email` is read by scanning its lines."""
    content, problems = block.bounded(content, limits)
    noted = [*problems, *(() if content.strip() else (_EMPTY,))]
    try:
        grown = tree.grow(content, limits)
        pruning = Pruning(limits=limits, lifted=grown.lifted, cuts=cuts)
        branch = pruning.read(grown.root)
        if "too_deep" in pruning.problems and not pruning.count:
            raise RecursionError  # nothing at all within the depth that is read
        noted += [*grown.problems, *pruning.problems.values()]
        return OpenedMail(headers=list(grown.root.raw_items()), tree=branch, problems=noted)
    except RecursionError:
        if limits.gives_way:
            raise GiveWay from None
        headers, leaf = scan.scanned(content, limits)
        return OpenedMail(headers=headers, tree=leaf, problems=[*noted, _SCANNED])


def _assembled(opened: OpenedMail, envelope: Envelope, *, limits: Limits) -> ParsedMessage:
    read, bodies, unwrapped = _sorted(opened.tree, limits=limits)
    unpacked = unpack(bodies, limits=limits)
    instead = words_of_attached(bodies, limits=limits)
    html, html_problems, text = _renderings(instead or bodies, limits=limits)
    invitation, description = read_invitation(bodies.attached, limits=limits)
    text = text if text.strip() else description
    content_type = envelope.headers.first("content-type").partition(";")[0].strip().lower()
    bounce = read_bounce(read, headers=envelope.headers, sender=envelope.sender, text=text, limits=limits)
    reason = automatic_reason(
        envelope.headers,
        sender=envelope.sender,
        subject=envelope.subject,
        content_type=content_type,
        bounce=bounce,
    )
    parts, part_problems = read_parts(bodies.attached, html=html)
    guessed = (*((_GUESSED,) if bodies.is_guessed else ()), *((_LONG,) if bodies.is_cut else ()))
    guessed += (*unwrapped, *unpacked)
    guessed += (SHOWN_INSTEAD,) if instead else ()
    return ParsedMessage(
        message_id=envelope.message_id,
        in_reply_to=envelope.in_reply_to,
        references=envelope.references,
        sender=envelope.sender,
        reply_to=envelope.reply_to,
        to=envelope.to,
        cc=envelope.cc,
        subject=envelope.subject,
        text=text,
        new_text=new_text(text),
        html=html,
        sent_at=envelope.sent_at,
        headers=envelope.headers,
        parts=parts,
        is_auto_reply=bool(reason),
        auto_reason=reason,
        bounce=bounce,
        problems=(*opened.problems, *envelope.problems, *guessed, *html_problems, *part_problems),
        invitation=invitation,
        links=read_links(bodies.html_source, attached=bodies.attached),
        seal=read_seal(read, plain=bodies.plain, attached=bodies.attached),
        content_hash=content_hash(envelope, opened.tree, texts=bodies.texts, limits=limits),
    )


def _sorted(root: Branch | Leaf, *, limits: Limits) -> tuple[Branch | Leaf, Bodies, tuple[Problem, ...]]:
    """Give the tree to read and its bodies; a mail that is signed and wrapped is read unwrapped."""
    bodies = sort_bodies(root)
    wrapped = unwrap(root, attached=bodies.attached, limits=limits) if bodies.attached else None
    if wrapped is None:
        return root, bodies, ()
    return wrapped.tree, sort_bodies(wrapped.tree), wrapped.problems


def _renderings(bodies: Bodies, *, limits: Limits) -> tuple[str, tuple[Problem, ...], str]:
    """Give the sanitised HTML, its problems, and the text: the sender's own, or the HTML written as text."""
    html = bodies.html
    text = storable(bodies.plain, max_chars=limits.text_chars) if bodies.plain else ""
    if not html:
        return "", (), text
    cleaned = markup.sanitise(storable(html, max_chars=limits.html_bytes + 1), limits)
    is_stub = _is_stub(text)
    if is_stub or not _VISIBLE.search(text) or any(not segment.plain for segment in bodies.segments):
        written = "" if cleaned.is_refused else markup.to_text(cleaned.html)
        written = storable(
            written or markup.to_rough_text(html[: limits.text_chars]), max_chars=limits.text_chars
        )
        is_said_there = "".join(text.split()) in "".join(written.split())
        text = text if is_stub and (is_said_there or not written.strip()) else written
    return cleaned.html, cleaned.problems, text


def _is_stub(text: str) -> bool:
    """Say whether a text may be the one that only tells old programs to show the HTML instead."""
    return len(text) <= _STUB_CHARS and "html" in _ADDRESS.sub(" ", text).lower()
