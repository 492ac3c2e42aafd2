"""Search boxes that ask an index; stock Django reads every row for each word."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar, Protocol

from django.db.models import QuerySet
from django.http import HttpRequest

from tenants.admin.scoped import TenantOwnedAdmin
from tenants.reach import is_operator, tenant_ids


class Find(Protocol):
    """Gives the ids of what holds the words asked for, within tenants; None asks in all."""

    def __call__(self, asked: str, *, tenants: Collection[int] | None) -> list[int]: ...


class SearchedByIndex(TenantOwnedAdmin):
    # Named for the box to be there; what is found, the index says.
    search_fields: ClassVar[Any] = ["pk"]
    find: ClassVar[Find]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        tenants = None if is_operator(request) else tenant_ids(request, self.view_roles)
        return queryset.filter(pk__in=type(self).find(search_term, tenants=tenants)), False
