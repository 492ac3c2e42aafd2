"""What became of a mail that may have left before: a look into Sent Items, over the wire the mailbox is read by."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from mailboxes.models import Mailbox
from mailboxes.transports import open_inbound
from mailboxes.transports.base import SENT_ITEMS, InboundTransport
from mailboxes.transports.graph import GraphInbound
from mailboxes.transports.graph_out import GraphOutbound
from mailboxes.transports.imap import ImapInbound
from mailboxes.transports.outgoing import Found, Sighting
from tenants.errors import AccessDenied, FolderGone, IntegrationError
from tenants.microsoft.graph import Gate


@dataclass(frozen=True, slots=True)
class Beside:
    """The wire a mailbox is read by, beside the SMTP it sends by; CANNOT_TELL where it shows nothing."""

    mailbox: Mailbox
    gate: Gate

    def look(self, *, remote_id: str, message_id: str) -> Sighting:
        """Look a mail up by its Message-ID. Raises IntegrationError for what passes.

        DRAFT when it still lies there as the draft it was before the mailbox was moved to SMTP.
        """
        if self.mailbox.inbound_transport not in (Mailbox.Inbound.GRAPH, Mailbox.Inbound.IMAP):
            return Sighting(found=Found.CANNOT_TELL)
        try:
            with closing(open_inbound(self.mailbox, self.gate)) as wire:
                return _seen(wire, self.mailbox, remote_id, message_id)
        except (AccessDenied, FolderGone):
            return Sighting(found=Found.CANNOT_TELL)

    def clear_away(self, *, remote_id: str, message_id: str) -> bool:
        """Delete the draft of a mail that goes another way now; True when it was sent as it is.

        Where nobody may look or delete it stays, for people to see. Raises IntegrationError for what passes.
        """
        if self.mailbox.inbound_transport != Mailbox.Inbound.GRAPH:
            return False
        try:
            with closing(open_inbound(self.mailbox, self.gate)) as wire:
                if not isinstance(wire, GraphInbound):
                    return False
                graph = GraphOutbound(wire.client, address=self.mailbox.address)
                seen = graph.find(remote_id=remote_id, message_id=message_id)
                if seen.found is Found.DRAFT:
                    graph.discard(seen.remote_id)
                return seen.found is Found.SENT
        except AccessDenied:
            return False


def _seen(wire: InboundTransport, mailbox: Mailbox, remote_id: str, message_id: str) -> Sighting:
    if isinstance(wire, GraphInbound):
        graph = GraphOutbound(wire.client, address=mailbox.address)
        seen = graph.find(remote_id=remote_id, message_id=message_id)
        if seen.found is Found.DRAFT and seen.remote_id == remote_id:
            return seen
        if seen.found is not Found.SENT:
            # Another draft of that name is none of ours.
            return Sighting(found=Found.ABSENT if seen.found is Found.DRAFT else seen.found)
        return _sent(partial(graph.head, seen.remote_id))
    if not isinstance(wire, ImapInbound):
        return Sighting(found=Found.CANNOT_TELL)
    folder = wire.find_folder(SENT_ITEMS)
    if message_id not in wire.copied([message_id], folder.remote_id):
        return Sighting(found=Found.ABSENT)
    return _sent(partial(wire.head, message_id, folder.remote_id))


def _sent(read: Callable[[], bytes]) -> Sighting:
    """Show the header as well; where it cannot be read, the mail is there all the same."""
    try:
        return Sighting(found=Found.SENT, head=read())
    except IntegrationError:
        return Sighting(found=Found.SENT)
