"""What stands on a ticket for a mail that cannot be opened: who, when, what about, as far as the listing said."""

from __future__ import annotations

from django.utils.translation import gettext as _

from mailboxes.models import InboundMessage
from mailboxes.parsing.gate import one_line


def stub_of(row: InboundMessage) -> bytes:
    """Write a small mail in place of one that could not be read; the original stays where it is."""
    lines = [
        f"From: {one_line(row.sender, max_chars=200) or 'unknown'}",
        f"To: {row.mailbox.address}",
        f"Subject: {one_line(row.subject, max_chars=250) or _('A mail that could not be read')}",
        f"Message-ID: {one_line(row.message_id, max_chars=900)}",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        _(
            "This mail could not be opened safely, so its text is not shown here. Its original can be downloaded below "
            "and opened in a mail program, or read in Outlook."
        ),
    ]
    return "\r\n".join(lines).encode("utf-8", "replace")
