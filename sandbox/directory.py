"""Who exists: tenants, the apps registered in them, and their mailboxes. Small enough to be held in memory."""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes

KINDS = ("user", "shared", "room", "unlicensed", "on_premises")
KINDS_WITHOUT_MAILBOX = ("unlicensed", "on_premises")
#: The directory all personal accounts belong to.
CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
PERSON_KINDS = ("member", "guest", "personal")
AUDIENCES = (
    "AzureADMyOrg",
    "AzureADMultipleOrgs",
    "AzureADandPersonalMicrosoftAccount",
    "PersonalMicrosoftAccount",
)


@dataclass(slots=True, kw_only=True)
class Secret:
    """A client secret; only its SHA-256 is kept."""

    sha256: str
    expires_at: datetime | None = None
    revoked: bool = False
    name: str = ""

    @classmethod
    def of(cls, value: str, *, expires_at: datetime | None = None, name: str = "") -> "Secret":
        return cls(sha256=digest(value), expires_at=expires_at, name=name)

    def matches(self, value: str) -> bool:
        return not self.revoked and hmac.compare_digest(self.sha256, digest(value))


@dataclass(slots=True, kw_only=True)
class Certificate:
    """A registered certificate, public part only."""

    pem: str
    revoked: bool = False

    @property
    def x509(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.pem.encode())

    def thumbprints(self) -> tuple[bytes, bytes]:
        """Give the SHA-1 and the SHA-256 of the DER form."""
        # SHA-1 because the x5t header is defined as that (RFC 7515 section 4.1.7); nothing rests on it alone.
        return self.x509.fingerprint(hashes.SHA1()), self.x509.fingerprint(hashes.SHA256())  # noqa: S303


@dataclass(slots=True, kw_only=True)
class MailboxScope:
    """A limit Exchange puts on an app: "rbac" adds rights on some mailboxes, "policy" takes all others away."""

    kind: str
    addresses: frozenset[str]
    roles: frozenset[str] = frozenset()


@dataclass(slots=True, kw_only=True)
class App:
    client_id: str
    directory_id: str
    name: str = ""
    object_id: str = ""
    secrets: list[Secret] = field(default_factory=list)
    certificates: list[Certificate] = field(default_factory=list)
    roles: tuple[str, ...] = ()
    scope: MailboxScope | None = None
    disabled: bool = False
    token_life_s: int = 3599
    redirect_uris: tuple[str, ...] = ()
    #: Who may sign in ("Supported account types"), in the words of the manifest.
    audience: str = "AzureADMyOrg"
    #: "Allow public client flows" and "ID tokens" on the page Authentication.
    public_client: bool = False
    id_tokens: bool = False
    #: What the page API permissions lists; an administrator's consent grants it.
    listed_roles: tuple[str, ...] = ()
    listed_scopes: tuple[str, ...] = ()
    #: Delegated permissions granted, by object id of the person; "" is the whole organisation.
    grants: dict[str, list[str]] = field(default_factory=dict)
    #: A used refresh token is refused. Entra itself leaves it alone.
    refresh_once: bool = False
    #: Roles just granted that are not in tokens before this time (seconds since 1970).
    coming_roles: tuple[str, ...] = ()
    coming_at: float = 0.0

    def roles_at(self, now: float) -> tuple[str, ...]:
        """Give the roles a token names that is issued now."""
        late = self.coming_roles if now < self.coming_at else ()
        return tuple(role for role in self.roles if role not in late)

    def scopes_of(self, oid: str) -> list[str]:
        """Give the delegated permissions granted to a person, or to all, in the order they were granted."""
        return list(dict.fromkeys([*self.grants.get("", ()), *self.grants.get(oid, ())]))

    def grant(self, oid: str, scopes: list[str]) -> None:
        self.grants[oid] = list(dict.fromkeys([*self.grants.get(oid, ()), *scopes]))


@dataclass(slots=True, kw_only=True)
class Mailbox:
    number: int
    oid: str
    directory_id: str
    address: str
    aliases: tuple[str, ...] = ()
    kind: str = "user"
    locale: str = "en-US"
    time_zone: str = "UTC"
    display_name: str = ""
    #: Further addresses Exchange lets this mailbox send as, and those it may write on behalf of.
    send_as: tuple[str, ...] = ()
    on_behalf: tuple[str, ...] = ()
    #: Set-OrganizationConfig -SendFromAliasEnabled, which is false where nobody has set it.
    sends_from_alias: bool = False
    #: Drafts made from MIME get a Message-ID of Exchange's own.
    rewrites_ids: bool = False
    #: Set-Mailbox -MessageCopyForSentAsEnabled: what others send as this mailbox lies in its Sent Items, too.
    copy_for_sent_as: bool = False
    #: People who may open it (Add-MailboxPermission FullAccess), and who may send as it, by user name.
    full_access: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()

    @property
    def is_served(self) -> bool:
        return self.kind not in KINDS_WITHOUT_MAILBOX

    def answers_to(self, name: str) -> bool:
        wanted = name.lower()
        return wanted in (self.oid.lower(), self.address.lower(), *(alias.lower() for alias in self.aliases))

    def may_send_as(self, address: str) -> bool:
        own = (self.address, *self.aliases, *self.send_as)
        return address.lower() in {name.lower() for name in own}

    def is_alias(self, address: str) -> bool:
        return address.lower() in {name.lower() for name in self.aliases}

    def may_send_on_behalf_of(self, address: str) -> bool:
        """Tell whether there is this right alone; the right to send as is the stronger one."""
        named = {name.lower() for name in self.on_behalf}
        return address.lower() in named and not self.may_send_as(address)


