"""Read the members of staff."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from m365integration.provisioning.known import Known
from m365integration.provisioning.materials import keys_of, read_material
from m365integration.provisioning.node import Node, Seen, field_of
from m365integration.provisioning.plan import StaffPlan
from tenants.models import Membership

_PASSWORD_KEYS: Final = keys_of("password")


def read_staff(root: Node, known: Known) -> tuple[StaffPlan, ...]:
    """Check every member of staff of the document."""
    seen = Seen()
    tenants = known.tenants.keys() | root.names_in("tenants")
    found = [_member(node, tenants, known, seen) for node in root.children("staff")]
    return tuple(plan for plan in found if plan is not None)


def _member(node: Node, tenants: Collection[str], known: Known, seen: Seen) -> StaffPlan | None:
    node.allow("username", "email", "role", "tenants", *_PASSWORD_KEYS)
    username = node.column("username", field_of(User, "username"), is_required=True)
    node.columns.pop("username", None)
    node.column("email", field_of(User, "email"))
    names = _tenants(node, tenants)
    role = node.column("role", field_of(Membership, "role"), is_required=bool(names))
    node.columns.pop("role", None)
    password = read_material(node, "password")
    if username is None or not seen.is_new(node, "username", username):
        return None
    if password is None and username not in known.usernames:
        node.warn("", "no_password", "This new account has no password yet; nobody can sign in with it.")
    _warn_if_weak(node, password, username)
    return StaffPlan(
        username=User.normalize_username(username),
        columns=node.columns,
        tenants=names,
        role=role,
        password=password,
    )


def _tenants(node: Node, known: Collection[str]) -> tuple[str, ...]:
    names = node.values.get("tenants")
    if names is not None and not isinstance(names, list):
        node.fault("tenants", "not_a_list", 'Here must stand a list of names: ["…"].')
        return ()
    found: list[str] = []
    for place, name in enumerate(names or ()):
        if isinstance(name, str) and name.strip() in known:
            found.append(name.strip())
        else:
            node.fault(f"tenants[{place}]", "tenant_unknown", "There is no tenant of this name.")
    return tuple(dict.fromkeys(found))


def _warn_if_weak(node: Node, password: str | None, username: str) -> None:
    """Say that a password is weak; whoever writes the file may have reasons, so it is set all the same."""
    if password is None:
        return
    try:
        validate_password(password, User(username=username, email=node.columns.get("email", "")))
    except ValidationError as error:
        node.warn("", "weak_password", " ".join(error.messages))
