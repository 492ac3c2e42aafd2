"""Read a scenario file (README.md shows its shape) into a cloud; what is already there stays as it is."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sandbox.clock import graph_time, read_time
from sandbox.cloud import Cloud, read_scope
from sandbox.directory import AUDIENCES, KINDS, App, Certificate, Mailbox, Secret, Tenant
from sandbox.letters import read_envelope
from sandbox.people import BadScenario, add_person
from sandbox.store.folders import ROOT, Folder, FolderExists
from sandbox.store.messages import Arrival
from sandbox.wire import Json

EML_EVERY = timedelta(minutes=7)


def read_scenario(path: Path) -> Json:
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadScenario(f"{path}: not a readable JSON file ({error}).") from error
    if not isinstance(document, dict):
        raise BadScenario(f'{path}: the file must hold one JSON object with the key "tenants".')
    return document


def apply_scenario(cloud: Cloud, document: Json, *, base: Path) -> None:
    """Make the tenants, apps and mailboxes that are not there yet, and seed the mail of new mailboxes.

    Paths in the document are relative to base. Raises BadScenario.
    """
    for index, tenant in enumerate(_list(document, "tenants", "")):
        _tenant(cloud, tenant, at=f"tenants[{index}]", base=base)


def _tenant(cloud: Cloud, row: Json, *, at: str, base: Path) -> None:
    directory_id = _text(row, "directory_id", at)
    if cloud.directory.tenant(directory_id) is None:
        tenant = Tenant(
            directory_id=directory_id,
            name=row.get("name", directory_id),
            domains=tuple(row.get("domains", ())),
            user_consent=bool(row.get("user_consent", True)),
        )
        cloud.directory.tenants.append(tenant)
        cloud.save_tenant(tenant)
    for index, app in enumerate(_list(row, "apps", at)):
        add_app(cloud, app, directory_id=directory_id, at=f"{at}.apps[{index}]", base=base)
    for index, mailbox in enumerate(_list(row, "mailboxes", at)):
        add_mailbox(cloud, mailbox, directory_id=directory_id, at=f"{at}.mailboxes[{index}]", base=base)
    for index, person in enumerate(_list(row, "people", at)):
        add_person(cloud, person, directory_id=directory_id, at=f"{at}.people[{index}]")


def add_app(cloud: Cloud, row: Json, *, directory_id: str, at: str, base: Path) -> None:
    client_id = _text(row, "client_id", at)
    if cloud.directory.app(directory_id, client_id):
        return
    app = App(
        client_id=client_id,
        directory_id=directory_id,
        name=row.get("name", ""),
        object_id=str(uuid5(NAMESPACE_URL, f"{directory_id}/{client_id}")),
        secrets=[_secret(secret, f"{at}.secrets") for secret in _list(row, "secrets", at)],
        certificates=[read_certificate(item, base=base, at=at) for item in _list(row, "certificates", at)],
        roles=tuple(row.get("roles", ())),
        scope=read_scope(row["scope"]) if row.get("scope") else None,
        disabled=bool(row.get("disabled", False)),
        token_life_s=int(row.get("token_life_s", 3599)),
        redirect_uris=tuple(row.get("redirect_uris", ())),
        audience=row.get("audience", AUDIENCES[0]),
        public_client=bool(row.get("public_client", False)),
        id_tokens=bool(row.get("id_tokens", False)),
        listed_roles=tuple(row.get("listed_roles") or row.get("roles", ())),
        listed_scopes=tuple(row.get("listed_scopes") or row.get("scopes", ())),
        grants={"": list(row["scopes"])} if row.get("scopes") else {},
        refresh_once=bool(row.get("refresh_once", False)),
    )
    if app.audience not in AUDIENCES:
        raise BadScenario(f"{at}.audience: must be one of {', '.join(AUDIENCES)}.")
    cloud.directory.apps.append(app)
    cloud.save_app(app)


def _secret(row: Json, at: str) -> Secret:
    until = row.get("expires_at")
    return Secret.of(
        _text(row, "value", at), expires_at=read_time(until) if until else None, name=row.get("name", "")
    )


def read_certificate(row: Json, *, base: Path, at: str) -> Certificate:
    """Read {"pem": text} or {"file": path} and check that it holds a certificate. Raises BadScenario."""
    try:
        pem = row["pem"] if "pem" in row else (base / row["file"]).read_text("ascii")
        certificate = Certificate(pem=pem)
        certificate.thumbprints()
    except (KeyError, OSError, ValueError) as error:
        raise BadScenario(f"{at}.certificates: give a PEM certificate as pem or file ({error}).") from error
    return certificate


def add_mailbox(cloud: Cloud, row: Json, *, directory_id: str, at: str, base: Path) -> None:
    address = _text(row, "address", at)
    if cloud.directory.mailbox(directory_id, address):
        return
    kind = row.get("kind", "user")
    if kind not in KINDS:
        raise BadScenario(f"{at}.kind: must be one of {', '.join(KINDS)}.")
    mailbox = Mailbox(
        number=len(cloud.directory.mailboxes) + 1,
        oid=row.get("oid") or str(uuid5(NAMESPACE_URL, f"{directory_id}/{address.lower()}")),
        directory_id=directory_id,
        address=address,
        aliases=tuple(row.get("aliases", ())),
        kind=kind,
        locale=row.get("locale", "en-US"),
        time_zone=row.get("time_zone", "UTC"),
        display_name=row.get("display_name", ""),
        send_as=tuple(row.get("send_as", ())),
        on_behalf=tuple(row.get("on_behalf", ())),
        sends_from_alias=bool(row.get("sends_from_alias", False)),
        copy_for_sent_as=bool(row.get("copy_for_sent_as", False)),
        rewrites_ids=bool(row.get("rewrites_ids", False)),
        full_access=tuple(row.get("full_access", ())),
        senders=tuple(row.get("senders", ())),
    )
    # One transaction, so that a start that was cut short seeds the whole mailbox again.
    with cloud.database.transaction():
        cloud.folders.seed(mailbox)
        for path in row.get("folders", ()):
            open_path(cloud, mailbox, path)
        for index, source in enumerate(_list(row, "mail", at)):
            _seed(cloud, mailbox, source, at=f"{at}.mail[{index}]", base=base)
        cloud.save_mailbox(mailbox)
    cloud.directory.mailboxes.append(mailbox)


def open_path(cloud: Cloud, mailbox: Mailbox, path: str) -> Folder:
    """Find a folder by well-known name or by display names joined by "/", making what is missing."""
    known = cloud.folders.well_known(mailbox, path)
    if known:
        return known
    parts = path.split("/")
    top = cloud.folders.well_known(mailbox, parts[0])
    folder = top or cloud.folders.well_known(mailbox, ROOT)
    if folder is None:
        raise BadScenario(f"{mailbox.address}: this kind of mailbox has no folders.")
    for name in parts[1:] if top else parts:
        folder = _child(cloud, mailbox, folder, name)
    return folder


def _child(cloud: Cloud, mailbox: Mailbox, parent: Folder, name: str) -> Folder:
    try:
        return cloud.folders.create(mailbox, parent, name)
    except FolderExists:
        return cloud.folders.children(mailbox, parent, hidden=True, name=name)[0]


def _seed(cloud: Cloud, mailbox: Mailbox, source: Json, *, at: str, base: Path) -> None:
    if "mix" in source:
        arrivals = _mix(cloud, source["mix"])
    elif "eml" in source:
        arrivals = _emls(cloud, base / source["eml"], at)
    elif "demo" in source:
        _demo(cloud, mailbox, source["demo"], at)
        return
    else:
        raise BadScenario(f'{at}: must have one of "eml", "mix" or "demo".')
    cloud.messages.add_many(open_path(cloud, mailbox, source.get("folder", "inbox")), arrivals)


def _mix(cloud: Cloud, row: Json) -> Iterator[Arrival]:
    seed, first = int(row.get("seed", 1)), int(row.get("first", 0))
    mix = cloud.mimes.mix(seed)
    for index in range(first, first + int(row["count"])):
        received_at = graph_time(mix.received_at(index))
        yield Arrival(envelope=mix.envelope(index), mime=f"mix:{seed}:{index}", received_at=received_at)


def _emls(cloud: Cloud, directory: Path, at: str) -> Iterator[Arrival]:
    """Give the files in the order of their names, a few minutes apart, the last one now."""
    paths = sorted(directory.glob("*.eml"))
    if not paths:
        raise BadScenario(f"{at}.eml: {directory} holds no .eml file.")
    for age, path in zip(range(len(paths) - 1, -1, -1), paths, strict=True):
        mime = path.read_bytes()
        at_time = cloud.clock.now() - age * EML_EVERY
        yield Arrival(
            envelope=read_envelope(mime), mime=cloud.mimes.keep(mime), received_at=graph_time(at_time)
        )


def _demo(cloud: Cloud, mailbox: Mailbox, name: str, at: str) -> None:
    from sandbox.demo.pool import demo_mails

    try:
        mails = demo_mails(name, cloud.clock.now())
    except KeyError as error:
        raise BadScenario(f"{at}.demo: there is no demo mailbox {name!r}.") from error
    for mail in mails:
        folder = open_path(cloud, mailbox, mail.folder)
        cloud.messages.add(folder, arrival_of(cloud, mail.mime, received_at=graph_time(mail.received_at)))


def arrival_of(
    cloud: Cloud, mime: bytes, *, received_at: str | None = None, is_read: bool = False
) -> Arrival:
    at_time = received_at or cloud.clock.stamp()
    return Arrival(
        envelope=read_envelope(mime), mime=cloud.mimes.keep(mime), received_at=at_time, is_read=is_read
    )


def _list(row: Json, name: str, at: str) -> list[Any]:
    value = row.get(name, [])
    if not isinstance(value, list):
        raise BadScenario(f"{at}.{name}: must be a list.".lstrip("."))
    return value


def _text(row: Json, name: str, at: str) -> str:
    value = row.get(name) if isinstance(row, dict) else None
    if not isinstance(value, str) or not value:
        raise BadScenario(f"{at}.{name}: must be a text that is not empty.")
    return value
