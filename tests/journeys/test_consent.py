"""An administrator consents, from the admin's own pages and from a link: believed when a token shows it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mailboxes.doctor import examine
from mailboxes.models import Mailbox
from sandbox.server import Sandbox
from tenants import consent
from tenants.microsoft.clouds import cloud
from tenants.models import AuditEntry, Consent, ConsentRequest, SignInAttempt
from tests.factories import MembershipFactory, TenantFactory
from tests.journeys.customer import Customer
from tests.tenants.admin.conftest import signed_in

pytestmark = [pytest.mark.journey, pytest.mark.django_db]

RETURN = "http://localhost:8000/oauth/callback/"


@dataclass(slots=True)
class World:
    """A customer whose registration lists what it needs and was granted nothing, and an admin of ours."""

    customer: Customer
    sandbox: Sandbox
    admin: User
    browser: Client

    @property
    def root(self) -> str:
        return f"root@{self.customer.mailbox.tenant.domain}"

    def at_browser(self, **browser: Any) -> None:
        self.customer.control("browser", {"account": self.root, **browser})

    def change_app(self, **values: Any) -> None:
        self.customer.control(f"apps/{self.customer.client_id}", values, method="PATCH")

    def url(self, name: str) -> str:
        return reverse(f"admin:tenants_appregistration_{name}", args=[self.customer.mailbox.registration_id])

    def page(self) -> str:
        return str(self.browser.get(self.url("change")).content.decode())

    def ask(self) -> Any:
        """Press the button and go all the way round; gives the answer of the callback."""
        return self.browser.get(self.microsoft(self.browser.post(self.url("consent"))))

    def microsoft(self, answer: Any) -> str:
        """Follow to Microsoft's page and answer there; gives the address the browser is sent back to."""
        assert answer.status_code == 302, answer.content
        there = requests.get(
            answer.headers["Location"],
            verify=str(self.sandbox.ca_path),
            allow_redirects=False,
            timeout=10,
        )
        assert there.status_code == 302, there.text
        return there.headers["Location"].removeprefix("http://localhost:8000")

    def request(self) -> ConsentRequest:
        return ConsentRequest.objects.get(registration=self.customer.mailbox.registration)

    def link(self) -> str:
        shown = self.browser.post(self.url("consent_link")).content.decode()
        path = shown.partition("http://localhost:8000")[2].partition("<")[0]
        assert path.startswith("/consent/")
        return path


@pytest.fixture
def world(customer: Customer, sandbox: Sandbox) -> World:
    tenant = customer.mailbox.tenant
    person = MembershipFactory(tenant=tenant, role="admin").user
    world = World(customer, sandbox, person, signed_in(person))
    people = [{"user_name": world.root, "is_admin": True}, {"user_name": f"anna@{tenant.domain}"}]
    here = {"directory_id": tenant.directory_id, "people": people}
    customer.control("scenario", {"tenants": [here]})
    world.change_app(roles=[], listed_roles=["Mail.ReadWrite", "Mail.Send"], redirect_uris=[RETURN])
    world.at_browser()
    return world


def test_consent_by_the_button_is_proved_by_a_token_and_a_call(world: World) -> None:
    """S1-12."""
    back = world.ask()

    assert (back.status_code, back.headers["Location"]) == (302, world.url("change"))
    assert world.request().state == "proved"
    page = world.page()
    assert "Proved with a fresh token" in page
    assert "mails in the inbox" in page


def test_the_way_back_takes_one_token_and_one_call(world: World) -> None:
    address = world.microsoft(world.browser.post(world.url("consent")))
    world.customer.control("counters/reset")
    world.browser.get(address)
    kinds = world.customer.control.counters()["kinds"]
    assert (kinds["entra.token"], kinds["folders.get"]) == (1, 1)


def test_forged_answer_grants_nothing(world: World) -> None:
    """S-47: the address says yes, Microsoft was never asked."""
    leaving = world.browser.post(world.url("consent"))
    asked = parse_qs(urlsplit(leaving.headers["Location"]).query)
    tenant = world.customer.mailbox.tenant.directory_id
    forged = {"state": asked["state"][0], "admin_consent": "True", "tenant": tenant}
    world.browser.get("/oauth/callback/", forged)

    assert world.request().state == "waiting"
    assert "does not show what is needed" in world.page()


def test_declined_consent_is_shown_with_its_code(world: World) -> None:
    """S-41."""
    world.at_browser(consent="decline")
    world.ask()
    assert world.request().state == "refused"
    assert "AADSTS65004" in world.page()


