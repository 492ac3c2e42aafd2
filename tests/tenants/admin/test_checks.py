"""A page without a path to a tenant must stop the start, not leak quietly."""

import pytest
from django.contrib import admin
from django.contrib.admin.sites import AdminSite
from django.contrib.sessions.models import Session

from tenants.admin.scoped import OperatorOnly, TenantOwnedAdmin
from tenants.checks import check_admin_is_scoped
from tenants.models import AppRegistration, Credential


class PlainPage(admin.ModelAdmin):  # type: ignore[type-arg]
    pass


class PlainInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Credential


class PageWithPlainInline(TenantOwnedAdmin):
    inlines = [PlainInline]


class OperatorsPage(OperatorOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    pass


@pytest.mark.parametrize(
    ("model", "page", "ids"),
    [
        (AppRegistration, PlainPage, ["tenants.E001"]),
        (Session, TenantOwnedAdmin, ["tenants.E001"]),
        (AppRegistration, PageWithPlainInline, ["tenants.E002"]),
        (Session, OperatorsPage, []),
        (AppRegistration, TenantOwnedAdmin, []),
    ],
)
def test_an_unscoped_page_is_an_error(model: type, page: type, ids: list[str]) -> None:
    # A class of its own: Django remembers the sites of the other cases until they are collected.
    tried = type("Tried", (page,), {})
    site = AdminSite(name="tried")
    site.register(model, tried)

    assert [error.id for error in check_admin_is_scoped() if error.obj is tried] == ids


def test_every_page_of_the_product_is_scoped() -> None:
    ours = {type(page) for page in admin.site._registry.values()}

    assert [error for error in check_admin_is_scoped() if error.obj in ours] == []
