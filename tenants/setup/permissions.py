"""From the features that are switched on to the permissions they need, and what is granted beside it.

Source: the permission tables of https://learn.microsoft.com/graph/permissions-reference, and for Exchange
https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext_noop


class Feature(StrEnum):
    """Something that can be switched on, as far as it needs a right of its own."""

    READ = "read"  #: mail is read over Graph and left as it is
    TIDY = "tidy"  #: read over Graph, and moved, marked, deleted or copied
    SEND = "send"  #: mail is sent over Graph; a draft first, so that nothing is sent twice
    IMAP = "imap"
    POP = "pop"
    SMTP = "smtp"


class Kind(StrEnum):
    APPLICATION = "application"  #: the application acts by itself; an administrator consents
    DELEGATED = "delegated"  #: the application acts for the user who signed in


class Resource(StrEnum):
    GRAPH = "graph"
    EXCHANGE = "exchange"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Permission:
    """One line of the portal's list; an optional one only adds comfort."""

    name: str
    resource: Resource = Resource.GRAPH
    kind: Kind = Kind.APPLICATION
    is_optional: bool = False

    @property
    def tab(self) -> str:
        """Say where the portal lists it, below API permissions > Add a permission."""
        place = {
            Resource.GRAPH: "Microsoft Graph",
            Resource.EXCHANGE: "APIs my organization uses > Office 365 Exchange Online",
        }
        return f"{place[self.resource]} > {self.kind.value.capitalize()} permissions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Granted beside needed. `foreign` are rights of another make of program, EWS above all."""

    missing: tuple[str, ...]
    superfluous: tuple[str, ...]
    optional_missing: tuple[str, ...]
    foreign: tuple[str, ...]


#: Where the portal lists permissions, as Permission.tab words it; named here for translators.
_TABS: Final = (
    gettext_noop("Microsoft Graph > Application permissions"),
    gettext_noop("Microsoft Graph > Delegated permissions"),
    gettext_noop("APIs my organization uses > Office 365 Exchange Online > Application permissions"),
    gettext_noop("APIs my organization uses > Office 365 Exchange Online > Delegated permissions"),
)
#: Names by kind of sign-in; a shared mailbox asks more of a user, nothing more of an application.
_APPLICATION: Final[Mapping[Feature, tuple[str, ...]]] = {
    Feature.READ: ("Mail.Read",),
    Feature.TIDY: ("Mail.ReadWrite",),
    Feature.SEND: ("Mail.Send", "Mail.ReadWrite"),
    Feature.IMAP: ("IMAP.AccessAsApp",),
    Feature.POP: ("POP.AccessAsApp",),
    Feature.SMTP: ("SMTP.SendAsApp",),
}
_DELEGATED: Final[Mapping[Feature, tuple[str, ...]]] = {
    Feature.READ: ("Mail.Read",),
    Feature.TIDY: ("Mail.ReadWrite",),
    Feature.SEND: ("Mail.Send", "Mail.ReadWrite"),
    Feature.IMAP: ("IMAP.AccessAsUser.All",),
    Feature.POP: ("POP.AccessAsUser.All",),
    Feature.SMTP: ("SMTP.Send",),
}
_SHARED: Final[Mapping[Feature, tuple[str, ...]]] = {
    Feature.READ: ("Mail.Read.Shared",),
    Feature.TIDY: ("Mail.ReadWrite.Shared",),
    Feature.SEND: ("Mail.Send.Shared", "Mail.ReadWrite.Shared"),
}
_SIGN_IN: Final = ("User.Read", "offline_access")
_MAIL_PROTOCOLS: Final = frozenset({Feature.IMAP, Feature.POP, Feature.SMTP})
#: Colleagues are looked up with the first, time zone and kind of a mailbox with the second.
_OPTIONAL: Final = ("MailboxSettings.Read", "User.ReadBasic.All")
#: A wider right that holds the narrower one.
_COVERED_BY: Final[Mapping[str, frozenset[str]]] = {
    "Mail.Read": frozenset({"Mail.ReadWrite"}),
    "Mail.Read.Shared": frozenset({"Mail.ReadWrite.Shared"}),
    "MailboxSettings.Read": frozenset({"MailboxSettings.ReadWrite"}),
    "User.ReadBasic.All": frozenset({"User.Read.All", "User.ReadWrite.All", "Directory.Read.All"}),
}
#: Signs of a registration made for an older program.
_FOREIGN: Final = frozenset(
    {"full_access_as_app", "EWS.AccessAsUser.All", "EWS.AccessAsApp", "Exchange.ManageAsApp"}
)
#: Asked for by every sign-in of a user; they open nothing.
_HARMLESS: Final = frozenset({"openid", "profile", "email", "offline_access", "User.Read"})


def needed(
    features: Collection[Feature], *, kind: Kind = Kind.APPLICATION, is_shared: bool = False
) -> tuple[Permission, ...]:
    """List the permissions some features need, optional ones last; nothing when no feature is on.

    `is_shared`: the user who signs in opens another mailbox than his own.
    """
    if not features:
        return ()
    names = dict.fromkeys(_SIGN_IN) if kind is Kind.DELEGATED else {}
    table = _APPLICATION if kind is Kind.APPLICATION else _DELEGATED
    found = [Permission(name=name, kind=kind) for name in names]
    for feature in sorted(features):
        wanted = (
            _SHARED.get(feature, table[feature]) if is_shared and kind is Kind.DELEGATED else table[feature]
        )
        resource = Resource.EXCHANGE if feature in _MAIL_PROTOCOLS else Resource.GRAPH
        found += [Permission(name=name, kind=kind, resource=resource) for name in wanted]
    found += [Permission(name=name, kind=kind, is_optional=True) for name in _OPTIONAL]
    return tuple(_without_covered(dict.fromkeys(found)))


def compare(permissions: Iterable[Permission], granted: Collection[str]) -> Comparison:
    """Hold what a token names against what is needed."""
    wanted = list(permissions)
    held = set(granted)
    missing = [one for one in wanted if not _holds(held, one.name)]
    used = {name for one in wanted for name in (one.name, *_COVERED_BY.get(one.name, ()))}
    foreign = held & _FOREIGN
    return Comparison(
        missing=tuple(one.name for one in missing if not one.is_optional),
        superfluous=tuple(sorted(held - used - foreign - _HARMLESS)),
        optional_missing=tuple(one.name for one in missing if one.is_optional),
        foreign=tuple(sorted(foreign)),
    )


def _without_covered(permissions: Iterable[Permission]) -> Iterator[Permission]:
    """Leave out a right that a wider one on the list holds already."""
    listed = list(permissions)
    names = {one.name for one in listed if not one.is_optional}
    return (one for one in listed if one.is_optional or not names & _COVERED_BY.get(one.name, frozenset()))


def _holds(held: Collection[str], name: str) -> bool:
    return name in held or not _COVERED_BY.get(name, frozenset()).isdisjoint(held)
