"""The accounts that sign in: added by a scenario, changed by the control door."""

from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sandbox.cloud import Cloud
from sandbox.directory import CONSUMERS, PERSON_KINDS, Person, digest
from sandbox.wire import Json

CHANGEABLE = ("mail", "aliases", "display_name", "is_admin", "mfa", "refused")


class BadScenario(Exception):
    """The file cannot be used; the text names the place."""


def add_person(cloud: Cloud, row: Json, *, directory_id: str, at: str) -> None:
    """Add an account of the tenant, a guest of it, or a personal account of nobody's. Raises BadScenario."""
    name, kind = row.get("user_name"), row.get("kind", "member")
    if not isinstance(name, str) or not name:
        raise BadScenario(f"{at}.user_name: must be a text that is not empty.")
    if kind not in PERSON_KINDS:
        raise BadScenario(f"{at}.kind: must be one of {', '.join(PERSON_KINDS)}.")
    where = CONSUMERS if kind == "personal" else directory_id
    if any(name.lower() in known.names for known in cloud.directory.people if known.directory_id == where):
        return
    mailbox = cloud.directory.mailbox(where, name)
    person = Person(
        oid=mailbox.oid if mailbox else str(uuid5(NAMESPACE_URL, f"{where}/{name.lower()}")),
        directory_id=where,
        user_name=name,
        mail=row.get("mail", name if kind != "guest" else ""),
        kind=kind,
        home=row.get("home", CONSUMERS) if kind == "guest" else "",
        aliases=tuple(row.get("aliases", mailbox.aliases if mailbox else ())),
        display_name=row.get("display_name", ""),
    )
    _change(person, {name: value for name, value in row.items() if name not in ("aliases", "mail")})
    cloud.directory.people.append(person)
    cloud.save_person(person)


def change_person(cloud: Cloud, person: Person, row: Json) -> Person:
    """Set any of the changeable columns and the password; the owner of a mailbox becomes an account written down."""
    if person not in cloud.directory.people:
        person = replace(person)
        cloud.directory.people.append(person)
    _change(person, row)
    cloud.save_person(person)
    return person


def _change(person: Person, row: dict[str, Any]) -> None:
    for name in CHANGEABLE:
        if name in row:
            setattr(person, name, tuple(row[name]) if name == "aliases" else row[name])
    if row.get("password"):
        person.password_sha256 = digest(row["password"])
