"""The way from nothing to a customer's mailbox: each page leads to the next, with what is known filled in."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from tenants.models import Tenant
from tests.factories import AppRegistrationFactory, OperatorFactory, QueueFactory, TenantFactory
from tests.tenants.admin.conftest import signed_in
from tests.tenants.microsoft import answers

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Client:
    return signed_in(OperatorFactory())


def test_a_tenant_has_a_queue_and_leads_to_its_registration(operator: Client) -> None:
    form = {"name": "Northwind", "directory_id": answers.DIRECTORY, "cloud": "global", "is_active": "on"}
    answer: Any = operator.post(reverse("admin:tenants_tenant_add"), form)

    tenant = Tenant.objects.get(name="Northwind")
    assert answer.url == f"{reverse('admin:tenants_appregistration_add')}?tenant={tenant.pk}"
    page = operator.get(reverse("admin:mailboxes_mailbox_add"), {"tenant": tenant.pk}).content.decode()
    assert "selected>Support</option>" in page


def test_a_new_registration_says_how_it_is_made(operator: Client) -> None:
    """S0-3, S0-4."""
    tenant = TenantFactory()
    page = operator.get(reverse("admin:tenants_appregistration_add"), {"tenant": tenant.pk}).content.decode()

    assert "http://localhost:8000/oauth/callback/" in page
    assert f'<option value="{tenant.pk}" selected>' in page
    assert "control_address" not in page


def test_a_mailbox_is_asked_for_with_what_is_known(operator: Client) -> None:
    """Of another customer nothing is offered, though there are two of everything."""
    ours, theirs = TenantFactory(), TenantFactory()
    for tenant in (ours, theirs):
        AppRegistrationFactory(tenant=tenant, name=f"App of {tenant.pk}")
        QueueFactory(tenant=tenant, name=f"Queue of {tenant.pk}")
    page = operator.get(reverse("admin:mailboxes_mailbox_add"), {"tenant": ours.pk}).content.decode()

    assert f"selected>App of {ours.pk}</option>" in page
    assert f"selected>Queue of {ours.pk}</option>" in page
    assert f"of {theirs.pk}<" not in page


def test_address_microsoft_does_not_return_to_is_named_before_it_is_registered(
    operator: Client, settings: Settings
) -> None:
    """S0-2."""
    settings.PUBLIC_URL = "http://desk.example"
    page = operator.get(reverse("admin:tenants_appregistration_add")).content.decode()
    assert "https addresses only" in page
