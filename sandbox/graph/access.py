"""Who is asking, and may they: the bearer token, the roles each operation needs, Exchange's limits on an app."""

from dataclasses import dataclass

import jwt

from sandbox.cloud import Cloud
from sandbox.directory import App, Mailbox, Person
from sandbox.graph.errors import GraphError, access_denied, blocked_by_policy, not_found
from sandbox.wire import Json

AUDIENCES = ("https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000")
CHALLENGE = (
    'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize",'
    ' client_id="00000003-0000-0000-c000-000000000000"'
)
REMEMBERED = 1000
READ = frozenset({"Mail.Read", "Mail.ReadWrite"})
NEEDS = {
    "basic": READ | {"Mail.ReadBasic", "Mail.ReadBasic.All"},
    "read": READ,
    "write": frozenset({"Mail.ReadWrite"}),
    "send": frozenset({"Mail.Send"}),
    "settings": frozenset({"MailboxSettings.Read", "MailboxSettings.ReadWrite"}),
    "users": frozenset({"User.Read.All", "User.ReadBasic.All", "User.ReadWrite.All", "Directory.Read.All"}),
}
SELF = frozenset({"User.Read", "User.ReadWrite"})
FULL_ACCESS = {"Mail Full Access": {"Mail.ReadWrite", "Mail.Send"}}


@dataclass(frozen=True, slots=True)
class Access:
    """One app's right to act in one tenant, until expires_at (seconds since 1970).

    With a person it is that person's right, and roles are the delegated permissions (scp).
    """

    app: App
    roles: frozenset[str]
    expires_at: float
    person: Person | None = None

    def has(self, need: str) -> bool:
        return not self.roles.isdisjoint(NEEDS[need])

    def may_look_up(self, name: str) -> bool:
        """Tell whether this user may be read: everybody with a directory permission, oneself with User.Read."""
        is_self = self.person is not None and name.lower() in self.person.names
        return self.has("users") or (is_self and not self.roles.isdisjoint(SELF))


class Gatekeeper:
    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        # Checking a signature costs more than all the rest of a small answer, and clients repeat their token.
        self._known: dict[str, Access] = {}

    def admit(self, authorization: str) -> Access:
        """Read the Authorization header. Raises GraphError 401."""
        bearer, _, token = authorization.partition(" ")
        if bearer.lower() != "bearer" or not token:
            raise _unauthenticated("Access token is empty.")
        access = self._known.get(token) or self._verify(token)
        if access.expires_at <= self.cloud.clock.epoch():
            raise _unauthenticated("Lifetime validation failed, the token is expired.")
        return access

    def _verify(self, token: str) -> Access:
        claims = self._claims(token)
        if claims.get("aud") not in AUDIENCES:
            raise _unauthenticated("Access token validation failure. Invalid audience.")
        app = self.cloud.directory.app(str(claims.get("tid")), str(claims.get("appid")))
        if app is None:
            raise _unauthenticated("The identity of the calling application could not be established.")
        access = self._access(app, claims)
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[token] = access
        return access

    def _access(self, app: App, claims: Json) -> Access:
        until = float(claims["exp"])
        if "scp" not in claims:
            return Access(app, frozenset(claims.get("roles", ())), until)
        person = self.cloud.directory.person(app.directory_id, str(claims.get("oid")))
        if person is None:
            raise _unauthenticated("The identity of the calling user could not be established.")
        return Access(app, frozenset(str(claims["scp"]).split()), until, person)

    def _claims(self, token: str) -> Json:
        options = {"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False}
        try:
            claims: Json = jwt.decode(
                token,
                self.cloud.key.public,
                algorithms=["RS256"],
                options=options,  # type: ignore[arg-type]
            )
        except jwt.InvalidSignatureError as error:
            raise _unauthenticated("Access token validation failure. Invalid signature.") from error
        except jwt.PyJWTError as error:
            raise _unauthenticated("CompactToken parsing failed with error code: 80049217") from error
        return claims


def authorize(access: Access, mailbox: Mailbox, need: str) -> None:
    """Raise GraphError 403 unless the app may do this to the mailbox.

    RBAC for Applications adds to what was consented; an access policy takes away from it.
    Source: https://learn.microsoft.com/exchange/permissions-exo/application-rbac
    """
    if access.person is not None:
        _authorize_person(access, access.person, mailbox, need)
        return
    scope = access.app.scope
    names = {mailbox.address.lower(), *(alias.lower() for alias in mailbox.aliases)}
    in_scope = scope is not None and not names.isdisjoint(scope.addresses)
    if access.has(need):
        if scope and scope.kind == "policy" and not in_scope:
            raise blocked_by_policy()
        return
    if scope and scope.kind == "rbac" and in_scope and not _granted(scope.roles).isdisjoint(NEEDS[need]):
        return
    raise access_denied()


def _authorize_person(access: Access, person: Person, mailbox: Mailbox, need: str) -> None:
    """A person opens the own mailbox, and with a .Shared permission those Exchange gave full access to.

    Source: https://learn.microsoft.com/graph/outlook-share-messages-folders
    """
    wider = {f"{name}.Shared" for name in NEEDS[need] if name.startswith("Mail.")}
    is_own = mailbox.oid == person.oid
    if access.roles.isdisjoint(NEEDS[need] | wider if is_own else wider):
        raise access_denied()
    if not is_own and not _is_open_to(mailbox, person):
        # Exchange does not tell apart what is not there from what is not for this person.
        raise not_found()


def _is_open_to(mailbox: Mailbox, person: Person) -> bool:
    return not person.names.isdisjoint(name.lower() for name in mailbox.full_access)


def may_send_from(access: Access, mailbox: Mailbox) -> bool:
    """Tell whether the person may send as this mailbox; an app may."""
    if access.person is None or mailbox.oid == access.person.oid:
        return True
    return not access.person.names.isdisjoint(name.lower() for name in mailbox.senders)


def holds(access: Access, mailbox: Mailbox, need: str) -> bool:
    try:
        authorize(access, mailbox, need)
    except GraphError:
        return False
    return True


def _granted(roles: frozenset[str]) -> set[str]:
    names = {role.removeprefix("Application ") for role in roles}
    return names.union(*(FULL_ACCESS.get(name, set()) for name in names))


def _unauthenticated(text: str) -> GraphError:
    return GraphError(401, "InvalidAuthenticationToken", text, headers={"WWW-Authenticate": CHALLENGE})
