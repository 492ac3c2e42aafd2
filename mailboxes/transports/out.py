"""The wire a mailbox sends by, and whether it may send at all."""

from __future__ import annotations

from typing import Final

from mailboxes.models import Mailbox
from mailboxes.sides import sending_side
from mailboxes.transports import token_source
from mailboxes.transports.graph_out import GraphOutbound
from mailboxes.transports.outgoing import Journal, OutboundTransport, Outgoing, Receipt
from mailboxes.transports.sent_items import Beside
from mailboxes.transports.smtp import SmtpOutbound
from tenants.errors import Misconfigured
from tenants.microsoft.clouds import cloud
from tenants.microsoft.graph import Gate, GraphClient
from tenants.microsoft.identity import EXCHANGE, GRAPH

#: Longest time of one request of a send; shorter than the claim, so that a late answer finds the claim still held.
DEADLINE_S: Final = 40.0


class Silenced(SmtpOutbound):
    """A mailbox that sends nothing: it shows what became of what it was asked to send before, and that is all."""

    def send(self, mail: Outgoing, journal: Journal) -> Receipt:
        raise Misconfigured.own("outbound_off")


def why_not(mailbox: Mailbox) -> str:
    """Give the code of the reason why a mailbox sends nothing, "" when it may."""
    if mailbox.outbound_transport == Mailbox.Outbound.NONE:
        return "outbound_off"
    return "" if mailbox.is_active and mailbox.tenant.is_active else "outbound_paused"


def sender_of(mailbox: Mailbox) -> str:
    """Give the address answers come from."""
    return mailbox.outbound_from or mailbox.address


def open_outbound(mailbox: Mailbox, gate: Gate) -> OutboundTransport:
    """Build the wire a mailbox sends by; no request is made yet."""
    where = cloud(mailbox.tenant.cloud)
    if mailbox.outbound_transport != Mailbox.Outbound.GRAPH:
        wire = SmtpOutbound if mailbox.outbound_transport == Mailbox.Outbound.SMTP else Silenced
        return wire(
            where.smtp_url,
            user=mailbox.address,
            token=token_source(sending_side(mailbox), EXCHANGE),
            beside=Beside(mailbox, gate),
        )
    client = GraphClient(
        cloud=where, token=token_source(sending_side(mailbox), GRAPH), gate=gate, deadline_s=DEADLINE_S
    )
    return GraphOutbound(client, address=mailbox.address)
