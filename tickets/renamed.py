"""Mails of ours that Exchange has given another Message-ID: customers answer to that one."""

from __future__ import annotations

from mailboxes.models import OutboundMessage
from tickets.models import Entry, ThreadKey
from tickets.policies.threads import message_key


def remember(row: OutboundMessage) -> None:
    """Let answers to a mail find its ticket by the Message-ID it has at Microsoft, too."""
    entry = Entry.objects.filter(outbound=row).only("ticket_id").first()
    if entry is None:
        return
    key = message_key(row.remote_message_id)
    mark = ThreadKey(tenant_id=row.tenant_id, key=key, ticket_id=entry.ticket_id)
    ThreadKey.objects.bulk_create([mark], ignore_conflicts=True)
