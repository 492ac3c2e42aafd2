"""The wire a mailbox sends by, and whether it may send at all."""

from __future__ import annotations

from typing import Final

from mailboxes.models import Mailbox
from mailboxes.transports import token_source
from mailboxes.transports.dial import TokenSource
from mailboxes.transports.graph_out import GraphOutbound
from tenants.app_tokens import AppTokens
from tenants.microsoft.clouds import cloud
from tenants.microsoft.graph import Gate, GraphClient
from tenants.microsoft.identity import GRAPH

#: Longest time of one request of a send; shorter than the claim, so that a late answer finds the claim still held.
DEADLINE_S: Final = 40.0


def why_not(mailbox: Mailbox) -> str:
    """Give the code of the reason why a mailbox sends nothing, "" when it may."""
    if mailbox.outbound_transport == Mailbox.Outbound.NONE:
        return "outbound_off"
    if mailbox.outbound_transport != Mailbox.Outbound.GRAPH:
        return "outbound_wire_missing"
    if not (_sends_as_application(mailbox) or _sends_as_reader(mailbox)):
        return "outbound_sign_in"
    return "" if mailbox.is_active and mailbox.tenant.is_active else "outbound_paused"


def sender_of(mailbox: Mailbox) -> str:
    """Give the address answers come from."""
    return mailbox.outbound_from or mailbox.address


def open_outbound(mailbox: Mailbox, gate: Gate) -> GraphOutbound:
    """Build the wire a mailbox sends by; no request is made yet."""
    if _sends_as_application(mailbox):
        token: TokenSource = AppTokens(mailbox.outbound_registration or mailbox.registration)
    else:
        token = token_source(mailbox, GRAPH)
    client = GraphClient(cloud=cloud(mailbox.tenant.cloud), token=token, gate=gate, deadline_s=DEADLINE_S)
    return GraphOutbound(client, address=mailbox.address)


def _sends_as_application(mailbox: Mailbox) -> bool:
    return (mailbox.outbound_sign_in or mailbox.sign_in) == Mailbox.SignIn.APPLICATION


def _sends_as_reader(mailbox: Mailbox) -> bool:
    """Tell whether the person whose sign-in reads this mailbox sends from it as well: one sign-in for both."""
    is_same_way = mailbox.outbound_sign_in in ("", mailbox.sign_in)
    is_same_app = mailbox.outbound_registration_id in (None, mailbox.registration_id)
    user = mailbox.outbound_signed_in_user
    return is_same_way and is_same_app and user in ("", mailbox.signed_in_user)
