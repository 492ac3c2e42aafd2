"""Entra's sign-in page and the code it gives: who may come back, with what, and every way it ends."""

import jwt
import msal
import pytest

from tests.sandbox.client import APP, OTHER_TENANT, SECRET, TENANT, Client
from tests.sandbox.conftest import Start
from tests.sandbox.people import (
    ALIEN,
    ANNA,
    BACK,
    GUEST,
    OPENID,
    PRIVATE,
    ROOT,
    bearer,
    come_back,
    peopled,
    sent_back,
    visit,
    with_code,
)


@pytest.fixture
def client(start: Start) -> Client:
    client = start(peopled())
    client.control("browser", {"account": ANNA})
    return client


def claims_of(client: Client, token: str, audience: str) -> dict[str, object]:
    claims: dict[str, object] = jwt.decode(
        token, client.sandbox.cloud.key.public, algorithms=["RS256"], audience=audience
    )
    return claims


def test_browser_comes_back_with_a_code_and_the_state_unchanged(client: Client) -> None:
    back = sent_back(visit(client))
    assert back["state"] == "s t&1"
    assert set(back) == {"code", "state", "session_state"}


def test_address_given_at_the_start_is_registered_with_every_app(start: Start) -> None:
    here = "http://localhost:8001/oauth/callback/"
    client = start(peopled(), redirects=[here])
    client.control("browser", {"account": ANNA})
    assert visit(client, redirect_uri=here).headers["Location"].startswith(f"{here}?code=")
    assert sent_back(visit(client))["code"]


def test_id_token_is_signed_and_names_who_signed_in(client: Client) -> None:
    claims = claims_of(client, come_back(client)["id_token"], APP)
    me = client.get(f"{client.sandbox.url}/v1.0/me", headers=bearer(come_back(client))).status_code
    assert me == 403  # Mail.ReadWrite alone reads nobody.
    assert (claims["tid"], claims["upn"], claims["preferred_username"]) == (TENANT, ANNA, ANNA)
    assert (claims["nonce"], claims["ver"], claims["iss"]) == (
        "n-1",
        "2.0",
        f"{client.sandbox.url}/{TENANT}/v2.0",
    )


def test_msal_walks_the_whole_code_flow(client: Client) -> None:
    app = msal.ConfidentialClientApplication(
        APP, client_credential=SECRET, authority=f"{client.sandbox.url}/{TENANT}", instance_discovery=False,
        http_client=client.session,
    )  # fmt: skip
    flow = app.initiate_auth_code_flow(["https://graph.microsoft.com/Mail.ReadWrite"], redirect_uri=BACK)
    answer = client.session.get(flow["auth_uri"], allow_redirects=False, timeout=10)
    result = app.acquire_token_by_auth_code_flow(flow, sent_back(answer))
    assert result["id_token_claims"]["upn"] == ANNA
    assert app.get_accounts()[0]["username"] == ANNA


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"redirect_uri": BACK.rstrip("/")}, 50011),
        ({"redirect_uri": BACK.replace("callback", "Callback")}, 50011),
        ({"client_id": OTHER_TENANT}, 700016),
        ({"client_id": None}, 900144),
    ],
)
def test_wrong_address_or_client_ends_on_microsofts_own_page(
    client: Client, changes: dict[str, str | None], code: int
) -> None:
    """S0-3, S0-4: nothing goes back to the app, so it can learn of it from nobody."""
    answer = visit(client, **changes)
    assert answer.status_code == 200
    assert f"AADSTS{code}" in answer.text


def test_app_without_any_address_is_told_so(client: Client) -> None:
    client.control(f"apps/{APP}", {"redirect_uris": []}, method="PATCH")
    assert "AADSTS500113" in visit(client).text


def test_any_port_of_localhost_matches(client: Client) -> None:
    client.control(f"apps/{APP}", {"redirect_uris": ["http://localhost/cb"]}, method="PATCH")
    assert visit(client, redirect_uri="http://localhost:8000/cb").status_code == 302


@pytest.mark.parametrize("account", [ALIEN, PRIVATE])
def test_account_of_another_directory_and_a_personal_one_stay_outside(client: Client, account: str) -> None:
    client.control("browser", {"account": account})
    answer = visit(client)
    assert "AADSTS50020" in answer.text
    assert ("live.com" in answer.text) == (account == PRIVATE)


