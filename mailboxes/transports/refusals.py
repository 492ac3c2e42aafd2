"""What a mail server says when it does not want to, told apart by its words: Exchange gives IMAP and POP no codes.

Source: https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
and RFC 5530 for the codes in brackets.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from tenants.diagnosis import diagnose_own, quote
from tenants.errors import (
    AccessDenied,
    BadAnswer,
    FolderGone,
    IntegrationError,
    MailboxFull,
    MailboxUnavailable,
    Throttled,
)

_BACKOFF = re.compile(r"Backoff Time:\s*([0-9]{1,12})\s*milliseconds", re.IGNORECASE)
#: However long a server asks us to stay away, it is asked again after this.
LONGEST_BACKOFF: Final = timedelta(hours=1)
#: What the line holds, in lower case, and what it means; the first that fits.
_MEANINGS: Final[tuple[tuple[str, type[IntegrationError], str], ...]] = (
    ("[trycreate]", FolderGone, "folder_missing"),
    ("[nonexistent]", FolderGone, "folder_missing"),
    ("[overquota]", MailboxFull, "mailbox_full"),
    ("too many", Throttled, "mail_wire_busy"),
    ("[inuse]", Throttled, "mail_wire_busy"),
    ("[in-use]", Throttled, "mail_wire_busy"),
    ("[unavailable]", Throttled, "mail_wire_busy"),
    (
        "server unavailable",
        Throttled,
        "mail_wire_busy",
    ),  # Exchange's "NO Server Unavailable. 15", to any command
    ("[sys/temp]", Throttled, "mail_wire_busy"),
    ("[login-delay]", Throttled, "mail_wire_busy"),
)


def refused(text: str, *, is_login: bool = False) -> IntegrationError:
    """Say what a server's NO, BAD or -ERR means. The result quotes the server without secrets and addresses."""
    words = text.lower()
    if "authenticated but not connected" in words:
        # Also for hours after a licence or a mailbox has moved, so it is tried again.
        return MailboxUnavailable(diagnose_own("mailbox_not_connected"), permanent=False)
    if "throttled" in words or _BACKOFF.search(text):
        return _throttled(text)
    for mark, kind, code in _MEANINGS:
        if mark in words:
            return kind.own(code)
    if (
        is_login and "command error." not in words
    ):  # that is Exchange's trouble with itself, and no answer to a token
        return AccessDenied.own("mail_login_refused")
    return BadAnswer.own("mail_command_refused", detail=quote(text))


def _throttled(text: str) -> Throttled:
    found = _BACKOFF.search(text)
    # Milliseconds here, where Graph counts seconds.
    wait = min(timedelta(milliseconds=int(found[1])), LONGEST_BACKOFF) if found else None
    return Throttled(diagnose_own("mail_wire_throttled"), retry_after=wait)
