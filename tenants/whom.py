"""For whom is this query? That nobody said is an error: code that forgets fails before it shows a foreign row.

A door of the machine (task, command, probe, webhook) says so once, by `for_machine`; inside a request nothing is said
until the query itself does, or until a flow that was given a row acts `for_its_tenant`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from django.db.models import Model, OuterRef
from django.db.models.sql import OR
from django.db.models.sql.query import Query

P = ParamSpec("P")
R = TypeVar("R")

#: Everybody's rows: nobody in particular is looking.
MACHINE: Final[frozenset[int]] = frozenset({0})
_whom: ContextVar[frozenset[int] | None] = ContextVar("whom", default=None)
#: The names by which a lookup leads to a tenant, and what may follow them.
_TENANT: Final = frozenset({"tenant", "tenant_id"})
_TAILS: Final = frozenset({"exact", "in", "pk", "id"})

HOW_TO_SAY: Final = """{model} was asked for, and nobody said for whom. Say it in the query:
    {model}.objects.visible_to(request.user)       what this person may know of
    within(request, {model}.objects.all(), ROLES)  the same on a page, narrowed by role (tenants.reach)
    {model}.objects.filter(tenant=tenant)          rows of one tenant
    {model}.objects.filter(mailbox=mailbox)        rows that hang on a row you have (the row, not its number)
    @for_its_tenant above a flow whose first argument is a row, or rows, that somebody could see (tenants.whom)
    with for_machine(): / @for_machine()           nobody is looking: a task, a command, a webhook (tenants.whom)"""


class NobodySaidForWhom(RuntimeError):
    """Code asked for rows of every tenant without saying that it may."""

    def __init__(self, model: type[Model]) -> None:
        super().__init__(HOW_TO_SAY.format(model=model.__name__))


class RowOfAnotherTenant(RuntimeError):
    """A flow that acts for one tenant has met a row of another one."""


@contextmanager
def for_machine() -> Iterator[None]:
    """Let what follows see all rows: the product itself is at work."""
    yield from _in(MACHINE)


@contextmanager
def until_said() -> Iterator[None]:
    """Let what follows see nothing until it says for whom: a request of somebody."""
    yield from _in(None)


@contextmanager
def for_tenants(ids: Iterable[int]) -> Iterator[None]:
    """Let what follows see rows, and stop it at the first of another tenant than these."""
    yield from _in(frozenset(ids))


def _in(whom: frozenset[int] | None) -> Iterator[None]:
    token = _whom.set(whom)
    try:
        yield
    finally:
        _whom.reset(token)


def for_its_tenant(flow: Callable[P, R]) -> Callable[P, R]:
    """Let a flow act for the tenants of the row, or rows, it is given first; the machine stays the machine."""

    @wraps(flow)
    def act(*args: P.args, **kwargs: P.kwargs) -> R:
        if _whom.get() is MACHINE:
            return flow(*args, **kwargs)
        with for_tenants(_owners(args[0])):
            return flow(*args, **kwargs)

    return act


def _owners(given: Any) -> Iterator[int]:
    is_one = isinstance(given, Model) or hasattr(given, "tenant_id")
    rows: Collection[Any] = [given] if is_one else given
    for row in rows:
        yield row.tenant_id if hasattr(row, "tenant_id") else row.pk


def is_unsaid() -> bool:
    return _whom.get() is None


def check_rows(rows: Iterable[Any]) -> None:
    """Raise RowOfAnotherTenant when one of them is not of the tenants acted for."""
    whom = _whom.get()
    if whom is None or whom is MACHINE:
        return
    for row in rows:
        owner = row.__dict__.get("tenant_id") if isinstance(row, Model) else None
        if owner is not None and owner not in whom:
            raise RowOfAnotherTenant(
                f"{type(row).__name__} {row.pk} belongs to none of the tenants acted for."
            )


def says(lookups: Mapping[str, Any]) -> bool:
    """Tell whether a filter says for whom: it names a tenant, or rows that somebody has already."""
    return any(_leads_to_tenant(name) or _is_held(value) for name, value in lookups.items())


def _leads_to_tenant(name: str) -> bool:
    parts = name.split("__")
    while len(parts) > 1 and parts[-1] in _TAILS:
        parts.pop()
    return parts[-1] in _TENANT


def _is_held(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(_is_held(one) for one in value)
    # A subquery, or the outer query of one, is asked by itself whether it says for whom.
    is_query = isinstance(getattr(value, "query", None), OwnedQuery)
    return is_query or isinstance(value, OuterRef) or hasattr(value, "tenant_id")


class OwnedQuery(Query):
    """Becomes SQL only when somebody said for whom."""

    is_said = False

    def get_compiler(self, *args: Any, **kwargs: Any) -> Any:
        self.check()
        return super().get_compiler(*args, **kwargs)

    def check(self) -> None:
        """Raise NobodySaidForWhom for a query of everybody's rows in a place where that is not a matter of course."""
        if not self.is_said and _whom.get() is None and self.model is not None:
            raise NobodySaidForWhom(self.model)

    def combine(self, rhs: Query, connector: str) -> None:
        other = getattr(rhs, "is_said", False)
        super().combine(rhs, connector)
        self.is_said = (self.is_said and other) if connector == OR else (self.is_said or other)
