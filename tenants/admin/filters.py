"""List filters that name nothing out of reach."""

from typing import Any

from django.http import HttpRequest

from tenants.admin.theme import ThemedRelatedFilter
from tenants.reach import within


class OwnRelatedFilter(ThemedRelatedFilter):
    """A filter over a relation; stock Django lists the rows of everybody."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        rows = within(request, field.remote_field.model._default_manager.all(), model_admin.view_roles)
        return [(row.pk, str(row)) for row in rows.order_by(*field.remote_field.model._meta.ordering)[:500]]
