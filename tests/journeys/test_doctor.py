"""Every broken thing, found step by step against the sandbox: what fails, with which code, and who acts."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mailboxes.doctor import STEPS, Examination, examine
from mailboxes.models import Folder, Mailbox
from mailboxes.outbound.room import room_of
from mailboxes.tasks import examine_mailbox
from tests.factories import CANARY_SECRET, CredentialFactory, FolderFactory, MembershipFactory
from tests.journeys.customer import Customer
from tests.tenants.admin.conftest import signed_in

pytestmark = [pytest.mark.journey, pytest.mark.django_db]

FULL = ["Mail.ReadWrite", "MailboxSettings.Read"]
KEYS = {"id", "status", "code", "cause", "who", "fix", "detail"}


@pytest.fixture
def granted(customer: Customer) -> Customer:
    """A customer whose application holds what it needs and no more, with an expiry date entered."""
    customer.control(f"apps/{customer.client_id}", {"roles": FULL}, method="PATCH")
    customer.mailbox.registration.credentials.update(expires_on=timezone.localdate() + timedelta(days=300))
    return customer


def found(customer: Customer) -> dict[str, str]:
    """Examine the mailbox; gives the code of every step that asks for something, "" where none is."""
    return codes(examine(Mailbox.objects.select_related("registration__tenant").get(pk=customer.mailbox.pk)))


def codes(examination: Examination) -> dict[str, str]:
    assert [check.id for check in examination.checks] == list(STEPS)
    return {
        check.id: check.diagnosis.code if check.diagnosis else ""
        for check in examination.checks
        if check.asks
    }


def spoil(customer: Customer, value: str) -> None:
    customer.mailbox.registration.credentials.all().delete()
    CredentialFactory(
        registration=customer.mailbox.registration,
        value=value,
        expires_on=timezone.localdate() + timedelta(days=300),
    )


def run(*arguments: str) -> tuple[dict[str, Any], bool]:
    """Run the command; gives its JSON and whether it succeeded."""
    printed = io.StringIO()
    try:
        call_command("doctor", *arguments, "--json", stdout=printed)
    except CommandError:
        return json.loads(printed.getvalue()), False
    return json.loads(printed.getvalue()), True


def test_sound_mailbox_asks_nothing_of_anybody(granted: Customer) -> None:
    granted.arrive("printer")
    assert found(granted) == {}


def test_examination_leaves_no_draft_behind(granted: Customer) -> None:
    found(granted)
    assert granted.folders().get("drafts", []) == []
    assert any(one.startswith("POST") and one.endswith("/messages") for one in granted.control.targets())


def test_wrong_secret_is_named_with_microsofts_code(granted: Customer) -> None:
    spoil(granted, CANARY_SECRET)
    assert found(granted) == {"token": "AADSTS7000215"}


def test_secret_id_pasted_for_the_secret_is_recognised(granted: Customer) -> None:
    """S1-6."""
    spoil(granted, "5c7a6a3e-62c1-4c0e-9d58-1d8f6f3a2b10")
    assert found(granted) == {"credential": "secret_is_id", "token": "AADSTS7000215"}


def test_expired_secret_is_named_with_microsofts_code(granted: Customer) -> None:
    """S4-8."""
    granted.control(f"apps/{granted.client_id}/secrets/expire")
    assert found(granted) == {"token": "AADSTS7000222"}


def test_newest_credential_that_is_refused_shows_beside_an_older_that_works(granted: Customer) -> None:
    later = timezone.localdate() + timedelta(days=300)
    CredentialFactory(registration=granted.mailbox.registration, value=CANARY_SECRET, expires_on=later)
    assert found(granted) == {"token": "credential_newest_refused"}


def test_directory_that_does_not_exist_is_named(granted: Customer) -> None:
    """S2-4."""
    tenant = granted.mailbox.tenant
    tenant.directory_id = "11111111-2222-4333-8444-555555555555"
    tenant.save()
    assert found(granted) == {"directory": "AADSTS90002"}


def test_application_of_another_directory_is_named(granted: Customer, connected: Any) -> None:
    tenant, other = granted.mailbox.tenant, connected().mailbox.tenant
    mine, theirs = tenant.directory_id, other.directory_id
    other.directory_id = mine[::-1][:8] + mine[8:]
    other.save()
    tenant.directory_id = theirs
    tenant.save()
    assert found(granted) == {"token": "AADSTS700016"}


def test_missing_permission_is_named_with_the_step_it_stops(granted: Customer) -> None:
    """S1-9, S1-12."""
    granted.control(f"apps/{granted.client_id}", {"roles": []}, method="PATCH")
    assert found(granted) == {"permissions": "permission_missing", "mailbox": "ErrorAccessDenied"}


def test_right_to_read_alone_stops_at_writing(granted: Customer) -> None:
    granted.control(f"apps/{granted.client_id}", {"roles": ["Mail.Read"]}, method="PATCH")
    assert found(granted)["write"] == "ErrorAccessDenied"


def test_exchange_role_is_as_good_as_a_permission_in_the_token(granted: Customer) -> None:
    """S4-20: with RBAC for Applications the token names no permission."""
    scope = {"kind": "rbac", "addresses": [granted.mailbox.address], "roles": ["Application Mail.ReadWrite"]}
    granted.control(f"apps/{granted.client_id}", {"roles": [], "scope": scope}, method="PATCH")
    assert found(granted) == {}


def test_right_to_list_alone_stops_at_reading(granted: Customer) -> None:
    granted.control(f"apps/{granted.client_id}", {"roles": ["Mail.ReadBasic.All"]}, method="PATCH")
    assert found(granted)["read"] == "ErrorAccessDenied"


def test_access_policy_that_leaves_the_mailbox_out_is_named(granted: Customer) -> None:
    """S1-4."""
    scope = {"kind": "policy", "addresses": ["other@contoso.example"]}
    granted.control(f"apps/{granted.client_id}", {"scope": scope}, method="PATCH")
    assert found(granted)["mailbox"] == "access_policy"


def test_permission_nothing_uses_is_flagged(granted: Customer) -> None:
    """S4-5: the sign of an older program's registration."""
    granted.control(f"apps/{granted.client_id}", {"roles": [*FULL, "full_access_as_app"]}, method="PATCH")
    assert found(granted) == {"permissions": "permission_superfluous"}


