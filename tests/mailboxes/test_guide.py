"""The setup guide: this customer's values, and a state for each step told from what is known here."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from mailboxes.guide import guide_of
from mailboxes.models import Mailbox
from tenants.models import AppRegistration, Consent
from tenants.setup.guide import State, Step
from tests.factories import AppRegistrationFactory, CredentialFactory, MailboxFactory
from tests.tenants.admin.conftest import Desk, desk, signed_in

__all__ = ["desk"]
pytestmark = pytest.mark.django_db


def connected(*, roles: str | None = None, **values: Any) -> AppRegistration:
    mailbox: Mailbox = MailboxFactory(**values)
    CredentialFactory(registration=mailbox.registration)
    if roles is not None:
        Consent.objects.create(
            tenant=mailbox.tenant, registration=mailbox.registration, roles=roles, proved_at=timezone.now()
        )
    registration: AppRegistration = mailbox.registration
    return registration


def step(registration: AppRegistration, words: str) -> Step:
    (found,) = [one for one in guide_of(registration) if words in one.title]
    return found


def test_fresh_registration_has_everything_to_do() -> None:
    registration = connected()
    states = {one.title: one.state for one in guide_of(registration)}
    assert states["Register an application of its own"] is State.OPEN
    assert states["Add the permissions and grant admin consent"] is State.OPEN
    assert states["Have the mailboxes in Exchange Online"] is State.OPEN


def test_registration_step_gives_the_redirect_address_and_names_what_cannot_work() -> None:
    """S0-4, S1-5, S2-5, S4-6, S4-7."""
    found = step(connected(), "Register an application")
    assert ("Redirect URI", "http://localhost:8000/oauth/callback/") in found.values
    assert any("Personal Microsoft accounts only does not" in sentence for sentence in found.says)


def test_granted_permissions_are_done() -> None:
    """S1-12."""
    found = step(connected(roles="Mail.ReadWrite"), "Add the permissions")
    assert found.state is State.DONE
    assert ("Microsoft Graph > Application permissions", "Mail.ReadWrite") in found.values


def test_missing_and_superfluous_permissions_are_named() -> None:
    """S4-5, S4-14."""
    found = step(connected(roles="Mail.Read full_access_as_app"), "Add the permissions")
    assert found.state is State.OPEN
    assert "Missing in the last token: Mail.ReadWrite." in found.says
    assert any("full_access_as_app" in sentence for sentence in found.says)


def test_mailbox_that_is_read_without_consent_is_limited_by_exchange() -> None:
    registration = connected(roles="", last_success_at=timezone.now())
    assert step(registration, "Recommended: limit").state is State.DONE
    assert step(registration, "Add the permissions").state is State.DONE


def test_mailbox_that_is_read_by_consent_may_be_one_of_all() -> None:
    """S4-20."""
    registration = connected(roles="Mail.ReadWrite", last_success_at=timezone.now())
    assert step(registration, "Recommended: limit").state is State.UNKNOWN


def test_credential_that_is_missing_is_to_do() -> None:
    registration = connected()
    registration.credentials.all().delete()
    assert step(registration, "Make a credential").state is State.OPEN


def test_steps_for_imap_come_with_its_ports() -> None:
    """S1-22, S3-13."""
    registration = connected(inbound_transport="imap", address="help@contoso.example")
    titles = [one.title for one in guide_of(registration)]
    assert not any("limit the application" in title for title in titles)
    assert "'help@contoso.example'" in step(registration, "IMAP, POP and SMTP").script
    assert ("IMAP", "outlook.office365.com:993") in step(registration, "reach Microsoft").values


def test_mailboxes_no_longer_read_stand_in_no_script() -> None:
    registration = connected()
    MailboxFactory(
        tenant=registration.tenant,
        registration=registration,
        address="gone@contoso.example",
        is_active=False,
        last_success_at=timezone.now(),
    )
    assert all("gone@contoso.example" not in one.script for one in guide_of(registration))


def test_application_is_given_no_role_on_a_mailbox_a_person_opens() -> None:
    """S1-4, S4-20: a role of Exchange opens it to the application, whoever signs in."""
    registration = connected(address="app@contoso.example")
    beside = {"tenant": registration.tenant, "registration": registration}
    MailboxFactory(**beside, address="person@contoso.example", sign_in="authorization_code")
    script = step(registration, "Recommended: limit").script
    assert ("app@contoso.example" in script, "person@contoso.example" in script) == (True, False)

    alone = connected(sign_in="authorization_code")
    assert not any("limit" in one.title for one in guide_of(alone))


def test_a_mailbox_being_set_up_counts_before_it_is_on() -> None:
    """Its permissions are not called superfluous, and the scripts open it."""
    registration = connected(roles="Mail.ReadWrite", is_active=False, address="new@contoso.example")

    found = step(registration, "Add the permissions")
    assert ("Microsoft Graph > Application permissions", "Mail.ReadWrite") in found.values
    assert not any("used by nothing here" in sentence for sentence in found.says)
    assert "new@contoso.example" in step(registration, "limit the application").script


def test_a_registration_without_a_mailbox_says_what_the_usual_one_needs() -> None:
    registration = AppRegistrationFactory()

    found = step(registration, "Add the permissions")
    assert {"Mail.ReadWrite", "Mail.Send"} <= {name for _place, name in found.values}
    assert found.state is State.OPEN
    assert not any(one.script for one in guide_of(registration))


def test_every_step_names_a_page_of_microsofts_and_the_day_of_its_check() -> None:
    """What limits the application was written from a dated version, and could not be checked since."""
    found = guide_of(connected(outbound_transport="smtp"))
    assert all(one.page.url.startswith("https://learn.microsoft.com/") for one in found)
    undated = [one for one in found if not one.page.checked_on]
    assert ["RBAC" in one.title for one in undated] == [True]
    assert undated[0].page.version_on


def test_page_says_which_step_was_not_checked_and_which_by_a_copy_without_a_day(desk: Desk) -> None:
    MailboxFactory(tenant=desk.ours, registration=desk.registration)
    url = reverse("admin:mailboxes_registration_guide", args=[desk.registration.pk])
    page = signed_in(desk.admin).get(url).content.decode()
    rbac, older = (
        page.partition(f"{path}")[2].partition("</p>")[0]
        for path in ("application-rbac", "new-applicationaccesspolicy")
    )
    assert ("version of" in rbac, "not checked since" in rbac) == (True, True)
    assert ("checked on" in older, "in a copy of unknown date" in older) == (True, True)


def test_page_shows_the_values_and_asks_nobody(desk: Desk, django_assert_max_num_queries: Any) -> None:
    MailboxFactory(tenant=desk.ours, registration=desk.registration, address="help@contoso.example")
    client = signed_in(desk.admin)
    url = reverse("admin:mailboxes_registration_guide", args=[desk.registration.pk])
    with django_assert_max_num_queries(14):
        page = client.get(url).content.decode()
    for words in (
        desk.registration.client_id,
        desk.ours.directory_id,
        "help@contoso.example",
        "New-ManagementScope",
    ):
        assert words in page


@pytest.mark.parametrize("who", ["stranger", "viewer", "agent"])
def test_page_is_for_admins_of_the_tenant(desk: Desk, who: str) -> None:
    url = reverse("admin:mailboxes_registration_guide", args=[desk.registration.pk])
    assert signed_in(getattr(desk, who)).get(url).status_code == 404


def test_cloud_without_hosts_is_explained(desk: Desk) -> None:
    desk.ours.cloud = "custom"
    desk.ours.save()
    url = reverse("admin:mailboxes_registration_guide", args=[desk.registration.pk])
    assert "M365_LOGIN_URL" in signed_in(desk.admin).get(url).content.decode()
