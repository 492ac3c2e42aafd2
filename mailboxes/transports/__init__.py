"""The wires mail comes in by, by name: one more is one more entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from mailboxes.models import Mailbox
from mailboxes.sides import Opened
from mailboxes.tokens import UserTokens
from mailboxes.transports.base import InboundTransport
from mailboxes.transports.dial import TokenSource
from mailboxes.transports.graph import GraphInbound
from mailboxes.transports.imap import ImapInbound
from mailboxes.transports.pop3 import PopInbound
from tenants.app_tokens import AppTokens
from tenants.diagnosis import diagnose_own
from tenants.microsoft.clouds import cloud
from tenants.microsoft.graph import Gate, GraphClient
from tenants.microsoft.identity import EXCHANGE, GRAPH
from tenants.wording import told


def token_source(mailbox: Opened, resource: str) -> TokenSource:
    """Give what fetches the access token of a side of a mailbox for one of Microsoft's resources, graph or exchange."""
    if mailbox.sign_in == Mailbox.SignIn.APPLICATION:
        return AppTokens(mailbox.registration, resource=resource)
    return UserTokens(mailbox, resource=resource)


def _graph(mailbox: Mailbox, gate: Gate) -> InboundTransport:
    client = GraphClient(
        cloud=cloud(mailbox.registration.tenant.cloud), token=token_source(mailbox, GRAPH), gate=gate
    )
    return GraphInbound(client, address=mailbox.address, gate=gate)


def _imap(mailbox: Mailbox, gate: Gate) -> InboundTransport:
    url = cloud(mailbox.registration.tenant.cloud).imap_url
    return ImapInbound(url, user=mailbox.address, token=token_source(mailbox, EXCHANGE))


def _pop3(mailbox: Mailbox, gate: Gate) -> InboundTransport:
    url = cloud(mailbox.registration.tenant.cloud).pop_url
    return PopInbound(url, user=mailbox.address, token=token_source(mailbox, EXCHANGE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """How a mailbox is opened over a wire, and what can be done over it."""

    connect: Callable[[Mailbox, Gate], InboundTransport]
    after: frozenset[str] = field(default_factory=lambda: frozenset(Mailbox.After.values))
    has_folders: bool = True


INBOUND: dict[str, Wire] = {
    Mailbox.Inbound.GRAPH: Wire(connect=_graph),
    Mailbox.Inbound.IMAP: Wire(connect=_imap),
    Mailbox.Inbound.POP3: Wire(
        connect=_pop3, after=frozenset({Mailbox.After.KEEP, Mailbox.After.DELETE}), has_folders=False
    ),
}


def open_inbound(mailbox: Mailbox, gate: Gate) -> InboundTransport:
    """Build the wire a mailbox is read by; no request is made yet."""
    return INBOUND[mailbox.inbound_transport].connect(mailbox, gate)


def objections(transport: str, *, folder: str, after: str, copy_to: str) -> Iterator[tuple[str, str]]:
    """Name what cannot be done over a wire: the column at fault and a sentence with the way out."""
    wire = INBOUND.get(transport)
    if wire is None:
        return
    if after not in wire.after:
        yield "after", _sentence("pop_keep_or_delete")
    if not wire.has_folders and copy_to:
        yield "copy_to", _sentence("pop_keep_or_delete")
    if not wire.has_folders and folder.strip(" /").lower() != "inbox":
        yield "folder", _sentence("pop_inbox_only")


def _sentence(code: str) -> str:
    return told(diagnose_own(code))