def test_right_to_send_waits_for_outgoing_mail(granted: Customer) -> None:
    """The setup guide had it granted; nobody is asked to take it back before sending was ever switched on."""
    granted.control(f"apps/{granted.client_id}", {"roles": [*FULL, "Mail.Send"]}, method="PATCH")
    assert found(granted) == {"permissions": "permission_to_send_unused"}


def test_mailbox_without_licence_is_named(granted: Customer) -> None:
    """S2-13."""
    granted.control(f"{granted.path}/kind", {"kind": "unlicensed"})
    assert found(granted) == {"mailbox": "MailboxNotEnabledForRESTAPI"}


def test_address_nobody_has_is_named(granted: Customer) -> None:
    granted.change(address="nobody@elsewhere.example")
    assert found(granted) == {"mailbox": "ErrorInvalidUser"}


def test_room_is_doubted(granted: Customer) -> None:
    granted.control(f"{granted.path}/kind", {"kind": "room"})
    assert found(granted) == {"purpose": "mailbox_purpose"}


def test_settings_that_may_not_be_read_are_said_to_be_unchecked(granted: Customer) -> None:
    """S1-14."""
    granted.control(f"apps/{granted.client_id}", {"roles": ["Mail.ReadWrite"]}, method="PATCH")
    document, is_ok = run(granted.mailbox.address)
    checks = {check["id"]: check for check in document["mailboxes"][0]["checks"]}
    assert (is_ok, checks["time_zone"]["status"], checks["time_zone"]["code"]) == (
        True,
        "skip",
        "settings_unreadable",
    )


def test_folder_that_is_not_there_is_named(granted: Customer) -> None:
    granted.change(folder="Support/Incoming")
    assert found(granted) == {"folder": "folder_missing"}


def test_folder_deleted_since_it_was_chosen_is_named(granted: Customer) -> None:
    made = granted.control(f"{granted.path}/folders", {"folder": "Support"})
    granted.change(folder="Support")
    FolderFactory(mailbox=granted.mailbox, path="Support", remote_id=made["id"], purpose=Folder.Purpose.INBOX)
    assert found(granted) == {}
    granted.control(f"{granted.path}/folders/delete", {"folder": "Support"})
    assert found(granted) == {"folder": "folder_missing"}


def test_folder_renamed_since_it_was_chosen_is_still_found(granted: Customer) -> None:
    made = granted.control(f"{granted.path}/folders", {"folder": "Support"})
    granted.change(folder="Support")
    FolderFactory(mailbox=granted.mailbox, path="Support", remote_id=made["id"], purpose=Folder.Purpose.INBOX)
    granted.control(f"{granted.path}/folders/rename", {"folder": "Support", "name": "Hilfe"})
    assert found(granted) == {}


def test_nothing_is_asked_for_a_tenant_that_is_off(granted: Customer) -> None:
    granted.mailbox.tenant.is_active = False
    granted.mailbox.tenant.save()
    granted.control("counters/reset")
    assert found(granted)["login_host"] == "tenant_off"
    assert granted.control.targets() == []


