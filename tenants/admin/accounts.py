"""Accounts of staff: the operator's alone, for whoever may edit an account may become anybody."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tenants.admin.audited import AuditedPage
from tenants.admin.scoped import OperatorOnly
from tenants.admin.theme import (
    ThemedAdmin,
    ThemedPasswordChangeForm,
    ThemedStackedInline,
    ThemedTabularInline,
    ThemedUserAdmin,
    ThemedUserChangeForm,
    ThemedUserCreationForm,
)
from tenants.models import Membership, SecondFactor, StaffIdentity
from tenants.proof import ProvenPage, ask_again

admin.site.unregister(User)
# Roles per tenant take the place of groups; two ways to give a right would be one to forget.
admin.site.unregister(Group)


class MembershipsInline(OperatorOnly, ThemedTabularInline):
    model = Membership
    fields = ["tenant", "role"]
    extra = 0
    verbose_name_plural = _("works for")


class MicrosoftAccountInline(OperatorOnly, ThemedStackedInline):
    model = StaffIdentity
    fields = ["directory_id", "object_id"]
    extra = 0
    verbose_name_plural = _("signs in with Microsoft as")


@admin.register(User)
class AccountAdmin(ProvenPage, AuditedPage, OperatorOnly, ThemedUserAdmin, ThemedAdmin):
    form = ThemedUserChangeForm
    add_form = ThemedUserCreationForm
    change_password_form = ThemedPasswordChangeForm
    inlines = [MembershipsInline, MicrosoftAccountInline]
    change_form_outer_before_template = "tenants/account_top.html"
    list_display = ["username", "email", "is_active", "is_superuser", "has_second_step", "last_login"]
    list_filter = ["is_active", "is_superuser"]
    list_filter_submit = True
    filter_horizontal = ()
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": ["first_name", "last_name", "email"]}),
        (
            _("What the account may do"),
            {
                "fields": ["is_active", "is_staff", "is_superuser"],
                "description": _(
                    "A member of staff signs in and sees the tenants he works for. "
                    "A superuser is the operator and sees everything."
                ),
            },
        ),
    ]
    add_fieldsets = [
        (None, {"classes": ["wide"], "fields": ["username", "email", "password1", "password2", "is_staff"]})
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        confirmed = SecondFactor.objects.filter(user=OuterRef("pk"), confirmed_at__isnull=False)
        rows: QuerySet[Any] = super().get_queryset(request).annotate(second_step=Exists(confirmed))
        return rows

    @admin.display(description=_("two-step"), boolean=True, ordering="second_step")
    def has_second_step(self, account: Any) -> bool:
        return bool(account.second_step)

    def user_change_password(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return ask_again(request) or super().user_change_password(request, *args, **kwargs)
