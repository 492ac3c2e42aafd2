"""Customers. The operator connects them; their admins see what is entered."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tenants.admin.scoped import TenantOwnedAdmin
from tenants.admin.theme import ThemedChoicesFilter
from tenants.models import AppRegistration, Tenant
from tenants.reach import ADMINS, NOBODY


@admin.register(Tenant)
class TenantAdmin(TenantOwnedAdmin):
    view_roles = ADMINS
    add_roles = NOBODY
    change_roles = NOBODY
    delete_roles = NOBODY
    list_display = ["name", "domain", "cloud", "is_active", "registrations"]
    list_filter = ["is_active", ("cloud", ThemedChoicesFilter)]
    search_fields = ["name", "domain", "directory_id"]
    empty_hint = _("No customer is connected yet. Add a tenant, then its app registration and its mailboxes.")
    fieldsets = [
        (
            None,
            {
                "fields": ["name", "directory_id", "domain", "cloud", "is_active"],
                "description": _("One customer organisation: one directory at Microsoft Entra."),
            },
        ),
        (_("Staff"), {"fields": ["requires_second_factor"]}),
        (_("Alerts"), {"fields": ["sends_alerts"]}),
        (
            _("Ways to sign in"),
            {
                "fields": ["allows_device_code", "allows_password"],
                "description": _("The application itself and people with a browser may always sign in."),
            },
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        registrations = (
            AppRegistration.objects.filter(tenant_id=OuterRef("pk")).order_by().values("tenant_id")
        )
        counted = registrations.annotate(number=Count("pk")).values("number")
        rows = super().get_queryset(request)
        counts: QuerySet[Any] = rows.annotate(registration_count=Coalesce(Subquery(counted), 0))
        return counts

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A tenant with a registration holds mail and tickets; switching it off is the way to stop it."""
        if obj is not None and AppRegistration.objects.filter(tenant_id=obj.pk).exists():
            return False
        return super().has_delete_permission(request, obj)

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        """Lead on to the next thing a customer needs."""
        messages.info(request, _("Next: the application that opens this customer's mailboxes."))
        return HttpResponseRedirect(f"{reverse('admin:tenants_appregistration_add')}?tenant={obj.pk}")

    @admin.display(description=_("app registrations"), ordering="registration_count")
    def registrations(self, tenant: Any) -> int:
        return int(tenant.registration_count)
