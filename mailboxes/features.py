"""What a mailbox is set to do, in the words of permissions."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from mailboxes.models import Mailbox
from mailboxes.sides import Opened, SendingSide, mailbox_of, sends_apart
from tenants.microsoft.clouds import cloud
from tenants.microsoft.user_tokens import scopes_of
from tenants.models import AppRegistration
from tenants.setup.permissions import Feature, Kind, Permission, Resource, needed
from tenants.whom import for_its_tenant

_WIRES = {"imap": Feature.IMAP, "pop3": Feature.POP}
_OUTWARD = {Mailbox.Outbound.GRAPH.value: Feature.SEND, Mailbox.Outbound.SMTP.value: Feature.SMTP}


def reading(mailbox: Mailbox) -> frozenset[Feature]:
    """Give the features of its incoming side."""
    if mailbox.inbound_transport == Mailbox.Inbound.NONE:
        return frozenset()
    if mailbox.inbound_transport in _WIRES:
        return frozenset({_WIRES[mailbox.inbound_transport]})
    return frozenset({Feature.TIDY if changes_mail(mailbox) else Feature.READ})


def sending(mailbox: Mailbox) -> frozenset[Feature]:
    """Give the features of its outgoing side."""
    feature = _OUTWARD.get(mailbox.outbound_transport)
    return frozenset({feature}) if feature else frozenset()


def changes_mail(mailbox: Mailbox) -> bool:
    """Tell whether filed mail is touched, or a folder may have to be made."""
    return mailbox.after != Mailbox.After.KEEP or bool(mailbox.copy_to)


def makes_drafts(mailbox: Mailbox) -> bool:
    """Tell whether answers leave as drafts, by the right that mail is read with."""
    return mailbox.outbound_transport == Mailbox.Outbound.GRAPH and not sends_apart(mailbox)


def needed_by(mailbox: Mailbox, registration: AppRegistration) -> tuple[Permission, ...]:
    """List what one mailbox needs of one registration; each side may have its own."""
    wanted: dict[Permission, None] = {}
    if mailbox.registration_id == registration.pk:
        wanted |= _wanted(reading(mailbox), mailbox.sign_in, mailbox.signed_in_user, mailbox)
    outward = mailbox.outbound_registration_id or mailbox.registration_id
    if outward == registration.pk:
        sign_in = mailbox.outbound_sign_in or mailbox.sign_in
        user = mailbox.outbound_signed_in_user or mailbox.signed_in_user
        wanted |= _wanted(sending(mailbox), sign_in, user, mailbox)
    return tuple(wanted)


@for_its_tenant
def needed_of(registration: AppRegistration) -> tuple[Permission, ...]:
    """List what all mailboxes of a registration need together, optional ones last."""
    mine = Q(registration=registration) | Q(outbound_registration=registration)
    wanted: dict[Permission, None] = {}
    for mailbox in Mailbox.objects.filter(mine).meant():
        wanted |= dict.fromkeys(needed_by(mailbox, registration))
    return tuple(sorted(wanted, key=lambda one: one.is_optional))


def _wanted(features: Iterable[Feature], sign_in: str, user: str, mailbox: Mailbox) -> dict[Permission, None]:
    kind = Kind.APPLICATION if sign_in == Mailbox.SignIn.APPLICATION else Kind.DELEGATED
    is_shared = bool(user) and user.lower() != mailbox.address.lower()
    return dict.fromkeys(needed(frozenset(features), kind=kind, is_shared=is_shared))


def needed_to_open(side: Opened) -> tuple[Permission, ...]:
    """List what one sign-in needs: of the side it opens, and of sending where that has none of its own."""
    mailbox = mailbox_of(side)
    features = sending(mailbox) if isinstance(side, SendingSide) else reading(mailbox)
    wanted = _wanted(features, side.sign_in, side.signed_in_user, mailbox)
    if side is mailbox and not sends_apart(mailbox):
        wanted |= _wanted(sending(mailbox), side.sign_in, side.signed_in_user, mailbox)
    return tuple(wanted)


def resources_of(side: Opened) -> tuple[str, ...]:
    """Name the resources the person who signs in here needs tokens of, the first one first."""
    wanted = needed_to_open(side)
    delegated = {one.resource for one in wanted if one.kind is Kind.DELEGATED and not _is_for_all(one)}
    return tuple(resource.value for resource in Resource if resource in delegated) or (Resource.GRAPH.value,)


def scopes_for(side: Opened, resource: str) -> tuple[str, ...]:
    """Write out the permissions a person gives for one resource; the optional ones are left to administrators."""
    wanted = needed_to_open(side)
    names = [one.name for one in wanted if one.kind is Kind.DELEGATED and one.resource == resource]
    optional = {one.name for one in wanted if one.is_optional}
    required = [name for name in names if name not in optional]
    if resource == Resource.GRAPH:
        # Whoever signs in is looked up before anything is kept.
        required = list(dict.fromkeys([*required, "User.Read"]))
    return scopes_of(cloud(side.registration.tenant.cloud), resource, required)


def _is_for_all(permission: Permission) -> bool:
    """Tell whether a permission opens no mailbox by itself."""
    return permission.is_optional or permission.name in ("User.Read", "offline_access")
