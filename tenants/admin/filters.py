"""List filters that name nothing out of reach."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest

from tenants.admin.theme import ThemedRelatedFilter
from tenants.ownership import TenantOwned
from tenants.reach import within


class OwnRelatedFilter(ThemedRelatedFilter):
    """A filter over a relation; stock Django lists the rows of everybody."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        model = field.remote_field.model
        rows = within(request, model._default_manager.all(), model_admin.view_roles)
        word: Callable[[Any], str] = called if model is User else str
        if issubclass(model, TenantOwned) and model_admin.has_several_tenants(request):
            rows, word = rows.select_related("tenant"), with_tenant
        return [(row.pk, word(row)) for row in rows.order_by(*model._meta.ordering)[:500]]


def with_tenant(row: Any) -> str:
    """Name a row where rows of other tenants are called the same."""
    return f"{row} · {row.tenant}"


def called(person: User) -> str:
    """Name somebody of the staff as lists and conversations do."""
    return person.get_full_name() or person.get_username()