@pytest.mark.parametrize(("offset_s", "code"), [(90, "clock_drift"), (-600, "clock_skew")])
def test_clock_that_is_off_is_named(granted: Customer, offset_s: int, code: str) -> None:
    """F-80."""
    granted.control("clock", {"offset_s": offset_s})
    assert found(granted)["clock"] == code


def test_throttled_mailbox_is_not_called_broken(granted: Customer) -> None:
    granted.control.fault(
        "status", path="/mailFolders/inbox", options={"status": 429, "code": "TooManyRequests"}
    )
    assert "mailbox" not in found(granted)


def test_examination_takes_one_seat_and_gives_it_back(granted: Customer) -> None:
    """F-49: never more than four requests at once for one application and mailbox."""
    found(granted)
    assert granted.row().visitor_until is None


def test_mailbox_somebody_else_is_testing_is_left_alone(granted: Customer) -> None:
    granted.change(visitor_until=timezone.now() + timedelta(minutes=1))
    document, _is_ok = run(granted.mailbox.address)
    (check,) = [one for one in document["mailboxes"][0]["checks"] if one["id"] == "mailbox"]
    assert (check["status"], check["code"]) == ("skip", "slots_taken")


def test_right_to_send_that_nobody_tried_is_doubted(granted: Customer) -> None:
    granted.change(outbound_transport="graph")
    assert found(granted) == {"permissions": "permission_missing"}
    assert run(granted.mailbox.address)[1] is True


def test_sending_without_drafts_works_and_says_what_is_lost(granted: Customer) -> None:
    """S0-7, S0-8: Mail.Send alone."""
    granted.control(f"apps/{granted.client_id}", {"roles": ["Mail.Read", "Mail.Send"]}, method="PATCH")
    granted.change(outbound_transport="graph", after="keep")
    assert found(granted)["write"] == "drafts_denied"
    assert examine_mailbox(granted.mailbox.pk) is None
    assert room_of(granted.row()).needs_drafts
    assert run(granted.mailbox.address)[1] is True


def test_rights_of_mail_protocols_are_not_looked_for_in_graphs_token(granted: Customer) -> None:
    granted.control(f"apps/{granted.client_id}", {"roles": []}, method="PATCH")
    granted.change(inbound_transport="imap")
    # Only that no mail server is there to sign in to.
    assert found(granted).keys() == {"mailbox"}


def test_command_prints_the_promised_shape(granted: Customer) -> None:
    document, is_ok = run()
    assert (is_ok, document["ok"], document.keys()) == (True, True, {"ok", "mailboxes"})
    (mailbox,) = document["mailboxes"]
    assert mailbox.keys() == {"address", "ok", "checks"}
    assert all(check.keys() == KEYS for check in mailbox["checks"])
    assert {check["status"] for check in mailbox["checks"]} == {"ok", "skip"}


def test_command_fails_when_a_check_fails(granted: Customer) -> None:
    granted.control(f"apps/{granted.client_id}", {"disabled": True}, method="PATCH")
    document, is_ok = run(granted.mailbox.address)
    assert (is_ok, document["ok"], document["mailboxes"][0]["ok"]) == (False, False, False)


def test_command_names_an_address_it_does_not_know(db: None) -> None:
    document, is_ok = run("nobody@contoso.example")
    assert (is_ok, document["mailboxes"][0]["checks"][0]["code"]) == (False, "mailbox_missing")


def test_permissions_that_were_seen_are_written_down(granted: Customer) -> None:
    """The setup guide and the list of what expires tell from it."""
    found(granted)
    assert granted.mailbox.registration.consent.roles == "Mail.ReadWrite MailboxSettings.Read"


def test_workers_fetch_a_fresh_token_after_a_test(granted: Customer) -> None:
    """S1-12: a permission granted a moment ago is felt at once."""
    granted.sync()
    found(granted)
    assert not granted.mailbox.registration.access_tokens.exists()
    assert granted.sync().error is None


def test_page_alone_says_what_to_do(granted: Customer) -> None:
    granted.control(f"apps/{granted.client_id}", {"roles": []}, method="PATCH")
    admin: Client = signed_in(MembershipFactory(tenant=granted.mailbox.tenant, role="admin").user)
    page = admin.post(reverse("admin:mailboxes_mailbox_test", args=[granted.mailbox.pk])).content.decode()
    for words in (
        "Does not work",
        "Mail.ReadWrite",
        "Grant admin consent",
        "ready to send",
        granted.client_id,
    ):
        assert words in page


def test_page_shows_no_secret(granted: Customer) -> None:
    """S-49."""
    spoil(granted, CANARY_SECRET)
    admin: Client = signed_in(MembershipFactory(tenant=granted.mailbox.tenant, role="admin").user)
    page = admin.post(reverse("admin:mailboxes_mailbox_test", args=[granted.mailbox.pk])).content.decode()
    assert "AADSTS7000215" in page
    assert CANARY_SECRET not in page
