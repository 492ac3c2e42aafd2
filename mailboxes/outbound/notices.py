"""Notices to the operator by a mailbox of his own: a mail of the outbox like any other."""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from mailboxes.models import Mailbox, OutboundMessage
from mailboxes.outbound import outbox
from mailboxes.transports.out import sender_of, why_not
from tenants.whom import for_machine

log = logging.getLogger(__name__)

State = OutboundMessage.State
#: The watch waits for it. Seconds.
BUDGET_S: Final = 20.0
#: No machine is to answer a notice, and none of ours is to make a ticket of it. Source: RFC 3834.
_MARKS: Final = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}


@for_machine()
def send_notice(subject: str, text: str, to: Sequence[str], concerned: Collection[int]) -> bool:
    """Send a notice now; False when no mailbox could, and nothing of it will leave later."""
    return any(_sent_from(mailbox, subject, text, to) for mailbox in _able(concerned))


def _able(concerned: Collection[int]) -> Iterator[Mailbox]:
    """Give the mailboxes of the tenants that send alerts, those that work and are not what the notice is about."""
    rows = Mailbox.objects.filter(tenant__sends_alerts=True, trouble__isnull=True).exclude(pk__in=concerned)
    for mailbox in rows.select_related("tenant").order_by("address"):
        if not why_not(mailbox):
            yield mailbox


def _sent_from(mailbox: Mailbox, subject: str, text: str, to: Sequence[str]) -> bool:
    sender = sender_of(mailbox)
    row = OutboundMessage.objects.create(
        tenant_id=mailbox.tenant_id,
        mailbox=mailbox,
        key=hashlib.sha256(f"notice\0{uuid.uuid4().hex}".encode()).hexdigest(),
        from_name="Helpdesk",
        from_email=sender,
        to=[{"name": "", "email": one} for one in to],
        subject=subject,
        message_id=f"<{uuid.uuid4().hex}@{sender.rpartition('@')[2]}>",
        text=text,
        headers=_MARKS,
    )
    outbox.send_from(mailbox.pk, budget_s=BUDGET_S)
    waiting = OutboundMessage.objects.filter(pk=row.pk, state__in=(State.QUEUED, State.FAILED))
    # Told by another way now: the same notice an hour later would only confuse.
    if waiting.filter(claimed_until=None).update(state=State.CANCELLED, retry_at=None):
        log.warning("Mailbox %d could not send the alert; another way is tried", mailbox.pk)
        return False
    return OutboundMessage.objects.filter(pk=row.pk).exclude(state=State.CANCELLED).exists()
