"""The limit of an application, proved by a mailbox it must be refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from mailboxes.scope_proof import due, open_scopes, prove_scope
from tenants import app_tokens
from tenants.models import AppRegistration, AuditEntry, ScopeProof
from tests.factories import AppRegistrationFactory, OperatorFactory
from tests.journeys.customer import Customer
from tests.journeys.fixtures import connected, control, customer, sandbox
from tests.tenants.admin.conftest import signed_in

__all__ = ["connected", "control", "customer", "sandbox"]
pytestmark = [pytest.mark.journey, pytest.mark.django_db]


@pytest.fixture
def beside(customer: Customer) -> Customer:
    """A customer with one more mailbox, which the application has no business with."""
    tenant = customer.mailbox.tenant
    here = {"directory_id": tenant.directory_id, "name": tenant.name, "domains": [tenant.domain]}
    box = {"address": f"ceo@{tenant.domain}"}
    customer.control("scenario", {"tenants": [{**here, "mailboxes": [box]}]})
    AppRegistration.objects.update(control_address=box["address"])
    return customer


def limit(customer: Customer, kind: str | None, **roles: list[str]) -> None:
    scope = {"kind": kind, "addresses": [customer.mailbox.address], **roles} if kind else None
    customer.control(f"apps/{customer.client_id}", {"scope": scope}, method="PATCH")


def proved() -> ScopeProof:
    app_tokens._opened.clear()
    return prove_scope(AppRegistration.objects.select_related("tenant").get())


def test_unlimited_application_is_found_open_and_told(beside: Customer) -> None:
    assert proved().result == "open"
    assert [condition.kind for condition in open_scopes()] == ["scope_open"]


def test_limited_application_is_refused_and_no_longer_told(beside: Customer) -> None:
    """S4-20."""
    proved()
    limit(beside, "policy")
    assert proved().result == "refused"
    assert open_scopes() == []
    told = (
        AuditEntry.objects.filter(details__has_key="limit").order_by("pk").values_list("details", flat=True)
    )
    assert list(told) == [{"limit": ["", "open"]}, {"limit": ["open", "refused"]}]


def test_refusal_of_everything_proves_nothing(beside: Customer) -> None:
    beside.control(f"apps/{beside.client_id}", {"roles": []}, method="PATCH")
    proof = proved()
    assert proof.result == "unclear"
    assert proof.trouble
    assert proof.trouble["code"] == "ErrorAccessDenied"


def test_address_without_a_mailbox_proves_nothing(beside: Customer) -> None:
    AppRegistration.objects.update(control_address="nobody@else.example")
    assert proved().result == "unclear"


def test_registration_without_a_mailbox_of_its_own_says_so(beside: Customer) -> None:
    beside.change(is_active=False)
    proof = proved()
    assert proof.trouble
    assert proof.trouble["code"] == "scope_without_mailbox"


def test_proof_is_due_once_a_week_and_only_where_a_control_mailbox_is_named(db: None) -> None:
    now = timezone.now()
    AppRegistrationFactory()
    rows = [AppRegistrationFactory(control_address="ceo@contoso.example") for _number in range(4)]
    for row, days, result in ((rows[1], 6, "refused"), (rows[2], 7, "open"), (rows[3], 2, "unclear")):
        ScopeProof.objects.create(
            tenant=row.tenant, registration=row, result=result, proved_at=now - timedelta(days=days)
        )
    assert list(due(now)) == [rows[0], rows[2], rows[3]]


def test_page_shows_the_result_with_its_date_and_another_address_forgets_it(beside: Customer) -> None:
    desk, registration = signed_in(OperatorFactory()), AppRegistration.objects.get()
    desk.post(reverse("admin:mailboxes_registration_scope", args=[registration.pk]))
    url = reverse("admin:tenants_appregistration_change", args=[registration.pk])
    page = desk.get(url).content.decode()
    assert "open: the application reaches mailboxes it has no business with" in page
    assert str(timezone.localdate().year) in page
    held = registration.credentials.get()
    desk.post(
        url,
        {
            "name": "Helpdesk",
            "client_id": registration.client_id,
            "control_address": "cfo@contoso.example",
            "credentials-TOTAL_FORMS": 1,
            "credentials-INITIAL_FORMS": 1,
            "credentials-0-id": held.pk,
            "credentials-0-registration": registration.pk,
        },
    )
    assert not ScopeProof.objects.exists()