def test_guest_comes_in_with_the_tenant_of_the_host_and_the_home_as_idp(client: Client) -> None:
    client.control("browser", {"account": GUEST})
    claims = claims_of(client, come_back(client)["id_token"], APP)
    assert claims["tid"] == TENANT
    assert OTHER_TENANT in str(claims["idp"])
    assert "#EXT#" in str(claims["upn"])


def test_shared_mailbox_cannot_sign_in_by_itself(client: Client) -> None:
    client.control("browser", {"account": "help@contoso.example"})
    assert "AADSTS50057" in visit(client).text


def test_second_factor_lets_in_at_the_browser_and_its_lack_does_not(client: Client) -> None:
    client.control(f"people/{ANNA}", {"mfa": True}, method="PATCH")
    assert "code" in sent_back(visit(client))
    client.control("browser", {"account": ANNA, "mfa": "missing"})
    assert "AADSTS50076" in visit(client).text


def test_declined_consent_goes_back_to_the_app(client: Client) -> None:
    client.control("browser", {"account": ANNA, "consent": "decline"})
    back = sent_back(visit(client))
    assert (back["error"], back["error_subcode"], back["state"]) == ("access_denied", "cancel", "s t&1")
    assert back["error_description"].startswith("AADSTS65004: ")


def test_permission_for_administrators_is_refused_to_a_user_and_given_by_an_administrator(
    client: Client,
) -> None:
    scope = f"{OPENID} User.Read.All"
    assert sent_back(visit(client, scope=scope))["error_description"].startswith("AADSTS90094: ")
    client.control("browser", {"account": ROOT, "consent": "accept_for_all"})
    assert "User.Read.All" in come_back(client, scope=scope)["scope"]
    client.control("browser", {"account": ANNA, "consent": "decline"})
    assert "code" in sent_back(visit(client, scope=scope))


def test_silent_sign_in_needs_an_account_and_a_page_asks_for_one(client: Client) -> None:
    client.control("browser", {})
    assert sent_back(visit(client, prompt="none"))["error"] == "login_required"
    assert ANNA in visit(client).text


def test_person_at_the_page_chooses_the_account(client: Client) -> None:
    client.control("browser", {})
    assert "code" in sent_back(visit(client, sandbox_account=ANNA, sandbox_answer="accept"))
    assert sent_back(visit(client, sandbox_account=ANNA, sandbox_answer="decline", prompt="consent"))["error"]


def test_id_token_at_the_page_needs_the_box_ticked(client: Client) -> None:
    """S4-7."""
    both = {"response_type": "code id_token", "response_mode": "query"}
    assert sent_back(visit(client, **both))["error_description"].startswith("AADSTS700054: ")
    client.control(f"apps/{APP}", {"id_tokens": True}, method="PATCH")
    assert "id_token" in sent_back(visit(client, **both))
    assert "id_token" not in sent_back(visit(client))


def test_registration_for_personal_accounts_only_is_unusable(client: Client) -> None:
    """S1-5."""
    client.control(f"apps/{APP}", {"audience": "PersonalMicrosoftAccount"}, method="PATCH")
    assert "AADSTS9002331" in visit(client).text
    assert client.sign_in().json()["error_codes"] == [9002331]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"code_verifier": "w" * 43}, 501481),
        ({"code_verifier": ""}, 501481),
        ({"code_verifier": "short"}, 501491),
        ({"redirect_uri": f"{BACK}?x=1"}, 500112),
        ({"client_secret": "wrong"}, 7000215),
        ({"client_secret": ""}, 7000218),
        ({"code": "garbled"}, 9002313),
        ({"scope": "Mail.Read https://outlook.office.com/SMTP.Send"}, 700022),
        ({"scope": "Mail.Send"}, 65001),
    ],
)
def test_code_is_refused_unless_everything_fits(client: Client, form: dict[str, str], code: int) -> None:
    given = sent_back(visit(client))["code"]
    assert with_code(client, given, **form).json()["error_codes"] == [code]


def test_code_works_once_and_for_ten_minutes(client: Client) -> None:
    code = sent_back(visit(client))["code"]
    assert with_code(client, code).ok
    assert with_code(client, code).json()["error_codes"] == [54005]
    late = sent_back(visit(client))["code"]
    client.control("clock", {"offset_s": 601})
    assert with_code(client, late).json()["error_codes"] == [70008]


def test_claims_of_the_id_token_can_be_spoilt(client: Client) -> None:
    client.control("browser", {"account": ANNA, "id_token_claims": {"nonce": "other", "oid": None}})
    claims = claims_of(client, come_back(client)["id_token"], APP)
    assert claims["nonce"] == "other"
    assert "oid" not in claims
