"""The base of every admin page of tenant-owned rows: scoped by default, in each place Django leaves open.

Who may do what follows from the Membership alone; Django's own permissions are not asked. A row of another tenant
and a row that does not exist give the same answers.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from django.contrib.admin import ShowFacets
from django.core.exceptions import SuspiciousOperation
from django.db.models import ForeignKey, Model, QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from tenants.admin.audited import AuditedPage
from tenants.admin.deletion import summarise
from tenants.admin.filters import OwnRelatedFilter, with_tenant
from tenants.admin.links import show_in
from tenants.admin.theme import (
    PlainModelForm,
    ThemedAdmin,
    ThemedFormSet,
    ThemedStackedInline,
    ThemedTabularInline,
)
from tenants.models import Tenant
from tenants.ownership import TenantOwned
from tenants.reach import ADMINS, READERS, Role, is_operator, may, tenant_id_of, within

log = logging.getLogger(__name__)
#: What may follow the name of a filter in an address; everything else could ask about hidden columns (S-11).
_LOOKUP_TAIL = re.compile(r"(__(id|pk))?(__(exact|isnull|in|gte|gt|lte|lt))?\Z")


class PlantedFields(SuspiciousOperation):
    """A form came back with columns the page does not offer; Django answers 400 and logs it."""


class TenantForm(PlainModelForm):
    """Refuses rows of two tenants tied together, whoever ties them."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        tenant_id = cleaned["tenant"].pk if cleaned.get("tenant") else tenant_id_of(self.instance)
        for name, value in list(cleaned.items()):
            rows = value if isinstance(value, QuerySet) else [value]
            owners = {row.tenant_id for row in rows if isinstance(row, TenantOwned)}
            if tenant_id and owners - {tenant_id}:
                self.add_error(name, _("This belongs to another tenant; choose one of the same tenant."))
        return cleaned


class ScopedRelations:
    """What pages and inlines share: foreign keys offer, and take, rows within reach only."""

    change_roles: ClassVar[Collection[Role]] = ADMINS

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        # Given here, it binds the choices, the validation of what is posted and the initial value alike.
        rows = kwargs["queryset"] = self.offered(db_field.remote_field.model, request)
        is_asked = rows.model is Tenant or not db_field.blank
        if is_asked and len(only := list(rows[:2])) == 1:
            kwargs["initial"] = only[0].pk
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]
        return self._with_tenants(field, request)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = self.offered(db_field.remote_field.model, request)
        field = super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]
        return self._with_tenants(field, request)

    def _with_tenants(self, field: Any, request: HttpRequest) -> Any:
        """Have each choice say whose it is until the page is about one tenant: several have a "Support"."""
        is_of_one = getattr(request, "_tenant_of_page", None)
        if field and not is_of_one and issubclass(field.queryset.model, TenantOwned):
            field.label_from_instance = with_tenant
        return field

    def offered(self, model: type[Model], request: HttpRequest) -> QuerySet[Any]:
        """Give the rows a form may tie to: within reach, and of the tenant the page is about."""
        rows = within(request, model._default_manager.all(), self.change_roles)
        tenant_id = getattr(request, "_tenant_of_page", None)
        if tenant_id and issubclass(model, TenantOwned):
            rows = rows.filter(tenant_id=tenant_id)
        elif tenant_id and model is Tenant:
            rows = rows.filter(pk=tenant_id)
        if issubclass(model, TenantOwned) and any(field.name == "tenant" for field in model._meta.fields):
            rows = rows.select_related("tenant")
        return rows


class ShowsAll:
    """A list that offers to show all beside its title only where something is left out."""

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        shown = super().get_changelist_instance(request)  # type: ignore[misc]
        if not shown.query and not shown.get_filters_params():
            shown.full_result_count = shown.result_count
        return shown


