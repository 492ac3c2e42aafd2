"""What became of a mail SMTP gave no answer about: a look into Sent Items, over the wire the mailbox is read by."""

from __future__ import annotations

from contextlib import closing

from mailboxes.models import Mailbox
from mailboxes.transports import open_inbound
from mailboxes.transports.base import SENT_ITEMS, InboundTransport
from mailboxes.transports.graph import GraphInbound
from mailboxes.transports.graph_out import GraphOutbound
from mailboxes.transports.imap import ImapInbound
from mailboxes.transports.outgoing import Found, Sighting
from tenants.errors import AccessDenied, FolderGone
from tenants.microsoft.graph import Gate


def look(mailbox: Mailbox, gate: Gate, *, message_id: str) -> Sighting:
    """Look a mail up by its Message-ID; CANNOT_TELL where no wire can. Raises IntegrationError for what passes."""
    if mailbox.inbound_transport not in (Mailbox.Inbound.GRAPH, Mailbox.Inbound.IMAP):
        return Sighting(found=Found.CANNOT_TELL)
    try:
        with closing(open_inbound(mailbox, gate)) as wire:
            return _seen(wire, mailbox, message_id)
    except (AccessDenied, FolderGone):
        return Sighting(found=Found.CANNOT_TELL)


def _seen(wire: InboundTransport, mailbox: Mailbox, message_id: str) -> Sighting:
    if isinstance(wire, GraphInbound):
        found = GraphOutbound(wire.client, address=mailbox.address).find(remote_id="", message_id=message_id)
        # A draft of that name is none of ours, and its id is of no use over SMTP.
        return Sighting(found=Found.ABSENT if found.found is Found.DRAFT else found.found)
    if not isinstance(wire, ImapInbound):
        return Sighting(found=Found.CANNOT_TELL)
    folder = wire.find_folder(SENT_ITEMS)
    is_there = message_id in wire.copied([message_id], folder.remote_id)
    return Sighting(found=Found.SENT if is_there else Found.ABSENT)
