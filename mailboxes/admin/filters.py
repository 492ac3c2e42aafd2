from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from mailboxes.figures import by_health
from tenants.admin.theme import ThemedSimpleFilter


class HealthFilter(ThemedSimpleFilter):
    """Mailboxes by how they are."""

    title = _("state")
    parameter_name = "health"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [
            ("trouble", _("in trouble")),
            ("waiting", _("waiting for Microsoft")),
            ("paused", _("paused")),
            ("off", _("off")),
            ("working", _("working")),
            ("quiet", _("unusually quiet")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        chosen = by_health().get(str(self.value()))
        return queryset if chosen is None else queryset.filter(chosen)
