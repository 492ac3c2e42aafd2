"""A person signs in to a mailbox with the browser, from the button to the first mail and back.

Covers S0-2, S0-3, S0-4, S0-12, S0-16 to S0-20, S2-4, S-34, S-37, S-38, S-41, S-44, S-49, S-53, F-81, F-86.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from pytest_django import Settings

from mailboxes.models import MailboxSignIn, MailboxToken
from tenants.models import AuditEntry, Membership
from tests.journeys.customer import Control
from tests.journeys.person import Connect, Person

pytestmark = [pytest.mark.journey, pytest.mark.django_db]


def nothing_kept(person: Person) -> bool:
    row = MailboxSignIn.objects.filter(mailbox=person.mailbox).first()
    return not MailboxToken.objects.exists() and (row is None or row.refresh_token is None)


def test_button_leads_through_microsoft_to_the_live_result_and_the_first_mail(person: Person) -> None:
    page = person.sign_in()
    assert f"{person.mailbox.address} signed in" in page
    assert "Inbox: 0" in page
    person.customer.arrive("first")
    assert person.customer.sync().error is None
    assert person.customer.entries() == ["<first@fabrikam.example>"]


def test_callback_makes_one_token_call_and_one_live_call(person: Person) -> None:
    person.browser(person.mailbox.address)
    away = person.press()["Location"]
    back = person.at_microsoft(away).headers["Location"]
    person.customer.control("counters/reset")
    person.back(back)
    kinds = [target.split("?")[0].rsplit("/", 1)[-1] for target in person.customer.control.targets()]
    # The two questions travel in one request.
    assert kinds == ["token", "me", "inbox", "$batch"]


def test_sign_in_is_in_the_audit_list(person: Person) -> None:
    person.sign_in()
    entry = AuditEntry.objects.filter(action="signed_in").get()
    assert entry.details == {"account": ["", person.mailbox.address]}
    assert entry.actor


def test_wrong_account_is_refused_with_both_names_and_the_way_out(person: Person) -> None:
    """S0-18, S0-19"""
    page = person.sign_in(person.named("anna"))
    assert person.named("anna") in page
    assert person.mailbox.address in page
    assert "private browser window" in page
    assert nothing_kept(person)


def test_right_account_after_a_wrong_one_clears_it(person: Person) -> None:
    person.sign_in(person.named("anna"))
    page = person.sign_in()
    assert "private browser window" not in page
    assert person.row.account == person.mailbox.address


def test_wrong_account_leaves_the_sign_in_there_was(person: Person) -> None:
    person.sign_in()
    before = person.row.refresh_token
    person.sign_in(person.named("anna"))
    assert (person.row.account, person.row.refresh_token) == (person.mailbox.address, before)
    assert person.customer.sync().error is None


def test_account_is_known_by_its_other_addresses(connect: Connect) -> None:
    """S0-19: the sign-in name need not be the mail address."""
    person = connect()
    person.customer.change(signed_in_user=person.named("upn"))
    person.sign_in(person.named("h.elp"))
    assert person.row.account == person.named("h.elp")


def test_shared_mailbox_is_opened_by_somebody_else_on_purpose(connect: Connect) -> None:
    """S0-16"""
    person = connect(signed_in_user="")
    person.customer.change(signed_in_user=person.named("anna"))
    page = person.sign_in(person.named("anna"))
    assert "Inbox: 0" in page
    person.customer.arrive("shared")
    assert person.customer.sync().error is None
    assert person.customer.entries() == ["<shared@fabrikam.example>"]


def test_account_without_rights_on_the_shared_mailbox_is_told_so_at_once(connect: Connect) -> None:
    person = connect()
    person.customer.change(signed_in_user=person.named("root"))
    page = person.sign_in(person.named("root"))
    assert "does not open for that account" in page
    assert person.row.outcome["is_kept"]
    assert not person.row.outcome["ok"]
    assert "Delegation &gt; Read and manage" in page


def test_guest_of_the_directory_is_refused(person: Person) -> None:
    guest = f"g_{person.other_domain}#EXT#@{person.domain}"
    page = person.sign_in(guest)
    assert "A guest of the customer" in page
    assert nothing_kept(person)


def test_account_of_another_directory_ends_on_microsofts_page(person: Person) -> None:
    person.browser(f"otto@{person.other_domain}")
    shown = person.at_microsoft(person.press()["Location"])
    assert "AADSTS50020" in shown.text
    assert nothing_kept(person)


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"tid": "0a9b8c7d-1111-4222-8333-444455556666"}, "another directory"),
        ({"tid": "9188040d-6c67-4c5b-b112-36a304b66dad"}, "personal Microsoft account"),
        ({"aud": "0a9b8c7d-1111-4222-8333-444455556666"}, "does not prove"),
        ({"nonce": "another"}, "does not prove"),
        ({"exp": 1}, "does not prove"),
        ({"oid": None}, "does not prove"),
    ],
)
def test_forged_identity_is_refused(person: Person, claims: dict[str, Any], words: str) -> None:
    """S-44, S-46, S-49"""
    page = person.sign_in(id_token_claims=claims)
    assert words in page
    assert nothing_kept(person)


def test_declined_consent_is_explained(person: Person) -> None:
    page = person.sign_in(consent="decline")
    assert "AADSTS65004" in page
    assert "declined the permissions" in page
    assert nothing_kept(person)


def test_second_factor_that_cannot_be_given_ends_on_microsofts_page(person: Person) -> None:
    person.customer.control(f"people/{person.mailbox.address}", {"mfa": True}, method="PATCH")
    person.browser(person.mailbox.address, mfa="missing")
    assert "AADSTS50076" in person.at_microsoft(person.press()["Location"]).text


def test_second_factor_given_at_the_browser_is_enough(person: Person) -> None:
    person.customer.control(f"people/{person.mailbox.address}", {"mfa": True}, method="PATCH")
    assert "Inbox: 0" in person.sign_in(mfa="done")


def test_redirect_address_is_shown_ready_to_register(person: Person, settings: Settings) -> None:
    """S0-3, S0-4"""
    assert f"{settings.PUBLIC_URL}/oauth/callback/" in person.page()


def test_redirect_address_that_is_not_registered_names_what_was_sent(
    person: Person, settings: Settings
) -> None:
    """AADSTS50011: Microsoft's page shows the address it was sent; ours shows the one to register."""
    settings.PUBLIC_URL = "https://desk.example"
    shown = person.at_microsoft(person.press()["Location"])
    assert "AADSTS50011" in shown.text
    assert "https://desk.example/oauth/callback/" in shown.text
    page = person.page()
    assert "AADSTS50011" in page
    assert "https://desk.example/oauth/callback/" in page


