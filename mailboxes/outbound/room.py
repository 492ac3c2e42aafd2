"""How much a mailbox may send at once, as far as it is known before trying."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mailboxes.models import ExaminationResult, Mailbox

MB: Final = 1024 * 1024
#: The largest mail Exchange Online can be set to take; files beyond are refused here. Bytes.
MOST_BYTES: Final = 150 * MB
#: What fits into the 35 MB most mailboxes are left at, as base64. Bytes.
USUAL_BYTES: Final = 25 * MB
#: What fits into one request where no draft can be made. Bytes.
WITHOUT_DRAFTS_BYTES: Final = 1_600_000
_DENIED: Final = frozenset({"ErrorAccessDenied", "Authorization_RequestDenied", "drafts_denied"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """`usual_bytes` is what surely leaves, beyond `most_bytes` nothing does, for the reason of `code`.

    `needs_drafts` says that Mail.ReadWrite would make it more.
    """

    most_bytes: int = MOST_BYTES
    usual_bytes: int = USUAL_BYTES
    needs_drafts: bool = False
    code: str = "files_too_large"


def room_of(mailbox: Mailbox) -> Room:
    """Tell from the last examination whether large files can leave; what changed since then is not held against it."""
    if mailbox.outbound_transport == Mailbox.Outbound.SMTP:
        # Without drafts and upload sessions all of it is one mail, and Exchange's submission takes 35 MB.
        return Room(most_bytes=USUAL_BYTES, code="mail_too_large_for_smtp")
    if mailbox.outbound_transport != Mailbox.Outbound.GRAPH or mailbox.outbound_registration_id:
        return Room()
    found = ExaminationResult.objects.filter(mailbox=mailbox).first()
    checks = found.checks if found else []
    is_denied = any(one.get("id") == "write" and one.get("code") in _DENIED for one in checks)
    return Room(usual_bytes=WITHOUT_DRAFTS_BYTES, needs_drafts=True) if is_denied else Room()
