"""What a listing has to know of a mail, read from a few of its header lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from mailboxes.parsing.addresses import first_address
from mailboxes.parsing.dates import read_date
from mailboxes.parsing.limits import Limits
from mailboxes.parsing.words import decode_words
from mailboxes.transports.base import Ref

_FOLD = re.compile(rb"\r?\n[ \t]+")
_LINE = re.compile(rb"^([!-9;-~]{1,76})[ \t]*:[ \t]*(.*?)\r?$", re.MULTILINE)
_LIMITS = Limits()


def read_lines(block: bytes) -> Mapping[str, str]:
    """Read header lines, names in lower case; of several of one name the topmost counts."""
    found: dict[str, str] = {}
    for name, value in _LINE.findall(_FOLD.sub(b" ", block)):
        found.setdefault(name.decode("ascii").lower(), value.decode("ascii", "surrogateescape").strip())
    return found


def ref_of(remote_id: str, block: bytes, *, received_at: datetime, size_bytes: int) -> Ref:
    """Make a listing's line of a mail's Message-ID, Subject and From."""
    lines = read_lines(block)
    return Ref(
        remote_id=remote_id,
        received_at=received_at,
        size_bytes=size_bytes,
        message_id=lines.get("message-id", ""),
        subject=decode_words(lines.get("subject", "")),
        sender=first_address([lines["from"]] if "from" in lines else [], _LIMITS).email,
    )


def believable(raw: str) -> datetime:
    """Read a date of the wire; an impossible one counts as just received."""
    now = datetime.now(UTC)
    return read_date(raw, now=now) or now
