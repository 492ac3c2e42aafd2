"""The guide of one mailbox, and whether the hosts it names can be reached."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from mailboxes.consents import used_of
from mailboxes.guide import facts_of_mailbox, guide_of, guide_of_mailbox
from mailboxes.models import ExaminationResult, Mailbox
from mailboxes.reachability import try_hosts
from tenants.models import Consent
from tenants.setup.guide import State, Step
from tests.factories import AppRegistrationFactory, CredentialFactory, MailboxFactory, OperatorFactory
from tests.journeys.customer import Customer
from tests.journeys.fixtures import connected, control, customer, sandbox
from tests.tenants.admin.conftest import signed_in

__all__ = ["connected", "control", "customer", "sandbox"]
pytestmark = pytest.mark.django_db


def mailbox_with(**values: Any) -> Mailbox:
    mailbox: Mailbox = MailboxFactory(**values)
    CredentialFactory(registration=mailbox.registration)
    return mailbox


def step(mailbox: Mailbox, words: str) -> Step:
    (found,) = [one for one in guide_of_mailbox(mailbox) if words in one.title]
    return found


def titles(mailbox: Mailbox) -> list[str]:
    return [one.title for one in guide_of_mailbox(mailbox)]


def test_application_that_reads_over_graph_needs_no_user_and_no_protocol() -> None:
    found = titles(mailbox_with())
    assert not any("user who signs in" in title or "IMAP" in title for title in found)
    assert found[-1] == "Test it and switch it on"


def test_every_step_names_a_page_of_microsofts_and_the_day_of_its_check() -> None:
    mailbox = mailbox_with(
        sign_in="authorization_code",
        signed_in_user="reader@contoso.example",
        inbound_transport="imap",
        outbound_transport="smtp",
        reply_to="answers@contoso.example",
    )
    found = guide_of_mailbox(mailbox)
    assert {"Have customers' answers come back", "Choose the folder"} <= set(titles(mailbox))
    assert all(
        one.page.url.startswith("https://learn.microsoft.com/") and one.page.checked_on for one in found
    )


@pytest.mark.parametrize(("values", "is_told"), [({}, True), ({"sign_in": "authorization_code"}, False)])
def test_signing_in_to_a_shared_mailbox_is_blocked_where_nobody_does(
    values: dict[str, str], is_told: bool
) -> None:
    """The user who signs in is the mailbox itself where no other is named."""
    says = step(mailbox_with(**values), "Have the mailbox").says
    assert any("Nobody signs in to a shared mailbox" in sentence for sentence in says) is is_told


def test_permissions_are_those_of_this_mailbox_alone() -> None:
    """S1-7: the mailbox beside it sends, this one only reads."""
    mailbox = mailbox_with(after="keep")
    MailboxFactory(registration=mailbox.registration, tenant=mailbox.tenant, outbound_transport="graph")
    names = [name for _tab, name in step(mailbox, "permissions").values]
    assert "Mail.Read" in names
    assert "Mail.Send" not in names


def test_nobody_is_told_to_remove_what_the_mailbox_beside_it_needs() -> None:
    """S4-5: the one is read by a person, the other by the application of the same registration."""
    mailbox = mailbox_with(sign_in="authorization_code")
    MailboxFactory(registration=mailbox.registration, tenant=mailbox.tenant)
    roles = "Mail.ReadWrite Calendars.Read"
    Consent.objects.create(
        tenant=mailbox.tenant, registration=mailbox.registration, roles=roles, proved_at=timezone.now()
    )
    says = " ".join(step(mailbox, "permissions").says)
    assert "used by nothing here: Calendars.Read." in says


def test_right_of_the_application_that_only_a_person_needs_is_called_unused() -> None:
    mailbox = mailbox_with(sign_in="authorization_code")
    Consent.objects.create(
        tenant=mailbox.tenant,
        registration=mailbox.registration,
        roles="Mail.ReadWrite",
        proved_at=timezone.now(),
    )
    assert used_of(mailbox.registration, ["Mail.ReadWrite"]) == ()
    assert "used by nothing here: Mail.ReadWrite." in " ".join(step(mailbox, "permissions").says)


def test_missing_permission_is_open_and_a_granted_one_done() -> None:
    mailbox = mailbox_with()
    consent = Consent.objects.create(
        tenant=mailbox.tenant, registration=mailbox.registration, roles="Mail.Read", proved_at=timezone.now()
    )
    assert step(mailbox, "permissions").state is State.OPEN
    consent.roles = "Mail.ReadWrite"
    consent.save()
    assert step(mailbox, "permissions").state is State.DONE


def test_user_of_a_shared_mailbox_gets_the_rights_by_a_script() -> None:
    """S0-16, S3-13."""
    mailbox = mailbox_with(
        sign_in="authorization_code", signed_in_user="svc@contoso.example", outbound_transport="graph"
    )
    script = step(mailbox, "access to the mailbox").script
    assert "$user = 'svc@contoso.example'" in script
    assert f"@('{mailbox.address}')" in script
    assert "FullAccess" in script
    assert "SendAs" in script


@pytest.mark.parametrize(
    ("user", "is_warned"),
    [
        ("admin@contoso.example", True),
        ("it-admin@contoso.example", True),
        ("Administrator@contoso.example", True),
        ("admin2@contoso.example", True),
        ("helpdesk@contoso.example", False),
        ("administration@contoso.example", False),
    ],
)
def test_account_that_looks_like_an_administrators_is_warned_of(user: str, is_warned: bool) -> None:
    """S3-13: the seed signs in with the administrator's own account."""
    found = step(mailbox_with(sign_in="authorization_code", signed_in_user=user), "who signs in")
    assert any("administrator's account" in sentence for sentence in found.says) is is_warned


