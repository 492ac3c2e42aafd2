"""Where the copy of a sent mail lies, and what Exchange has made of its headers: looked up once for each sender.

Source: https://learn.microsoft.com/graph/outlook-send-mail-from-other-user,
https://learn.microsoft.com/exchange/recipients-in-exchange-online/manage-user-mailboxes/automatically-save-sent-items-in-delegator-s-mailbox
"""

from __future__ import annotations

import logging
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from typing import Final

from django.utils import timezone

from mailboxes.models import Mailbox, OutboundMessage, Sender
from mailboxes.models.sender import Copy
from mailboxes.outbound.compose import usable_ids
from mailboxes.transports.graph_out import GraphOutbound
from mailboxes.transports.outgoing import Found, OutboundTransport, Sighting
from tenants.errors import IntegrationError

log = logging.getLogger(__name__)

#: Sent Items lag a little; what is not found by then is not there.
LATER: Final = (timedelta(minutes=2), timedelta(minutes=15))


def look_due(mailbox: Mailbox, wire: OutboundTransport) -> None:
    """Look for the copies that are due; what cannot be looked up now is looked up later, and not for ever."""
    due = Sender.objects.filter(mailbox=mailbox, copy_due_at__lte=timezone.now())
    for sender in due.select_related("copy_of"):
        try:
            found = _found(sender, wire)
        except IntegrationError as error:
            log.info("The copy of a mail of mailbox %d cannot be looked up: %s", mailbox.pk, error.code)
            found = None
        _note(sender, found)


def look_for(mailbox: Mailbox, wire: OutboundTransport, *, sender: str, message_id: str) -> Copy | None:
    """Look at once for the copy of a mail that stands in no outbox; None when it is not there, or not yet."""
    row = Sender.objects.filter(mailbox=mailbox, address=sender.lower()).first()
    if row is None:
        return None
    seen = wire.find(remote_id="", message_id=message_id)
    if seen.found is not Found.SENT:
        return None
    copy = Copy(own=True, named=_named(mailbox, wire, sender, message_id), **_headers(wire, seen, message_id))
    _note(row, copy)
    return copy


def _found(sender: Sender, wire: OutboundTransport) -> Copy | None:
    row = sender.copy_of
    if row is None or row.state != OutboundMessage.State.SENT:
        return Copy(own=None, named=None)
    message_id = row.remote_message_id or row.message_id
    seen = wire.find(remote_id=row.remote_id, message_id=message_id)
    own = {Found.SENT: True, Found.CANNOT_TELL: None}.get(seen.found, False)
    named = _named(sender.mailbox, wire, sender.address, message_id)
    if own is False and not named and sender.copy_looks < len(LATER):
        return None
    return Copy(own=own, named=named, **_headers(wire, seen, row.message_id, row=row))


def _note(sender: Sender, copy: Copy | None) -> None:
    rows = Sender.objects.filter(pk=sender.pk)
    looks = sender.copy_looks + 1
    if copy is not None:
        rows.update(copy={**copy}, copy_seen_at=timezone.now(), copy_due_at=None, copy_of=None)
    elif looks <= len(LATER):
        rows.update(copy_looks=looks, copy_due_at=timezone.now() + LATER[looks - 1])
    else:
        rows.update(
            copy={"own": None, "named": None}, copy_seen_at=timezone.now(), copy_due_at=None, copy_of=None
        )


def _named(mailbox: Mailbox, wire: OutboundTransport, address: str, message_id: str) -> bool | None:
    """Tell whether the mailbox named as the sender has a copy as well; None where it is the same, or closed to us."""
    if address.lower() in mailbox.addresses or not isinstance(wire, GraphOutbound):
        return None
    try:
        seen = GraphOutbound(wire.client, address=address).find(remote_id="", message_id=message_id)
    except IntegrationError:
        return None
    return {Found.SENT: True, Found.ABSENT: False}.get(seen.found)


def _headers(
    wire: OutboundTransport, seen: Sighting, message_id: str, *, row: OutboundMessage | None = None
) -> Copy:
    """Compare the header of the copy with what was written."""
    raw = seen.head
    if seen.found is Found.SENT and seen.remote_id and isinstance(wire, GraphOutbound):
        raw = wire.head(seen.remote_id)
    if not raw:
        return {}
    parser: BytesHeaderParser[EmailMessage] = BytesHeaderParser(policy=policy.compat32)  # type: ignore[arg-type]
    head = parser.parsebytes(raw)
    said: Copy = {
        "message_id": str(head["Message-ID"] or "").strip() == message_id,
        "shown_as": parseaddr(str(head["From"] or ""))[1].lower(),
    }
    if row is not None:
        parent = usable_ids([row.in_reply_to])
        kept = str(head["References"] or "").split()
        is_parent_kept = not parent or str(head["In-Reply-To"] or "").strip() == parent[0]
        said["threading"] = is_parent_kept and set(usable_ids(row.references)) <= set(kept)
    return said
