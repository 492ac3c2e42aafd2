"""The steps of an examination that are about the person who signs in: who it is, what was allowed, what it opens."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mailboxes import probes, wire_probes
from mailboxes.features import needed_of, needed_to_open, resources_of
from mailboxes.governor import visit
from mailboxes.models import Direction, Mailbox, MailboxSignIn
from mailboxes.sides import Opened
from mailboxes.tokens import UserTokens
from mailboxes.transports.graph import GraphInbound
from tenants.errors import IntegrationError, Misconfigured
from tenants.microsoft.clouds import cloud
from tenants.microsoft.graph import GraphClient
from tenants.setup.check import Check, failed, not_reached, passed, skipped, warned
from tenants.setup.permissions import Comparison, Kind, compare

STEPS: Final = ("permissions", "identity", *probes.STEPS)
_TO_SEND: Final = frozenset({"Mail.Send", "Mail.Send.Shared"})
#: A person waits for each answer. Seconds.
_DEADLINE_S: Final = 20.0


def examine_person(mailbox: Mailbox) -> list[Check]:
    """Renew the sign-in now, whatever is still good, and try the mailbox with what comes; a check for each of STEPS."""
    source = UserTokens(mailbox, resource=resources_of(mailbox)[0])
    try:
        source.renew()
    except IntegrationError as error:
        first, *later = not_reached(["permissions", *probes.STEPS])
        return [first, failed("identity", error), *later]
    row = MailboxSignIn.objects.only("account").get(mailbox=mailbox, direction=Direction.IN)
    return [
        _permissions(rights(mailbox, row)),
        passed("identity", row.account),
        *_tried(mailbox, source),
    ]


def rights(side: Opened, row: MailboxSignIn) -> Comparison:
    """Hold what the person has allowed against what the mailbox needs of him."""
    kept = list(row.tokens.values_list("resource", "scopes"))
    # Not in the list of what a token allows, and proved by the sign-in itself: it lasts.
    held = {"offline_access", *(name for _resource, scopes in kept for name in scopes.split())}
    resources = {resource for resource, _scopes in kept}
    wanted = [one for one in needed_to_open(side) if one.kind is Kind.DELEGATED]
    found = compare([one for one in wanted if one.resource in resources or one.is_optional], held)
    # The same person may have allowed more for a mailbox beside it.
    beside = [one for one in needed_of(side.registration) if one.kind is Kind.DELEGATED]
    return replace(found, superfluous=compare([*wanted, *beside], held).superfluous)


def _permissions(found: Comparison) -> Check:
    if found.missing:
        names = ", ".join(found.missing)
        return failed("permissions", Misconfigured.own("permission_missing"), detail=names)
    return unused_permissions(found) or passed("permissions", "all that is needed was allowed")


def unused_permissions(found: Comparison) -> Check | None:
    """Warn of rights nothing here uses; the one to send may only wait for outgoing mail to be switched on."""
    names = (*found.foreign, *found.superfluous)
    if not names:
        return None
    code = "permission_to_send_unused" if _TO_SEND.issuperset(names) else "permission_superfluous"
    return warned("permissions", code, detail=", ".join(names))


def _tried(mailbox: Mailbox, source: UserTokens) -> list[Check]:
    if mailbox.inbound_transport == Mailbox.Inbound.NONE:
        return [skipped(step, "mailbox_off") for step in probes.STEPS]
    if mailbox.inbound_transport != Mailbox.Inbound.GRAPH:
        return wire_probes.probe(mailbox)
    try:
        with visit(mailbox) as gate:
            client = GraphClient(
                cloud=cloud(mailbox.registration.tenant.cloud),
                token=source,
                gate=gate,
                deadline_s=_DEADLINE_S,
            )
            return probes.Probes(mailbox, GraphInbound(client, address=mailbox.address, gate=gate)).run()
    except IntegrationError as error:
        return [failed(probes.STEPS[0], error), *not_reached(probes.STEPS[1:])]
