"""The buttons that ask Microsoft now: what they show when it answers, and when it refuses."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mailboxes.consents import look_at
from tenants import app_tokens
from tests.factories import CredentialFactory, MailboxFactory, MembershipFactory
from tests.journeys.customer import Customer
from tests.tenants.admin.conftest import signed_in

pytestmark = [pytest.mark.journey, pytest.mark.django_db]


@pytest.fixture
def admin(customer: Customer) -> Client:
    return signed_in(MembershipFactory(tenant=customer.mailbox.tenant, role="admin").user)


def press(admin: Client, name: str, pk: int) -> str:
    page: Any = admin.post(reverse(f"admin:{name}", args=[pk]))
    assert page.status_code == 200
    return str(page.content.decode())


def test_a_registration_is_proved_with_a_fresh_token(customer: Customer, admin: Client) -> None:
    page = press(admin, "tenants_appregistration_test", customer.mailbox.registration_id)

    assert "Entra gave a fresh token" in page
    assert "Mail.ReadWrite" in page


def test_a_wrong_secret_is_explained_with_its_code(customer: Customer, admin: Client) -> None:
    secret = customer.mailbox.registration.credentials.get().secret
    secret.material = '{"value": "wrong~secret.Value-2"}'
    secret.save()
    page = press(admin, "tenants_appregistration_test", customer.mailbox.registration_id)

    assert "AADSTS7000215" in page
    assert "What to do" in page
    assert "wrong~secret" not in page


@pytest.mark.parametrize(
    "door", ["tenants_appregistration_test", "mailboxes_mailbox_folders", "mailboxes_inboundmessage_preview"]
)
def test_what_is_up_to_the_customers_administrator_is_ready_to_send(
    customer: Customer, admin: Client, door: str
) -> None:
    """The ids to find the registration by, the step, and the ids for Microsoft's support; no secret."""
    customer.control(f"apps/{customer.client_id}", {"disabled": True}, method="PATCH")
    app_tokens.forget(customer.mailbox.registration)
    is_of_registration = door.startswith("tenants")
    row = customer.mailbox.registration if is_of_registration else customer.mailbox
    page = press(admin, door, row.pk)
    note = page.partition("ready to send")[2].partition("</pre>")[0]

    assert is_of_registration or customer.mailbox.address in note
    tenant = customer.mailbox.tenant
    assert all(
        one in note for one in (customer.client_id, tenant.directory_id, "AADSTS7000112", "Properties")
    )
    assert "correlation_id: " in note


def test_a_wrong_secret_is_no_mail_to_the_customer(customer: Customer, admin: Client) -> None:
    CredentialFactory(registration=customer.mailbox.registration, value="wrong~secret.Value-2")
    customer.mailbox.registration.credentials.order_by("pk")[0].delete()
    page = press(admin, "tenants_appregistration_test", customer.mailbox.registration_id)
    assert "AADSTS7000215" in page
    assert "ready to send" not in page


def test_one_mailbox_that_cannot_open_keeps_no_consent_waiting(customer: Customer) -> None:
    """S2-13: without a licence, or misspelt, it says nothing about the consent; the next one is tried."""
    address, registration = customer.mailbox.address, customer.mailbox.registration
    customer.change(address="nobody@elsewhere.example")
    look = look_at(registration, app_tokens.fresh(registration))
    assert look.trouble is not None
    assert look.trouble.correlation[0] == ("mailbox", "nobody@elsewhere.example")

    MailboxFactory(tenant=registration.tenant, registration=registration, address=address)
    look = look_at(registration, app_tokens.fresh(registration))
    assert (look.trouble, look.seen.split(":")[0]) == (None, address)


def test_the_live_folders_are_offered_and_the_chosen_one_is_read(customer: Customer, admin: Client) -> None:
    customer.arrive("archived", folder="archive")
    page = press(admin, "mailboxes_mailbox_folders", customer.mailbox.pk)
    values = [part.partition('"')[0] for part in page.split('name="folder" required value="')[1:]]
    (chosen,) = [value for value in values if value.endswith("Archive")]
    form = {"purpose": "folder", "folder": chosen.replace("&#10;", "\n")}
    admin.post(reverse("admin:mailboxes_mailbox_choose", args=[customer.mailbox.pk]), form)

    assert customer.sync().fetched == 1
