"""Drafts of mail that will not be sent: taken away again, so that nobody finds them in Outlook and sends them."""

from __future__ import annotations

import logging
from contextlib import closing
from typing import Any, Final

from django.db.models import QuerySet

from mailboxes.governor import visit
from mailboxes.models import Mailbox, OutboundMessage
from mailboxes.outbound import claims
from mailboxes.transports.out import open_outbound, why_not
from mailboxes.transports.outgoing import Found, OutboundTransport
from tenants.errors import IntegrationError
from tenants.whom import for_its_tenant

log = logging.getLogger(__name__)

State = OutboundMessage.State
#: The next night has the rest.
MOST: Final = 200


@for_its_tenant
def remove_leftovers(mailbox: Mailbox) -> None:
    """Delete the drafts of mails that were taken back or failed; what fails now is tried the next night."""
    rows = OutboundMessage.objects.filter(mailbox=mailbox, state__in=(State.CANCELLED, State.FAILED))
    left = rows.exclude(remote_id="")
    if mailbox.outbound_transport != Mailbox.Outbound.GRAPH or why_not(mailbox) or not left.exists():
        return
    try:
        with visit(mailbox, hold=claims.LEASE) as gate, closing(open_outbound(mailbox, gate)) as wire:
            for row in left.order_by("pk")[:MOST]:
                _remove(left, row, wire)
                gate.renew()
    except IntegrationError as error:
        log.info("Drafts of mailbox %d are left for another night: %s", mailbox.pk, error.code)


def _remove(left: QuerySet[Any], row: OutboundMessage, wire: OutboundTransport) -> None:
    """Delete what is a draft still: a mail that was taken back while in doubt may have been sent."""
    seen = wire.find(remote_id=row.remote_id, message_id=row.remote_message_id or row.message_id)
    mine = left.filter(pk=row.pk)
    # Whoever has put it back into the queue meanwhile has use for the draft.
    if seen.found is Found.DRAFT and mine.exists():
        wire.discard(seen.remote_id)
    if seen.found is not Found.CANNOT_TELL:
        mine.update(remote_id="")