def test_browser_at_another_address_than_the_public_one_is_told(person: Person, settings: Settings) -> None:
    """S0-12"""
    settings.PUBLIC_URL = "https://desk.example"
    page = person.page()
    assert "Your browser is at http://testserver" in page
    assert "https://desk.example" in page


def test_nobody_signs_in_over_plain_http(person: Person, settings: Settings) -> None:
    """S0-2"""
    settings.PUBLIC_URL = "http://desk.example"
    left = person.press()
    assert left["Location"] == reverse("admin:mailboxes_mailbox_change", args=[person.mailbox.pk])
    assert "Set PUBLIC_URL to the https address" in person.page()


def test_answer_is_taken_once(person: Person) -> None:
    person.browser(person.mailbox.address)
    back = person.at_microsoft(person.press()["Location"]).headers["Location"]
    assert person.back(back).status_code == 302
    token = person.row.refresh_token
    assert person.back(back).status_code == 403
    assert person.row.refresh_token == token


def test_two_tabs_are_each_about_their_own_mailbox(connect: Connect, control: Control) -> None:
    """S-38"""
    one, two = connect(), connect()
    two.admin = one.admin
    Membership.objects.create(
        tenant=two.mailbox.tenant,
        user_id=int(one.admin.session["_auth_user_id"]),
        role="admin",
    )
    ways = []
    for each in (one, two):
        each.browser(each.mailbox.address)
        ways.append(each.at_microsoft(each.press()["Location"]).headers["Location"])
    two.back(ways[1])
    one.back(ways[0])
    assert (one.row.account, two.row.account) == (one.mailbox.address, two.mailbox.address)


def test_role_taken_away_meanwhile_ends_the_sign_in(person: Person) -> None:
    """S-37"""
    person.browser(person.mailbox.address)
    back = person.at_microsoft(person.press()["Location"]).headers["Location"]
    Membership.objects.update(role="agent")
    assert person.back(back).status_code in (403, 404)
    assert nothing_kept(person)


def test_error_microsoft_sends_back_is_shown_and_escaped(person: Person) -> None:
    """S-41"""
    state = parse_qs(urlsplit(person.press()["Location"]).query)["state"][0]
    person.admin.get(
        "/oauth/callback/",
        {"error": "access_denied", "error_description": "<script>alert(1)</script>", "state": state},
    )
    page = person.page()
    assert "<script>alert(1)" not in page
    assert "access_denied" in page


def test_registration_without_a_credential_is_told_what_is_missing(connect: Connect) -> None:
    """The redirect address is of the platform Web, where a code is given for a credential only."""
    page = connect(app={"public_client": True}).sign_in()
    assert "AADSTS7000218" in page
    assert "the helpdesk needs a client secret or certificate" in page


def test_sign_out_forgets_everything(person: Person) -> None:
    person.sign_in()
    person.admin.post(reverse("admin:mailboxes_mailbox_signout", args=[person.mailbox.pk]))
    assert nothing_kept(person)
    assert f"{person.mailbox.address} has to sign in" in person.page()