def test_other_from_address_gets_send_as_for_the_application() -> None:
    mailbox = mailbox_with(outbound_transport="graph", outbound_from="team@contoso.example")
    script = step(mailbox, "another address").script
    assert "-Identity 'team@contoso.example' -Trustee $principal.Id" in script


def sent_by_a_person(**values: Any) -> Mailbox:
    """A mailbox its application reads, and a person sends from."""
    how = {"outbound_transport": "graph", "outbound_sign_in": "authorization_code"}
    return mailbox_with(**how, outbound_signed_in_user="svc@contoso.example", **values)


def test_user_who_sends_apart_gets_send_as_and_no_right_to_read() -> None:
    script = step(sent_by_a_person(), "Send As").script
    assert "-Trustee 'svc@contoso.example' -AccessRights SendAs" in script
    assert "FullAccess" not in script


def test_user_who_reads_gets_no_send_as_where_another_sends() -> None:
    mailbox = sent_by_a_person(sign_in="device_code", signed_in_user="reader@contoso.example")
    script = step(mailbox, "access to the mailbox").script
    assert "reader@contoso.example" in script
    assert "SendAs" not in script


def test_other_from_address_is_given_to_the_user_who_sends() -> None:
    mailbox = sent_by_a_person(outbound_from="team@contoso.example")
    script = step(mailbox, "another address").script
    assert "-Identity 'team@contoso.example' -Trustee 'svc@contoso.example'" in script


def test_registration_that_sends_is_named_with_its_own_permissions() -> None:
    mailbox = mailbox_with(outbound_transport="graph", outbound_from="team@contoso.example")
    other = AppRegistrationFactory(tenant=mailbox.tenant, client_id="5b1f0d5e-0d7c-4a57-8d6d-3a1f6b7c9e10")
    mailbox.outbound_registration = other
    mailbox.save()
    reading, sending = [one for one in guide_of_mailbox(mailbox) if "permissions" in one.title]
    assert "Mail.Send" not in dict(reading.values).values()
    assert {other.client_id, "Mail.Send"} <= {value for _name, value in sending.values}
    assert f"$app = '{other.client_id}'" in step(mailbox, "another address").script


def test_permissions_of_a_person_are_not_looked_for_in_the_applications_token() -> None:
    mailbox = mailbox_with(sign_in="authorization_code")
    Consent.objects.create(
        tenant=mailbox.tenant, registration=mailbox.registration, roles="", proved_at=timezone.now()
    )
    found = step(mailbox, "Add the permissions")
    assert not any("Missing in the last token" in sentence for sentence in found.says)
    assert found.state is State.OPEN


