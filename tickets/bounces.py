"""Reports of non-delivery among the mails being filed: the outbox learns of them, and the ticket needs somebody."""

from __future__ import annotations

from collections.abc import Sequence

from mailboxes.outbound.outbox import mark_bounced
from mailboxes.parsing.envelope import bracketed
from tickets.conversations import Letter
from tickets.models import Ticket
from tickets.unsent import reopen_bounced


def note_bounces(letters: Sequence[Letter]) -> None:
    """Move the mails that were reported as not delivered, and open their tickets, which need somebody now."""
    for letter in letters:
        bounce = letter.message.bounce
        if bounce is None or bounce.is_delay or not bounce.original_message_id:
            continue
        message_id = bracketed(bounce.original_message_id)
        status = next((one.status for one in bounce.recipients if one.status), "")
        addresses = [one.address for one in bounce.recipients if one.action != "delayed"]
        row = mark_bounced(letter.row.tenant_id, message_id, status=status, addresses=addresses)
        if row is not None and not reopen_bounced(row) and letter.ticket is not None:
            waiting = Ticket.objects.filter(pk=letter.ticket.pk, status=Ticket.Status.WAITING)
            waiting.update(status=Ticket.Status.OPEN)
