"""A person signs in by device code, or a stored password does. Covers S2-1, S2-3, S2-7, S3-1, S3-15, S3-18, S-55."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from mailboxes import device_codes, tokens
from mailboxes.models import DeviceCodePending, Mailbox, MailboxSignIn
from mailboxes.tasks import look_for_device_code
from tests.journeys.customer import Control, Json
from tests.journeys.person import PASSWORD, Connect, Person

pytestmark = [pytest.mark.journey, pytest.mark.django_db]
PUBLIC = {"public_client": True}


@pytest.fixture(autouse=True)
def impatient(control: Control) -> None:
    control("devices", {"interval_s": 1})


def switched_on(person: Person, **switches: bool) -> Person:
    tenant = person.customer.mailbox.tenant
    for name, value in switches.items():
        setattr(tenant, name, value)
    tenant.save()
    return person


@pytest.fixture
def device(connect: Connect) -> Person:
    person = connect(app=PUBLIC, sign_in=Mailbox.SignIn.DEVICE_CODE)
    return switched_on(person, allows_device_code=True)


def code_of(person: Person) -> str:
    return str(DeviceCodePending.objects.get(mailbox=person.mailbox).user_code)


def answer(person: Person, account: str = "", *, what: str = "accept") -> None:
    body: Json = {"answer": what, "account": account or person.mailbox.address}
    person.customer.control(f"devices/{code_of(person)}", body)


def look(person: Person) -> None:
    """Let the schedule come round: the code is due, and its task runs."""
    DeviceCodePending.objects.update(look_at=timezone.now() - timedelta(seconds=1))
    for mailbox_id in device_codes.due(timezone.now()):
        look_for_device_code(mailbox_id)


def test_code_is_shown_with_its_address_and_its_time(device: Person) -> None:
    """S3-15"""
    left = device.press()
    page: Any = device.admin.get(left["Location"])
    shown = page.content.decode()
    assert code_of(device) in shown
    assert "/common/oauth2/deviceauth" in shown
    assert device.mailbox.address in shown
    assert page.headers["Refresh"]


def test_entered_code_signs_the_mailbox_in(device: Person) -> None:
    left = device.press()
    look(device)
    assert DeviceCodePending.objects.exists()
    answer(device)
    look(device)
    done = device.admin.get(left["Location"])
    assert done["Location"] == reverse("admin:mailboxes_mailbox_change", args=[device.mailbox.pk])
    assert "Inbox: 0" in device.page()
    assert device.customer.sync().error is None


def test_sign_in_by_code_is_renewed_without_a_secret(connect: Connect) -> None:
    """The application may well have one: the code was asked for without it."""
    person = connect(app=PUBLIC, sign_in=Mailbox.SignIn.DEVICE_CODE)
    switched_on(person, allows_device_code=True)
    person.press()
    answer(person)
    look(person)
    tokens.UserTokens(person.mailbox, resource="graph").renew()
    assert person.row.is_public


def test_code_entered_by_somebody_else_is_refused_by_name(device: Person) -> None:
    device.press()
    answer(device, device.named("anna"))
    look(device)
    page = device.page()
    assert device.named("anna") in page
    assert "private browser window" in page
    assert device.row.refresh_token is None


@pytest.mark.parametrize(("what", "words"), [("decline", "declined to sign in"), ("expire", "AADSTS70020")])
def test_code_that_came_to_nothing_is_explained(device: Person, what: str, words: str) -> None:
    device.press()
    answer(device, what=what)
    look(device)
    assert words in device.page()
    assert not DeviceCodePending.objects.exists()


def test_code_is_asked_about_by_one_worker_at_a_time(device: Person) -> None:
    device.press()
    DeviceCodePending.objects.update(look_at=timezone.now() - timedelta(seconds=1))
    device.customer.control("counters/reset")
    first, second = (DeviceCodePending.objects.get() for _ in range(2))
    assert device_codes._claim(first)
    assert not device_codes._claim(second)


def test_application_that_allows_no_public_clients_is_named(connect: Connect) -> None:
    """S2-7"""
    person = switched_on(connect(sign_in=Mailbox.SignIn.DEVICE_CODE), allows_device_code=True)
    person.press()
    if DeviceCodePending.objects.exists():
        answer(person)
        look(person)
    page = person.page()
    assert "AADSTS7000218" in page
    assert "Allow public client flows" in page


@pytest.mark.parametrize("way", [Mailbox.SignIn.DEVICE_CODE, Mailbox.SignIn.PASSWORD])
def test_way_the_tenant_has_not_switched_on_is_refused(connect: Connect, way: str) -> None:
    person = connect(app=PUBLIC, sign_in=way)
    tokens.store_password(person.mailbox, PASSWORD)
    person.customer.control("counters/reset")
    person.press()
    assert "switched off for the tenant" in person.page()
    assert person.customer.control.targets() == []


def with_password(connect: Connect, *, app: Json | None = None) -> Person:
    # Nobody is asked for consent on the way: an administrator has granted it.
    granted = {"scopes": ["Mail.ReadWrite", "User.Read"], **(app or {})}
    person = connect(app=granted, sign_in=Mailbox.SignIn.PASSWORD)
    switched_on(person, allows_password=True)
    tokens.store_password(person.mailbox, PASSWORD)
    return person


@pytest.mark.parametrize("app", [None, PUBLIC], ids=["with a secret", "public client"])
def test_password_signs_in(connect: Connect, app: Json | None) -> None:
    """S3-1, S3-18, and S2-1, S2-3 without a secret"""
    person = with_password(connect, app=app)
    person.press()
    assert "Inbox: 0" in person.page()
    assert person.customer.sync().error is None


def test_first_look_signs_in_by_password_without_anybody_pressing(connect: Connect) -> None:
    person = with_password(connect)
    assert person.customer.sync().error is None
    assert person.row.account == person.mailbox.address


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"mfa": True}, "AADSTS50076"),
        ({"password": "another"}, "AADSTS50126"),
        ({"refused": 50053}, "AADSTS50053"),
    ],
)
def test_account_a_password_is_not_enough_for_is_explained(connect: Connect, change: Json, code: str) -> None:
    person = with_password(connect)
    person.customer.control(f"people/{person.mailbox.address}", change, method="PATCH")
    person.press()
    assert code in person.page()
    assert MailboxSignIn.objects.get().refresh_token is None


def test_wrong_password_mended_in_the_form_works_at_once(connect: Connect) -> None:
    """F-79"""
    person = with_password(connect)
    tokens.store_password(person.mailbox, "wrong")
    person.press()
    assert "AADSTS50126" in person.page()
    tokens.store_password(person.mailbox, PASSWORD)
    person.press()
    assert "Inbox: 0" in person.page()