@dataclass(slots=True, kw_only=True)
class Person:
    """An account of one directory; a guest has a home elsewhere, a personal one belongs to no organisation."""

    oid: str
    directory_id: str
    user_name: str
    mail: str = ""
    aliases: tuple[str, ...] = ()
    display_name: str = ""
    kind: str = "member"
    #: Where a guest signs in: a directory id, or CONSUMERS.
    home: str = ""
    is_admin: bool = False
    #: Every sign-in asks for a second factor, which only a browser can give.
    mfa: bool = False
    #: The AADSTS number every sign-in is refused with, 0 for none: 50057 disabled, 53003 blocked by policy, ...
    refused: int = 0
    password_sha256: str = ""

    @property
    def names(self) -> set[str]:
        return {name.lower() for name in (self.user_name, self.mail, *self.aliases, self.oid) if name}

    def knows_password(self, value: str) -> bool:
        return bool(self.password_sha256) and hmac.compare_digest(self.password_sha256, digest(value))


@dataclass(slots=True, kw_only=True)
class Tenant:
    directory_id: str
    name: str
    domains: tuple[str, ...] = ()
    #: Whether users may consent to what needs no administrator.
    user_consent: bool = True

    def answers_to(self, name: str) -> bool:
        wanted = name.lower()
        return wanted == self.directory_id.lower() or wanted in (domain.lower() for domain in self.domains)


@dataclass(slots=True)
class Directory:
    tenants: list[Tenant] = field(default_factory=list)
    apps: list[App] = field(default_factory=list)
    mailboxes: list[Mailbox] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    _found: dict[tuple[str, str], Mailbox] = field(default_factory=dict)

    def tenant(self, name: str) -> Tenant | None:
        return next((tenant for tenant in self.tenants if tenant.answers_to(name)), None)

    def app(self, directory_id: str, client_id: str) -> App | None:
        wanted = (directory_id.lower(), client_id.lower())
        return next(
            (app for app in self.apps if (app.directory_id.lower(), app.client_id.lower()) == wanted), None
        )

    def mailbox(self, directory_id: str, name: str) -> Mailbox | None:
        """Find a mailbox of one tenant by object id, address or alias."""
        key = (directory_id, name)
        found = self._found.get(key)
        if found is None:
            found = next(
                (box for box in self.mailboxes if box.directory_id == directory_id and box.answers_to(name)),
                None,
            )
            if found:
                self._found[key] = found
        return found

    def forget_names(self) -> None:
        """Look addresses up anew: a mailbox has got others."""
        self._found.clear()

    def anywhere(self, name: str) -> Mailbox | None:
        """Find a mailbox of any tenant; for the control interface, which is nobody's tenant."""
        return next((box for box in self.mailboxes if box.answers_to(name)), None)

    def person(self, directory_id: str, name: str) -> Person | None:
        """Find an account of one directory; the owner of a mailbox is one even when nobody wrote it down."""
        wanted, here = name.lower(), directory_id.lower()
        for person in self.people:
            if person.directory_id.lower() == here and wanted in person.names:
                return person
        mailbox = self.mailbox(directory_id, name)
        return _owner(mailbox) if mailbox else None

    def person_anywhere(self, name: str) -> Person | None:
        """Find an account where it is at home."""
        at_home = [
            person for person in self.people if person.kind != "guest" and name.lower() in person.names
        ]
        mailbox = self.anywhere(name)
        return at_home[0] if at_home else _owner(mailbox) if mailbox else None


def _owner(mailbox: Mailbox) -> Person:
    # The account of a shared mailbox or a room is disabled by design.
    refused = 0 if mailbox.kind in ("user", *KINDS_WITHOUT_MAILBOX) else 50057
    return Person(
        oid=mailbox.oid, directory_id=mailbox.directory_id, user_name=mailbox.address, mail=mailbox.address,
        aliases=mailbox.aliases, display_name=mailbox.display_name or mailbox.address, refused=refused,
    )  # fmt: skip


def digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
