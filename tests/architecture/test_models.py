"""What every model keeps to."""

from collections.abc import Iterable

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models

from tenants.admin.scoped import TenantOwnedAdmin
from tenants.fields import encrypted_fields
from tenants.models import AuditEntry, Tenant
from tenants.ownership import TenantOwned

OWN_APPS = ("tenants", "mailboxes", "tickets", "house")
#: Rows of the installation itself or of one person, and the tenant, which owns and is not owned.
OF_NOBODY = {
    *("Tenant", "Heartbeat", "Alert", "SavedFilter", "CalendarLink", "AnswerStyle"),
    *("StaffIdentity", "SecondFactor", "RecoveryCode", "Preference"),
}


def own_models() -> list[type[models.Model]]:
    return [model for label in OWN_APPS for model in apps.get_app_config(label).get_models()]


def unowned(found: Iterable[type[models.Model]]) -> list[str]:
    """Find models that reach a tenant over some relation, or stand alone, without deriving TenantOwned."""
    return [
        model.__name__
        for model in found
        if model.__name__ not in OF_NOBODY and not issubclass(model, TenantOwned)
    ]


def badly_named_moments(found: Iterable[type[models.Model]]) -> list[str]:
    return [
        f"{model.__name__}.{field.name}"
        for model in found
        for field in model._meta.get_fields()
        if isinstance(field, models.DateTimeField) and not field.name.endswith(("_at", "_until"))
    ]


def secret_names() -> set[str]:
    return {field.name for model in own_models() for field in encrypted_fields(model)}


def test_every_row_belongs_to_exactly_one_tenant() -> None:
    assert unowned(own_models()) == []


def test_tenant_of_a_row_is_a_required_foreign_key() -> None:
    # A line of the audit list may be the operator's own, who is of no tenant.
    owned = [model for model in own_models() if issubclass(model, TenantOwned) and model is not AuditEntry]
    fields = [model._meta.get_field("tenant") for model in owned]
    assert [
        field.model.__name__ for field in fields if field.null or field.remote_field.model is not Tenant
    ] == []


def test_moments_end_in_at_or_until() -> None:
    assert badly_named_moments(own_models()) == []


def test_secrets_stand_in_tables_of_their_own() -> None:
    """A table with a secret is reached through a OneToOne or by nothing, so that no list ever selects it."""
    holders = [model for model in own_models() if encrypted_fields(model)]
    assert holders
    listed = [model.__name__ for model in holders if model in admin.site._registry]
    assert listed == []


@pytest.mark.parametrize("page", admin.site._registry.values(), ids=str)
def test_admin_page_shows_searches_and_edits_no_secret(page: admin.ModelAdmin) -> None:  # type: ignore[type-arg]
    named = [
        *page.list_display,
        *page.list_filter,
        *page.search_fields,
        *page.readonly_fields,
        *(page.fields or ()),
    ]
    flat = {part for name in map(str, named) for part in name.split("__")}
    inline_models = [inline.model for inline in page.inlines]
    assert flat & secret_names() == set()
    assert [model.__name__ for model in inline_models if encrypted_fields(model)] == []


def test_admin_pages_of_owned_rows_are_scoped() -> None:
    owned = [page for page in admin.site._registry.values() if issubclass(page.model, TenantOwned)]
    assert owned
    assert [str(page) for page in owned if not isinstance(page, TenantOwnedAdmin)] == []


def test_rules_find_an_unowned_model_and_a_badly_named_moment() -> None:
    class Stray(models.Model):  # noqa: DJ008 - never a row, never printed
        created = models.DateTimeField()

        class Meta:
            app_label = "fabricated"

    assert unowned([Stray]) == ["Stray"]
    assert badly_named_moments([Stray]) == ["Stray.created"]


def test_constraints_have_names_that_say_what_they_keep() -> None:
    unnamed = [
        f"{model.__name__}.{constraint.name}"
        for model in own_models()
        for constraint in model._meta.constraints
        if "%" in constraint.name or len(constraint.name) < 8
    ]
    assert unnamed == []
