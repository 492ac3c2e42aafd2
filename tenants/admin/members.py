"""Who works for a tenant, and as what."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.admin.scoped import TenantForm, TenantOwnedAdmin
from tenants.admin.theme import ThemedChoicesFilter
from tenants.models import Membership
from tenants.proof import ProvenPage
from tenants.reach import ADMINS, is_operator


class MembershipForm(TenantForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("role") == Membership.Role.ADMIN and cleaned.get("queues"):
            # He could lift the limit himself.
            self.add_error("queues", _("An admin works with all queues; choose another role or no queue."))
        self.instance.is_limited = bool(cleaned.get("queues"))
        return cleaned


@admin.register(Membership)
class MembershipAdmin(ProvenPage, TenantOwnedAdmin):
    """An admin gives roles in his own tenants; new accounts come from the operator."""

    form = MembershipForm
    view_roles = ADMINS
    list_display = ["user", "tenant", "role", "reach"]
    list_select_related = ["user", "tenant"]
    list_filter = ["tenant", ("role", ThemedChoicesFilter)]
    search_fields = ["user__username", "user__email"]
    fields = ["tenant", "user", "role", "queues"]
    empty_hint = _("Nobody works for a tenant yet. Add a member: an account, a tenant and a role.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).prefetch_related("queues")
        return rows

    @admin.display(description=_("queues"))
    def reach(self, membership: Membership) -> str:
        if not membership.is_limited:
            return gettext("all")
        # None left: the last of them was deleted.
        return ", ".join(str(queue) for queue in membership.queues.all()) or gettext("none")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = super().get_readonly_fields(request, obj)
        return [*fixed, "user"] if obj is not None else fixed

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes what he is himself: neither up, nor out of the tenant by mistake."""
        return super().has_change_permission(request, obj) and not self._is_his_own(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not self._is_his_own(request, obj)

    def _is_his_own(self, request: HttpRequest, membership: Any) -> bool:
        return membership is not None and membership.user_id == request.user.pk and not is_operator(request)