def test_who_is_no_administrator_is_told_whom_it_needs(world: World) -> None:
    world.at_browser(account=world.root.replace("root", "anna"))
    world.ask()
    assert "AADSTS90094" in world.page()


def test_script_in_the_answer_is_shown_as_text(world: World) -> None:
    """S-41."""
    leaving = world.browser.post(world.url("consent"))
    state = parse_qs(urlsplit(leaving.headers["Location"]).query)["state"][0]
    said = {"error": "<script>x", "error_description": "<script>alert(1)</script>", "state": state}
    world.browser.get("/oauth/callback/", said)
    assert "<script>alert(1)" not in world.page()


def test_permissions_that_take_their_time_are_waited_for(world: World) -> None:
    world.at_browser(consent_delay_s=60)
    world.ask()
    assert world.request().state == "waiting"
    assert "next look:" in world.page()

    world.customer.control("clock", {"offset_s": 61})
    assert consent.prove_due(timezone.now()) == 0
    assert consent.prove_due(timezone.now() + datetime.timedelta(minutes=11)) == 0
    ConsentRequest.objects.update(next_look_at=timezone.now())
    assert consent.prove_due(timezone.now()) == 1
    assert world.request().state == "proved"


def test_permission_the_registration_does_not_list_is_named(world: World) -> None:
    world.change_app(listed_roles=["Mail.Read"])
    world.ask()
    assert world.request().state == "waiting"
    assert world.request().trouble["code"] == "consent_not_seen"
    assert "Mail.ReadWrite" in world.request().seen


def test_exchange_roles_prove_themselves_without_a_permission_in_the_token(world: World) -> None:
    scope = {
        "kind": "rbac",
        "addresses": [world.customer.mailbox.address],
        "roles": ["Application Mail.ReadWrite"],
    }
    world.change_app(listed_roles=[], scope=scope)
    world.ask()
    assert world.request().state == "proved"


def test_link_leads_an_administrator_without_an_account_round(world: World) -> None:
    path, stranger = world.link(), Client()
    assert "Continue to Microsoft" in stranger.get(path).content.decode()
    back = stranger.get(world.microsoft(stranger.post(path)))

    assert (back.status_code, back.headers["Location"]) == (302, "/consent/done/")
    assert consent.prove_due(timezone.now()) == 1
    assert world.request().state == "proved"
    assert "Proved with a fresh token" in world.page()


def test_answer_to_the_link_reveals_nothing(world: World) -> None:
    tenant = world.customer.mailbox.tenant
    world.at_browser(consent="decline")
    path, stranger = world.link(), Client()
    shown = [stranger.get(path), stranger.get(f"/consent/{'x' * 43}/")]
    done = stranger.get("/consent/done/").content.decode()
    stranger.get(world.microsoft(stranger.post(path)))

    first, second = (page.content.decode().split("csrfmiddlewaretoken")[0] for page in shown)
    assert first == second
    assert stranger.get("/consent/done/").content.decode() == done
    assert all(tenant.name not in text and tenant.domain not in text for text in (first, done))
    assert world.request().state == "refused"


def test_link_works_once_and_opening_it_uses_nothing_up(world: World) -> None:
    path, stranger = world.link(), Client()
    for _ in range(3):
        assert stranger.get(path).status_code == 200
    assert stranger.post(path).status_code == 302
    assert [stranger.post(path).status_code, Client().post(path).status_code] == [403, 403]


def test_link_ends_after_seven_days_and_with_a_newer_one(world: World) -> None:
    old, new = world.link(), world.link()
    assert Client().post(old).status_code == 403
    latest = ConsentRequest.objects.latest("pk")
    assert datetime.timedelta(days=6, hours=23) < latest.valid_until - timezone.now()
    ConsentRequest.objects.filter(pk=latest.pk).update(valid_until=timezone.now())
    assert Client().post(new).status_code == 403
    consent.prove_due(timezone.now())
    assert "was not answered in time" in world.page()


def test_link_is_kept_as_a_digest_and_its_state_binds_the_browser(world: World) -> None:
    path, stranger = world.link(), Client()
    assert path.split("/")[2] not in str(ConsentRequest.objects.values().get())
    address = world.microsoft(stranger.post(path))
    assert Client().get(address).status_code == 403
    assert SignInAttempt.objects.get().used_at is None