def test_person_who_sends_over_smtp_leaves_the_application_without_rights() -> None:
    values = {"outbound_sign_in": "authorization_code", "outbound_signed_in_user": "svc@contoso.example"}
    mailbox = mailbox_with(outbound_transport="smtp", **values)
    script = step(mailbox, "Switch IMAP, POP and SMTP on").script
    assert "-SmtpClientAuthenticationDisabled $false" in script
    assert "$principal" not in script
    assert "ImapEnabled $true" not in script


def test_person_who_reads_over_imap_leaves_the_application_without_rights() -> None:
    mailbox = mailbox_with(inbound_transport="imap", sign_in="authorization_code")
    script = step(mailbox, "Switch IMAP, POP and SMTP on").script
    assert "-ImapEnabled $true" in script
    assert "FullAccess" not in script


def test_smtp_is_opened_to_the_registration_that_sends() -> None:
    mailbox = mailbox_with(inbound_transport="imap", outbound_transport="smtp")
    mailbox.outbound_registration = AppRegistrationFactory(
        tenant=mailbox.tenant, client_id="5b1f0d5e-0d7c-4a57-8d6d-3a1f6b7c9e10"
    )
    mailbox.save()
    reading, sending = [one for one in guide_of_mailbox(mailbox) if "IMAP" in one.title]
    assert "SendAs" not in reading.script
    assert mailbox.registration.client_id in reading.script
    assert mailbox.outbound_registration.client_id in sending.script


def test_hostile_address_stays_one_text_in_the_script() -> None:
    mailbox = mailbox_with(
        sign_in="authorization_code", signed_in_user="x'; Remove-Mailbox y #@contoso.example"
    )
    assert "$user = 'x''; remove-mailbox y #@contoso.example'" in step(mailbox, "access").script


@pytest.mark.parametrize(
    ("is_active", "is_ok", "state"),
    [
        (True, True, State.DONE),
        (True, False, State.OPEN),
        (True, None, State.UNKNOWN),
        (False, True, State.OPEN),
    ],
)
def test_last_step_has_the_state_of_the_last_examination(
    is_active: bool, is_ok: bool | None, state: State
) -> None:
    mailbox = mailbox_with(is_active=is_active)
    if is_ok is not None:
        ExaminationResult.objects.create(
            tenant=mailbox.tenant, mailbox=mailbox, is_ok=is_ok, examined_at=timezone.now()
        )
    assert step(mailbox, "Test it").state is state


def test_registration_of_an_older_program_is_named() -> None:
    """S4-5."""
    mailbox = mailbox_with()
    Consent.objects.create(
        tenant=mailbox.tenant,
        registration=mailbox.registration,
        roles="Mail.ReadWrite full_access_as_app",
        proved_at=timezone.now(),
    )
    (found,) = [one for one in guide_of(mailbox.registration) if "of its own" in one.title]
    assert any("full_access_as_app" in sentence for sentence in found.says)


@pytest.mark.journey
def test_page_asks_nobody_until_the_button_is_pressed(customer: Customer) -> None:
    desk, url = (
        signed_in(OperatorFactory()),
        reverse("admin:mailboxes_mailbox_guide", args=[customer.mailbox.pk]),
    )
    page = desk.get(url).content.decode()
    assert customer.control.targets() == []
    assert "tried just now" not in page
    pressed = desk.post(url).content.decode()
    assert pressed.count("is-success") > page.count("is-success")
    assert "tried just now" in pressed


@pytest.mark.journey
def test_closed_mail_port_is_named_with_the_way_out(customer: Customer, settings: Settings) -> None:
    """S1-22."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        settings.M365_IMAP_URL = settings.M365_POP_URL = f"imaps://127.0.0.1:{port}"
        customer.change(inbound_transport="imap")
        reached = {one.name: one.diagnosis for one in try_hosts(facts_of_mailbox(customer.row()))}
        assert reached["IMAP"] is None
    gone = {one.name: one.diagnosis for one in try_hosts(facts_of_mailbox(customer.row()))}
    assert gone["IMAP"] is not None
    assert gone["IMAP"].code == "mail_port_closed"