class TenantOwnedAdmin(AuditedPage, ScopedRelations, ShowsAll, ThemedAdmin):
    """A page of rows that belong to a tenant. Subclasses name the roles; without any only the operator acts."""

    view_roles: ClassVar[Collection[Role]] = READERS
    add_roles: ClassVar[Collection[Role]] = ADMINS
    change_roles: ClassVar[Collection[Role]] = ADMINS
    delete_roles: ClassVar[Collection[Role]] = ADMINS
    #: Shown when the list is empty and nothing was searched for: what to do now.
    empty_hint: ClassVar[Any] = ""

    form = TenantForm
    show_facets = ShowFacets.NEVER
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 200
    list_filter_submit = True
    warn_unsaved_form = True
    compressed_fields = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return within(request, super().get_queryset(request), self.view_roles)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may(request, self.view_roles)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.view_roles, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may(request, self.add_roles)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.change_roles, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.delete_roles, obj)

    def _may(self, request: HttpRequest, roles: Collection[Role], row: Any) -> bool:
        return may(request, roles, tenant_id_of(row) if isinstance(row, Model) else None)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        request._tenant_of_page = tenant_id_of(obj) if obj else _asked_for(request)  # type: ignore[attr-defined]
        form = super().get_form(request, obj, change=change, **kwargs)
        show_in(form, request)
        if request.method == "POST" and kwargs.get("fields"):
            self._refuse_planted(request, form)
        return form

    def _refuse_planted(self, request: HttpRequest, form: Any) -> None:
        columns = {field.name for field in self.model._meta.get_fields()}
        if planted := sorted(columns & request.POST.keys() - form.base_fields.keys()):
            raise PlantedFields(
                f"User {request.user.pk} sent {', '.join(planted)} to {self.opts.label_lower}."
            )

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is None:
            # Missing or foreign: the answer does not tell, and neither does the log.
            told = {"by": request.user.pk, "model": self.opts.label_lower, "asked": str(object_id)[:40]}
            log.warning("a row out of reach was asked for", extra=told)
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A row never moves to another tenant."""
        fixed = super().get_readonly_fields(request, obj)
        is_owned = issubclass(self.model, TenantOwned)
        return [*fixed, "tenant"] if obj is not None and is_owned and "tenant" not in fixed else fixed

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Wrap every filter over a relation, so that it names rows within reach only (S-05)."""
        return [self._scoped_filter(item) for item in super().get_list_filter(request)]

    def _scoped_filter(self, item: Any) -> Any:
        if not isinstance(item, str):
            return item
        field = self.model._meta.get_field(item)
        return (item, OwnRelatedFilter) if field.is_relation else item

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Allow what the page's own filters ask, nothing else: any other lookup could guess at hidden columns."""
        names = _filter_names(self.get_list_filter(request) if request else self.list_filter)
        return any(
            lookup == name or (lookup.startswith(name) and _LOOKUP_TAIL.match(lookup[len(name) :]))
            for name in [*names, *([self.date_hierarchy] if self.date_hierarchy else [])]
        )

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        return summarise(objs, request, self)

    def get_list_display(self, request: HttpRequest) -> Any:
        """Say whose each row is only to those who work for several tenants."""
        columns = super().get_list_display(request)
        return columns if self.has_several_tenants(request) else [one for one in columns if one != "tenant"]

    def has_several_tenants(self, request: HttpRequest) -> bool:
        """Tell whether a list needs to say whose each row is; asked once for a page."""
        if not hasattr(request, "_has_several_tenants"):
            seen = within(request, Tenant.objects.all(), self.view_roles)
            request._has_several_tenants = len(seen[:2]) > 1  # type: ignore[attr-defined]
        return bool(request._has_several_tenants)  # type: ignore[attr-defined]


class OwnedFormSet(ThemedFormSet):
    """Rows of an inline belong to the tenant of the page, whatever is posted."""

    def full_clean(self) -> None:
        # Not while the forms are made: on the page that adds the row above, its tenant is not known before that
        # row's own form is clean, and Django makes these first.
        for form in self.forms:
            form.instance.tenant_id = tenant_id_of(self.instance)
        super().full_clean()

    def add_fields(self, form: Any, index: int | None) -> None:
        """Look up posted numbers among the rows of this page; stock Django does so among everybody's."""
        super().add_fields(form, index)
        model: Any = self.model
        number = form.fields.get(model._meta.pk.name)
        if hasattr(number, "queryset"):
            rows = model._default_manager.all()
            number.queryset = (
                rows.filter(**{self.fk.name: self.instance}) if self.instance.pk else rows.none()
            )


class ScopedInline(ScopedRelations):
    """An inline of tenant-owned rows; the roles are those of its own model."""

    formset: Any = OwnedFormSet
    view_roles: ClassVar[Collection[Role]] = ADMINS
    change_roles: ClassVar[Collection[Role]] = ADMINS
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return within(request, super().get_queryset(request), self.view_roles)  # type: ignore[misc]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, self.view_roles, tenant_id_of(obj) if obj else None)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, self.change_roles, tenant_id_of(obj) if obj else None)

    has_add_permission = has_change_permission
    has_delete_permission = has_change_permission

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        request._tenant_of_page = tenant_id_of(obj) if obj else _asked_for(request)  # type: ignore[attr-defined]
        formset = super().get_formset(request, obj, **kwargs)  # type: ignore[misc]
        show_in(formset.form, request)
        return formset


class OwnedStackedInline(ScopedInline, ThemedStackedInline):
    pass


class OwnedTabularInline(ScopedInline, ThemedTabularInline):
    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Name each box for those who do not see the head of its column."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            field.widget.attrs["aria-label"] = capfirst(field.label)
        return field


class OperatorOnly(ShowsAll):
    """Rows without a tenant: nobody but the operator knows that there are any."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Without this the answer to a number would tell whether there is such a row.
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        return within(request, rows) if is_operator(request) else rows.none()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_operator(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_operator(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_operator(request)

    has_change_permission = has_view_permission
    has_delete_permission = has_view_permission


def _asked_for(request: HttpRequest) -> int | None:
    """Read which tenant a new row is for, where a link said so; it only narrows what is within reach."""
    asked = request.GET.get("tenant", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None


def _filter_names(filters: Sequence[Any]) -> list[str]:
    names = [item[0] if isinstance(item, (list, tuple)) else item for item in filters]
    return [name if isinstance(name, str) else name.parameter_name for name in names]
