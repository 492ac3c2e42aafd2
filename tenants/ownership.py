"""Whose row is this? Isolation between tenants, from the first model on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.whom import OwnedQuery, check_rows, for_machine, is_unsaid, says

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@dataclass(frozen=True, slots=True)
class Seat:
    """What somebody is for one tenant: a role, and the ids of the queues it is limited to; None is no limit."""

    role: str
    queues: frozenset[int] | None = None


def seats_of(user: User | AbstractBaseUser | AnonymousUser) -> dict[int, Seat]:
    """Read where the user works, by tenant id, in one query; nowhere for who is not active."""
    from tenants.models import Membership

    if not user.is_authenticated or not getattr(user, "is_active", False):
        return {}
    seats: dict[int, Seat] = {}
    rows = Membership.objects.for_machine().filter(user_id=user.pk).order_by()
    for tenant_id, role, is_limited, queue_id in rows.values_list(
        "tenant_id", "role", "is_limited", "queues"
    ):
        known = (tenant_id in seats and seats[tenant_id].queues) or frozenset[int]()
        queues = known if queue_id is None else known | {queue_id}
        seats[tenant_id] = Seat(role, queues if is_limited else None)
    return seats


def seen_from(seats: Mapping[int, Seat], model: type[TenantOwned]) -> models.Q:
    """Say which rows of a model these seats see: those of the tenant, or of the queues a seat is limited to."""
    limited = {tenant_id: seat.queues for tenant_id, seat in seats.items() if seat.queues is not None}
    rows = models.Q(tenant_id__in=[tenant_id for tenant_id in seats if tenant_id not in limited])
    if limited:
        queues = frozenset[int]().union(*limited.values())
        rows |= models.Q(tenant_id__in=list(limited)) & model.in_queues(queues)
    return rows


def tenant_ids_of(user: User | AbstractBaseUser | AnonymousUser) -> models.QuerySet[Any]:
    """Give the ids of the tenants the user is a member of, as a subquery."""
    from tenants.models import Membership

    return Membership.objects.for_machine().filter(user_id=user.pk or 0).values("tenant_id")


class OwnedQuerySet(models.QuerySet[Any]):
    """Rows of one tenant each, narrowed by who looks; without a word about that it raises NobodySaidForWhom."""

    query: OwnedQuery

    def __init__(self, model: Any = None, query: Any = None, using: Any = None, hints: Any = None) -> None:
        super().__init__(model, query or OwnedQuery(model), using, hints)

    def visible_to(self, user: User | AbstractBaseUser | AnonymousUser) -> Self:
        """Keep what the user may know of: everything for the operator, own tenants for staff, nothing else."""
        if not user.is_authenticated or not getattr(user, "is_active", False):
            return self.none()
        if getattr(user, "is_superuser", False):
            return self.for_machine()
        return self.filter(seen_from(seats_of(user), self.model)).for_machine()

    def for_machine(self) -> Self:
        """Ask for the product itself, or for somebody whose reach these rows were narrowed to."""
        kept = self._chain()  # type: ignore[attr-defined]
        kept.query.is_said = True
        found: Self = kept
        return found

    def none(self) -> Self:
        return super().none().for_machine()

    def update(self, **kwargs: Any) -> int:
        self.query.check()
        return super().update(**kwargs)

    def raw(self, *args: Any, **kwargs: Any) -> Any:
        self.query.check()
        return super().raw(*args, **kwargs)

    def _raw_delete(self, using: str | None) -> int:
        self.query.check()
        return super()._raw_delete(using)

    def _filter_or_exclude(self, negate: bool, args: Any, kwargs: Any) -> Any:
        kept = super()._filter_or_exclude(negate, args, kwargs)  # type: ignore[misc]
        if not negate and is_unsaid() and says(kwargs):
            kept.query.is_said = True
        return kept

    def _add_hints(self, **hints: Any) -> None:
        super()._add_hints(**hints)  # type: ignore[misc]
        # `mailbox.folders`: whoever has the row may have what hangs on it.
        self.query.is_said = self.query.is_said or "instance" in hints

    def _fetch_all(self) -> None:
        super()._fetch_all()
        check_rows(self._result_cache or ())


class TenantOwned(models.Model):
    """A row that belongs to exactly one tenant; every such model derives this one."""

    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.CASCADE, related_name="+", verbose_name=_("tenant")
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        abstract = True

    def _perform_unique_checks(self, unique_checks: Any) -> Any:
        with for_machine():
            return super()._perform_unique_checks(unique_checks)  # type: ignore[misc]

    def validate_constraints(self, exclude: Any = None) -> None:
        with for_machine():
            super().validate_constraints(exclude)

    @classmethod
    def in_queues(cls, queues: Iterable[int]) -> models.Q:
        """Say which rows somebody limited to these queues sees: all, where a row is of the tenant and of no queue."""
        return models.Q()
