"""Mails of ours that Exchange has given another Message-ID: customers answer to that one."""

from __future__ import annotations

from mailboxes.models import OutboundMessage
from tickets.models import ThreadKey
from tickets.policies.threads import message_key


def remember(row: OutboundMessage) -> None:
    """Let answers to a mail find what its own Message-ID leads to by the one it has at Microsoft, too."""
    known = ThreadKey.objects.filter(tenant_id=row.tenant_id, key=message_key(row.message_id)).first()
    if known is None:
        return
    mark = ThreadKey(
        tenant_id=row.tenant_id,
        key=message_key(row.remote_message_id),
        ticket_id=known.ticket_id,
        request_id=known.request_id,
    )
    ThreadKey.objects.bulk_create([mark], ignore_conflicts=True)
