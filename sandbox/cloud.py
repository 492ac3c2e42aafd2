"""The whole of the sandbox's state in one value: directory, mailboxes, signing key, faults, counters."""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.clock import Clock, read_time
from sandbox.directory import App, Certificate, Directory, Mailbox, MailboxScope, Person, Secret, Tenant
from sandbox.entra.keys import SigningKey, ensure_key
from sandbox.faults import Faults
from sandbox.mimes import Mimes
from sandbox.sign_ins import RefreshToken, SignIns
from sandbox.store.database import Database
from sandbox.store.folders import Folders
from sandbox.store.messages import Messages
from sandbox.traffic import Traffic
from sandbox.wire import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """How an expired delta token is refused; Microsoft has spelt it in several ways."""

    status: int = 410
    code: str = "SyncStateNotFound"
    location: bool = False


@dataclass(slots=True, kw_only=True)
class Upload:
    """A file on its way to a draft, piece by piece."""

    mailbox: Mailbox
    draft: int
    item: Json
    content: bytearray = field(default_factory=bytearray)


@dataclass(slots=True, kw_only=True)
class Cloud:
    database: Database
    directory: Directory
    folders: Folders
    messages: Messages
    mimes: Mimes
    clock: Clock
    key: SigningKey
    traffic: Traffic
    faults: Faults
    expiry: Expiry = Expiry()
    uploads: dict[str, Upload] = field(default_factory=dict)
    sign_ins: SignIns = field(default_factory=SignIns)

    def save_app(self, app: App) -> None:
        self._save("app", f"{app.directory_id}/{app.client_id}", app)

    def save_mailbox(self, mailbox: Mailbox) -> None:
        self._save("mailbox", mailbox.oid, mailbox)

    def save_tenant(self, tenant: Tenant) -> None:
        self._save("tenant", tenant.directory_id, tenant)

    def save_person(self, person: Person) -> None:
        self._save("person", f"{person.directory_id}/{person.oid}", person)

    def save_refresh_token(self, token: RefreshToken) -> None:
        self.sign_ins.refresh_tokens[token.sha256] = token
        self._save("refresh_token", token.sha256, token)

    def _save(self, kind: str, key: str, record: Any) -> None:
        document = json.dumps(asdict(record), default=_plain)
        self.database.run("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", kind, key, document)

    def close(self) -> None:
        self.database.close()


def open_cloud(directory: Path) -> Cloud:
    """Open the state kept in the directory, making what is not there yet."""
    directory.mkdir(parents=True, exist_ok=True)
    database, clock = Database(directory / "state.sqlite3"), Clock()
    tokens = [RefreshToken(**row) for row in _rows(database, "refresh_token")]
    return Cloud(
        database=database,
        directory=_read_directory(database),
        folders=Folders(database),
        messages=Messages(database, clock),
        mimes=Mimes(directory / "mime"),
        clock=clock,
        key=ensure_key(directory / "signing.key"),
        traffic=Traffic(),
        faults=Faults(),
        sign_ins=SignIns(refresh_tokens={token.sha256: token for token in tokens}),
    )


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"Cannot keep a {type(value).__name__}.")


def _rows(database: Database, kind: str) -> list[Json]:
    query = "SELECT document FROM record WHERE kind = ? ORDER BY rowid"
    return [json.loads(row[0]) for row in database.all(query, kind)]


def _read_directory(database: Database) -> Directory:
    return Directory(
        tenants=[Tenant(**with_tuples(row, "domains")) for row in _rows(database, "tenant")],
        apps=[read_app(row) for row in _rows(database, "app")],
        mailboxes=[read_mailbox(row) for row in _rows(database, "mailbox")],
        people=[Person(**with_tuples(row, "aliases")) for row in _rows(database, "person")],
    )


def with_tuples(row: Json, *names: str) -> Json:
    """Turn the lists JSON knows back into tuples; a row written before there was such a column has none."""
    return {**row, **{name: tuple(row.get(name, ())) for name in names}}


def read_mailbox(row: Json) -> Mailbox:
    return Mailbox(**with_tuples(row, "aliases", "send_as", "on_behalf", "full_access", "senders"))


def read_app(row: Json) -> App:
    scope = row.get("scope")
    lists = ("roles", "redirect_uris", "listed_roles", "listed_scopes", "coming_roles")
    return App(
        **{
            **with_tuples(row, *lists),
            "secrets": [read_secret(secret) for secret in row["secrets"]],
            "certificates": [Certificate(**certificate) for certificate in row["certificates"]],
            "scope": read_scope(scope) if scope else None,
        }
    )


def read_secret(row: Json) -> Secret:
    until = row.get("expires_at")
    return Secret(**{**row, "expires_at": read_time(until) if until else None})


def read_scope(row: Json) -> MailboxScope:
    addresses = frozenset(address.lower() for address in row["addresses"])
    return MailboxScope(kind=row["kind"], addresses=addresses, roles=frozenset(row.get("roles", ())))
