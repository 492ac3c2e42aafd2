"""Who a mailbox expects to sign in, and whether the one who did is that person.

Sign-in name, mail address and the other addresses of an account are all the same person; who it is is asked of
Microsoft with the new token, before anything is kept. Compared are the letters A to Z without regard to case and
everything else exactly: letters that only look alike, or that become alike in lower case, make another address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mailboxes.features import resources_of, scopes_for
from mailboxes.parsing.gate import one_line
from mailboxes.sides import Opened, SendingSide
from tenants.clients import ask_as
from tenants.errors import BadAnswer, TokenRefused
from tenants.microsoft import user_tokens
from tenants.microsoft.batch import BatchRequest, BatchResult
from tenants.microsoft.claims import GUEST_MARK, WrongAccount
from tenants.microsoft.clouds import cloud
from tenants.microsoft.graph import Gate, GraphClient, user_path
from tenants.microsoft.identity import GRAPH
from tenants.microsoft.user_tokens import UserToken

_ME: Final = "/me?$select=id,userPrincipalName,mail,proxyAddresses,userType"
_MAIL_PREFIX: Final = "smtp:"
#: A person waits for each answer. Seconds.
_DEADLINE_S: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A proved sign-in: whose it is, its tokens by resource, and the refresh token that came last."""

    name: str
    oid: str
    tokens: Mapping[str, UserToken] = field(repr=False)
    refresh_token: str = field(repr=False)
    is_public: bool
    #: What the first look into the mailbox brought; None when there was no seat to take it from.
    inbox: BatchResult | None = None


def expected(mailbox: Opened) -> str:
    """Give the address of the account that has to sign in; of a shared mailbox that is another than its own."""
    return _plain(mailbox.signed_in_user or mailbox.address)


def proved_for(mailbox: Opened) -> str:
    """Say what a sign-in is good for: this account, this application, this directory and this way; no other."""
    registration = mailbox.registration
    return " ".join(
        (registration.tenant.directory_id, registration.client_id, mailbox.sign_in, expected(mailbox))
    )


def admit(
    mailbox: Opened,
    first: UserToken,
    *,
    resource: str,
    is_public: bool,
    gate: Gate | None = None,
) -> Admitted:
    """Prove who signed in and fetch the token of every resource the mailbox needs; nothing is kept yet.

    With a seat (`gate`) the same request looks into the mailbox. Raises WrongAccount with the name of who signed in.
    """
    tokens = {resource: first}
    newest = first.refresh_token
    for other in dict.fromkeys((GRAPH, *resources_of(mailbox))):
        if other not in tokens:
            tokens[other] = _exchanged(mailbox, newest, other, is_public=is_public)
            newest = tokens[other].refresh_token
    me, inbox = _look(mailbox, tokens[GRAPH].value, gate)
    oid = first.account.oid if first.account else ""
    return Admitted(
        name=_checked(mailbox, me, oid=oid),
        oid=oid,
        tokens=tokens,
        refresh_token=newest,
        is_public=is_public,
        inbox=inbox,
    )


def addresses_of(me: Mapping[str, Any]) -> frozenset[str]:
    """Collect every address an account goes by, sign-in name included."""
    proxies = me.get("proxyAddresses")
    listed = [text for text in proxies if isinstance(text, str)] if isinstance(proxies, list) else []
    mails = [_plain(text)[len(_MAIL_PREFIX) :] for text in listed if _plain(text).startswith(_MAIL_PREFIX)]
    own = [_plain(str(me.get(name) or "")) for name in ("userPrincipalName", "mail")]
    return frozenset(filter(None, [*own, *mails]))


def _exchanged(mailbox: Opened, refresh_token: str, resource: str, *, is_public: bool) -> UserToken:
    scopes = scopes_for(mailbox, resource)
    return ask_as(
        mailbox.registration,
        lambda client: user_tokens.refresh(client, refresh_token=refresh_token, scopes=scopes),
        is_public=is_public,
    )


def _look(mailbox: Opened, bearer: str, gate: Gate | None) -> tuple[Mapping[str, Any], BatchResult | None]:
    """Ask who the token belongs to, and in the same request for the inbox where there is a seat."""
    client = GraphClient(
        cloud=cloud(mailbox.registration.tenant.cloud),
        token=lambda _is_refused: bearer,
        gate=gate,
        deadline_s=_DEADLINE_S,
    )
    if gate is None or isinstance(mailbox, SendingSide) or GRAPH not in resources_of(mailbox):
        return client.get(_ME), None
    inbox = f"{user_path(mailbox.address)}/mailFolders/inbox?$select=displayName,totalItemCount"
    me, opened = client.batch([BatchRequest(method="GET", path=_ME), BatchRequest(method="GET", path=inbox)])
    if me.error is not None:
        raise me.error
    return me.body, opened


def _checked(mailbox: Opened, me: Mapping[str, Any], *, oid: str) -> str:
    name = one_line(str(me.get("userPrincipalName") or me.get("mail") or ""), max_chars=320)
    if not name or not oid:
        raise BadAnswer.own("answer_malformed")
    if _plain(str(me.get("id") or "")) != oid:
        raise TokenRefused.own("account_changed")
    if str(me.get("userType") or "").lower() == "guest" or GUEST_MARK.lower() in name.lower():
        raise WrongAccount.named("account_guest", name)
    if expected(mailbox) not in addresses_of(me):
        raise WrongAccount.named("account_wrong", name)
    return name


def _plain(address: str) -> str:
    """Lower the letters A to Z; str.lower() would make the Kelvin sign a k."""
    return address.strip().encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")
