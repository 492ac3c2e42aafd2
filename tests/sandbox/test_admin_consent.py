"""The admin consent page: who may grant what to an app, and when it is seen."""

import jwt
import pytest

from tests.sandbox.client import APP, TENANT, Client
from tests.sandbox.conftest import Start
from tests.sandbox.people import ALIEN, ANNA, ROOT, peopled, sent_back, visit

DEFAULT = "https://graph.microsoft.com/.default"


@pytest.fixture
def client(start: Start) -> Client:
    client = start(peopled(roles=[], listed_scopes=["User.Read"]))
    client.control("browser", {"account": ROOT})
    return client


def roles(client: Client) -> list[str]:
    token = client.sign_in().json()["access_token"]
    found: list[str] = jwt.decode(token, options={"verify_signature": False}).get("roles", [])
    return found


def test_administrator_grants_what_the_registration_lists(client: Client) -> None:
    """S1-12."""
    assert roles(client) == []
    back = sent_back(visit(client, path="v2.0/adminconsent", scope=DEFAULT))
    assert back == {"admin_consent": "True", "tenant": TENANT, "scope": "User.Read", "state": "s t&1"}
    assert roles(client) == ["Mail.ReadWrite", "Mail.Send"]


def test_older_page_needs_no_scope_and_says_less(client: Client) -> None:
    back = sent_back(visit(client, path="adminconsent", scope=None))
    assert back == {"admin_consent": "True", "tenant": TENANT, "state": "s t&1"}
    assert "AADSTS900144" in visit(client, path="v2.0/adminconsent", scope=None).text


@pytest.mark.parametrize(
    ("path", "error"), [("v2.0/adminconsent", "consent_required"), ("adminconsent", "permission_denied")]
)
def test_declined_consent_says_admin_consent_true_all_the_same(client: Client, path: str, error: str) -> None:
    client.control("browser", {"account": ROOT, "consent": "decline"})
    back = sent_back(visit(client, path=path, scope=DEFAULT))
    assert (back["error"], back["admin_consent"]) == (error, "True")
    assert roles(client) == []


def test_who_is_no_administrator_cannot_grant(client: Client) -> None:
    client.control("browser", {"account": ANNA})
    back = sent_back(visit(client, path="v2.0/adminconsent", scope=DEFAULT))
    assert back["error_description"].startswith("AADSTS90094: ")


def test_administrator_of_another_directory_stays_outside(client: Client) -> None:
    client.control(f"people/{ALIEN}", {"is_admin": True}, method="PATCH")
    client.control("browser", {"account": ALIEN})
    assert "AADSTS50020" in visit(client, path="v2.0/adminconsent", scope=DEFAULT).text
    assert roles(client) == []


def test_address_must_be_registered_here_too(client: Client) -> None:
    answer = visit(client, path="v2.0/adminconsent", scope=DEFAULT, redirect_uri="https://evil.example/")
    assert "AADSTS50011" in answer.text


def test_roles_may_take_their_time_to_appear(client: Client) -> None:
    client.control("browser", {"account": ROOT, "consent_delay_s": 60})
    sent_back(visit(client, path="v2.0/adminconsent", scope=DEFAULT))
    assert roles(client) == []
    client.control("clock", {"offset_s": 61})
    assert roles(client) == ["Mail.ReadWrite", "Mail.Send"]


def test_revoked_consent_takes_every_role_away(client: Client) -> None:
    client.control(f"apps/{APP}/consent")
    assert roles(client) == ["Mail.ReadWrite", "Mail.Send"]
    client.control(f"apps/{APP}/consent/revoke")
    assert roles(client) == []
