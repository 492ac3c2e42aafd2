"""How far a member of staff reaches: the tenants of which a role lets him do something."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from tenants.models import Membership, Tenant
from tenants.ownership import OwnedQuerySet, Seat, TenantOwned, seats_of, seen_from

Role = Membership.Role
#: Reading needs any role, working tickets an agent's, settings an admin's.
READERS: Final = frozenset({Role.VIEWER, Role.AGENT, Role.ADMIN})
WORKERS: Final = frozenset({Role.AGENT, Role.ADMIN})
ADMINS: Final = frozenset({Role.ADMIN})
#: Nobody but the operator.
NOBODY: Final[frozenset[Role]] = frozenset()


def is_operator(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)


def tenant_ids(request: HttpRequest, roles: Collection[Role]) -> frozenset[int]:
    """Give the tenants where the user has one of the roles; the operator needs none and is not asked here."""
    return frozenset(seats(request, roles))


def seats(request: HttpRequest, roles: Collection[Role]) -> dict[int, Seat]:
    """Give where the user has one of the roles, by tenant. Memberships are read once per request."""
    if not request.user.is_active:
        return {}  # also who was signed out during this request
    found: dict[int, Seat] | None = getattr(request, "_seats", None)
    if found is None:
        found = seats_of(request.user)
        request._seats = found  # type: ignore[attr-defined]
    return {tenant_id: seat for tenant_id, seat in found.items() if seat.role in roles}


def may(request: HttpRequest, roles: Collection[Role], tenant_id: int | None = None) -> bool:
    """Tell whether the user has one of the roles for this tenant, or for any when none is named."""
    if is_operator(request):
        return True
    allowed = tenant_ids(request, roles)
    return tenant_id in allowed if tenant_id is not None else bool(allowed)


def within(request: HttpRequest, rows: QuerySet[Any], roles: Collection[Role] = READERS) -> QuerySet[Any]:
    """Keep the rows of tenants and queues where the user has one of the roles; accounts by the tenants they work for.

    Rows of any other kind belong to the operator.
    """
    if is_operator(request):
        return rows.for_machine() if isinstance(rows, OwnedQuerySet) else rows
    if not request.user.is_active:
        return rows.none()
    if isinstance(rows, OwnedQuerySet):
        return rows.filter(seen_from(seats(request, roles), rows.model)).for_machine()
    path = path_to_tenant(rows.model)
    if path is None:
        return rows.none()
    kept = rows.filter(**{f"{path}__in": tenant_ids(request, roles)})
    return kept.distinct() if path.startswith("memberships") else kept


def path_to_tenant(model: type[Model]) -> str | None:
    """Name the lookup that leads from a row to its tenant; None when there is none."""
    if issubclass(model, TenantOwned):
        return "tenant_id"
    if issubclass(model, Tenant):
        return "pk"
    return "memberships__tenant_id" if issubclass(model, User) else None


def tenant_id_of(row: Model | None) -> int | None:
    """Say whose row it is; None for an account or a row that has no tenant yet."""
    if isinstance(row, Tenant):
        return row.pk
    return row.tenant_id if isinstance(row, TenantOwned) else None
