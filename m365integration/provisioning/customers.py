"""Read the customers of a document: tenants with their registrations, queues and mailboxes."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from django.db import models

from m365integration.provisioning.credentials import read_credential
from m365integration.provisioning.known import Known
from m365integration.provisioning.mailboxes import Surroundings, read_mailbox
from m365integration.provisioning.node import Node, Seen, field_of
from m365integration.provisioning.phrases import read_canned_answer, read_queue
from m365integration.provisioning.plan import RegistrationPlan, TenantPlan
from m365integration.provisioning.rules import Around, read_rules
from tenants.errors import Misconfigured
from tenants.microsoft.clouds import cloud
from tenants.models import AppRegistration, Tenant

#: What is off unless somebody switches it on: ways to sign in, being the one whose mailboxes send alerts, and what
#: its staff need to sign in here.
_SWITCHES: Final = {
    "allow_device_code": "allows_device_code",
    "allow_password": "allows_password",
    "send_alerts": "sends_alerts",
    "require_second_step": "requires_second_factor",
}


def read_tenants(root: Node, known: Known) -> tuple[TenantPlan, ...]:
    """Check every tenant of the document; all faults are collected, those of a tenant's parts too."""
    seen = Seen()
    # Rules may give mail to staff that stand in the same document.
    known = replace(known, usernames=known.usernames | root.names_in("staff", name="username"))
    found = [_tenant(node, known, seen) for node in root.children("tenants")]
    return tuple(plan for plan in found if plan is not None)


def _tenant(node: Node, known: Known, seen: Seen) -> TenantPlan | None:
    parts = ("registrations", "queues", "mailboxes", "rules", "canned_answers")
    node.allow("name", "directory_id", "cloud", "domain", *_SWITCHES, *parts)
    name = _name(node, Tenant, seen)
    stored = known.tenants.get(name or "")
    node.column("directory_id", field_of(Tenant, "directory_id"), is_required=stored is None, is_lower=True)
    node.column("cloud", field_of(Tenant, "cloud"))
    node.column("domain", field_of(Tenant, "domain"), is_lower=True)
    for key, column in _SWITCHES.items():
        node.flag(key, column)
    _check_cloud(node)
    _check_directory(node, name, known, seen)
    return _with_parts(node, name, known)


def _with_parts(node: Node, name: str | None, known: Known) -> TenantPlan | None:
    seen = Seen()
    queues = [read_queue(child, seen) for child in node.children("queues")]
    registrations = [_registration(child, name, known, seen) for child in node.children("registrations")]
    around = Surroundings(
        registrations=known.registrations.get(name or "", set()) | node.names_in("registrations"),
        queues=known.queues.get(name or "", set()) | node.names_in("queues"),
        stored=(stored := known.mailboxes.get(name or "", set())),
        addresses=stored | {one.lower() for one in node.names_in("mailboxes", name="address")},
    )
    mailboxes = [read_mailbox(child, around, seen) for child in node.children("mailboxes")]
    canned = [read_canned_answer(child, around.queues, seen) for child in node.children("canned_answers")]
    rules = read_rules(node, Around(queues=around.queues, usernames=known.usernames), seen)
    if name is None:
        return None
    return TenantPlan(
        name=name,
        columns=node.columns,
        queues=tuple(queue for queue in queues if queue is not None),
        registrations=tuple(one for one in registrations if one is not None),
        mailboxes=tuple(one for one in mailboxes if one is not None),
        rules=rules,
        canned_answers=tuple(one for one in canned if one is not None),
    )


def _name(node: Node, model: type[models.Model], seen: Seen) -> str | None:
    """Read the name that tells a row from its neighbours; it is no column to be changed."""
    name = node.column("name", field_of(model, "name"), is_required=True)
    node.columns.pop("name", None)
    return name if name is not None and seen.is_new(node, "name", (model, name)) else None


def _registration(node: Node, tenant: str | None, known: Known, seen: Seen) -> RegistrationPlan | None:
    node.allow("name", "client_id", "credential")
    name = _name(node, AppRegistration, seen)
    is_stored = name in known.registrations.get(tenant or "", set())
    client_id = field_of(AppRegistration, "client_id")
    node.column("client_id", client_id, is_required=not is_stored, is_lower=True)
    credential = read_credential(node.child("credential")) if node.values.get("credential") else None
    if name is None:
        return None
    return RegistrationPlan(name=name, columns=node.columns, credential=credential)


def _check_cloud(node: Node) -> None:
    name = node.columns.get("cloud")
    if name is None:
        return
    try:
        cloud(name)
    except Misconfigured as error:
        node.fault("cloud", error.code, f"{error.diagnosis.cause} {error.diagnosis.fix}")


def _check_directory(node: Node, name: str | None, known: Known, seen: Seen) -> None:
    """Refuse a directory that another tenant has, in the document or stored."""
    was_cloud, was_directory = known.tenants.get(name or "", (Tenant.CloudName.GLOBAL.value, ""))
    cloud_name = node.columns.get("cloud", was_cloud)
    directory = node.columns.get("directory_id", was_directory)
    if not directory or not seen.is_new(node, "directory_id", (cloud_name, directory)):
        return
    owners = [one for one, mark in known.tenants.items() if mark == (cloud_name, directory) and one != name]
    if owners and name is not None:
        message = f"The tenant {owners[0]} has this directory already; use that name for it."
        node.fault("directory_id", "directory_taken", message)
