"""What a mailbox is set to do, told in permissions, for each registration apart."""

from typing import Any

import pytest
from django.utils import timezone

from mailboxes.features import needed_by, needed_of
from tenants.consent import withdrawn_of
from tenants.models import Consent
from tests.factories import AppRegistrationFactory, MailboxFactory

pytestmark = pytest.mark.django_db


def named(permissions: Any) -> list[str]:
    return [one.name for one in permissions if not one.is_optional]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, ["Mail.ReadWrite"]),
        ({"after": "keep"}, ["Mail.Read"]),
        ({"after": "keep", "copy_to": "Kept"}, ["Mail.ReadWrite"]),
        ({"inbound_transport": "none"}, []),
        ({"outbound_transport": "graph"}, ["Mail.ReadWrite", "Mail.Send"]),
    ],
)
def test_needs_follow_what_is_switched_on(values: dict[str, str], expected: list[str]) -> None:
    mailbox = MailboxFactory(**values)
    assert sorted(named(needed_by(mailbox, mailbox.registration))) == expected


def test_sending_may_have_a_registration_of_its_own() -> None:
    """S0-13, S0-25."""
    mailbox = MailboxFactory(outbound_transport="graph", after="keep")
    mailbox.outbound_registration = AppRegistrationFactory(tenant=mailbox.tenant)
    mailbox.save()
    assert named(needed_by(mailbox, mailbox.registration)) == ["Mail.Read"]
    assert sorted(named(needed_of(mailbox.outbound_registration))) == ["Mail.ReadWrite", "Mail.Send"]


def test_user_who_opens_a_shared_mailbox_needs_the_shared_right() -> None:
    """S0-16."""
    mailbox = MailboxFactory(sign_in="authorization_code", signed_in_user="svc@contoso.example")
    assert "Mail.ReadWrite.Shared" in named(needed_by(mailbox, mailbox.registration))


def test_registration_needs_what_all_its_mailboxes_need() -> None:
    mailbox = MailboxFactory(after="keep")
    MailboxFactory(tenant=mailbox.tenant, registration=mailbox.registration, outbound_transport="graph")
    assert {"Mail.Read", "Mail.Send"} <= set(named(needed_of(mailbox.registration)))


def test_only_what_some_mailbox_uses_counts_as_withdrawn() -> None:
    """S4-5: rights nothing uses are removed because the examination advises it."""
    registration = MailboxFactory().registration
    lost = "Calendars.Read Mail.ReadWrite full_access_as_app"
    Consent.objects.create(
        tenant=registration.tenant, registration=registration, lost=lost, proved_at=timezone.now()
    )
    assert withdrawn_of(registration) == ("Mail.ReadWrite",)