def test_consent_that_was_taken_back_is_noticed_and_named(world: World) -> None:
    """F-86, S2-11."""
    world.ask()
    world.customer.control(f"apps/{world.customer.client_id}/consent/revoke")
    assert "was taken back or narrowed" not in world.page()
    forget_tokens(world)
    said = world.customer.sync().error

    assert said is not None
    assert said.code == world.customer.row().trouble["code"] == "consent_withdrawn"
    assert Consent.objects.get().lost == "Mail.ReadWrite Mail.Send"
    page = world.page()
    assert "was taken back or narrowed" in page
    # Nothing here sends, so this one is no loss.
    assert "Permissions lost: <code>Mail.ReadWrite</code>" in page
    checks = {check.id: check.diagnosis for check in examine(fetched(world)).checks}
    assert checks["permissions"] is not None
    assert checks["permissions"].code == "consent_withdrawn"


def test_consent_given_again_is_forgiven(world: World) -> None:
    world.ask()
    world.customer.control(f"apps/{world.customer.client_id}/consent/revoke")
    examine(fetched(world))
    world.ask()
    assert Consent.objects.get().lost == ""
    assert "was taken back or narrowed" not in world.page()


def test_consent_is_asked_for_at_the_hosts_of_the_tenants_cloud(world: World) -> None:
    tenant = world.customer.mailbox.tenant
    for name in ("us_gov_high", "china", "global"):
        type(tenant).objects.filter(pk=tenant.pk).update(cloud=name)
        location = world.browser.post(world.url("consent")).headers["Location"]
        assert location.startswith(f"{cloud(name).login_url}/{tenant.directory_id}/adminconsent?")


def test_address_microsoft_would_not_return_to_is_refused_with_the_reason(
    world: World, settings: Any
) -> None:
    """S0-2."""
    settings.PUBLIC_URL = "http://desk.example"
    answer = world.browser.post(world.url("consent"), follow=True)
    assert "https addresses only" in answer.content.decode()
    assert "https addresses only" in world.browser.post(world.url("consent_link")).content.decode()
    assert not ConsentRequest.objects.exists()
    # Before anybody registers an address that Microsoft does not take.
    assert "https addresses only" in world.page()


def test_page_shows_the_redirect_address_and_where_the_browser_is(world: World) -> None:
    """S0-4, S0-12."""
    page = world.page()
    assert RETURN in page
    assert "differs from PUBLIC_URL" in page


def test_registration_for_personal_accounts_is_named_as_unusable(world: World) -> None:
    """S1-5, S2-5."""
    world.change_app(audience="PersonalMicrosoftAccount")
    shown = world.browser.post(world.url("test")).content.decode()
    assert "AADSTS9002331" in shown
    assert "personal Microsoft accounts only" in shown


@pytest.mark.parametrize("audience", ["AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount"])
def test_other_account_types_several_addresses_and_id_tokens_do_not_break(
    world: World, audience: str
) -> None:
    """S2-5, S4-6, S4-7."""
    several = ["https://other.example/oauth/callback/", RETURN]
    world.change_app(audience=audience, redirect_uris=several, id_tokens=True)
    world.ask()
    assert world.request().state == "proved"


def test_tenant_that_is_off_asks_nobody(world: World) -> None:
    path = world.link()
    tenant = world.customer.mailbox.tenant
    type(tenant).objects.filter(pk=tenant.pk).update(is_active=False)
    assert Client().post(path).status_code == 403


def test_admin_of_another_tenant_finds_no_such_registration(world: World) -> None:
    other = signed_in(MembershipFactory(tenant=TenantFactory(), role="admin").user)
    assert {other.post(world.url(name)).status_code for name in ("consent", "consent_link")} == {404}


def test_audit_list_tells_of_link_and_proof(world: World) -> None:
    world.link()
    world.ask()
    told = [entry.details for entry in AuditEntry.objects.filter(action="consent")]
    assert {"link"} <= {key for details in told for key in details}
    assert {"proved"} <= {key for details in told for key in details}


def test_neither_state_nor_link_stands_in_a_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """S-40."""
    from tenants.redaction import redact

    path = world.link()
    assert path.split("/")[2] not in redact(f'GET {path} HTTP/1.1" 200')


def forget_tokens(world: World) -> None:
    from tenants import app_tokens

    app_tokens.forget(world.customer.mailbox.registration)


def fetched(world: World) -> Mailbox:
    found: Mailbox = Mailbox.objects.select_related("registration__tenant").get(pk=world.customer.mailbox.pk)
    return found
