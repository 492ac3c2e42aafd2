"""Refresh tokens, device codes and passwords: how a sign-in lasts, and how it ends."""

import pytest

from tests.sandbox.client import APP, SECRET, TENANT, Client, Json
from tests.sandbox.conftest import Start
from tests.sandbox.people import ANNA, GUEST, OPENID, READ, bearer, come_back, peopled, redeem, refresh

DAY_S = 24 * 3600
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture
def client(start: Start) -> Client:
    client = start(peopled())
    client.control("browser", {"account": ANNA})
    return client


def granted(client: Client) -> None:
    """Let everybody have consented to reading mail."""
    client.control(f"apps/{APP}", {"listed_scopes": ["Mail.ReadWrite"]}, method="PATCH")
    client.control(f"apps/{APP}/consent")


def password(client: Client, **form: str) -> Json:
    fields = {"grant_type": "password", "client_id": APP, "username": ANNA, "password": "correct horse"}
    answer: Json = redeem(client, **(fields | {"scope": READ} | form)).json()
    return answer


def test_every_refresh_gives_a_new_token_and_leaves_the_old_one_alone(client: Client) -> None:
    first = come_back(client)["refresh_token"]
    second = refresh(client, first).json()["refresh_token"]
    assert second != first
    assert refresh(client, first).ok


def test_used_token_is_dead_where_the_sandbox_is_told_so(client: Client) -> None:
    client.control(f"apps/{APP}", {"refresh_once": True}, method="PATCH")
    first = come_back(client)["refresh_token"]
    second = refresh(client, first).json()["refresh_token"]
    assert refresh(client, first).json()["error_codes"] == [70000]
    assert refresh(client, second).ok


def test_sign_in_dies_after_ninety_idle_days_and_not_when_used(client: Client) -> None:
    """F-81."""
    idle = come_back(client)["refresh_token"]
    client.control("clock", {"offset_s": 60 * DAY_S})
    used = refresh(client, idle).json()["refresh_token"]
    client.control("clock", {"offset_s": 91 * DAY_S})
    body = refresh(client, idle).json()
    assert (body["error"], body["error_codes"], body["suberror"]) == (
        "invalid_grant",
        [700082],
        "token_expired",
    )
    assert refresh(client, used).ok


def test_one_sign_in_gives_tokens_for_graph_and_for_exchange(client: Client) -> None:
    both = f"{READ} https://outlook.office.com/IMAP.AccessAsUser.All"
    token = sign_in_for(client, both)
    answer = refresh(client, token, scope="https://outlook.office.com/IMAP.AccessAsUser.All").json()
    assert answer["scope"] == "https://outlook.office.com/IMAP.AccessAsUser.All"


def sign_in_for(client: Client, scope: str) -> str:
    from tests.sandbox.people import sent_back, visit, with_code

    code = sent_back(visit(client, scope=scope))["code"]
    token: str = with_code(client, code, scope=READ).json()["refresh_token"]
    return token


@pytest.mark.parametrize(
    ("body", "code"), [({}, 50173), ({"code": 70043}, 70043)], ids=["signed out everywhere", "frequency"]
)
def test_revoked_sign_in_is_refused_with_its_reason(client: Client, body: Json, code: int) -> None:
    """F-80."""
    token = come_back(client)["refresh_token"]
    client.control(f"people/{ANNA}/revoke", body)
    assert refresh(client, token).json()["error_codes"] == [code]


def test_second_factor_demanded_later_ends_a_sign_in_without_one(client: Client) -> None:
    token = come_back(client)["refresh_token"]
    client.control(f"people/{ANNA}", {"mfa": True}, method="PATCH")
    body = refresh(client, token).json()
    assert (body["error_codes"], body["suberror"]) == ([50076], "basic_action")
    assert refresh(client, come_back(client)["refresh_token"]).ok


def test_revoked_consent_ends_a_sign_in(client: Client) -> None:
    token = come_back(client)["refresh_token"]
    client.control(f"apps/{APP}/consent/revoke")
    body = refresh(client, token).json()
    assert (body["error_codes"], body["suberror"]) == ([65001], "consent_required")


def test_deleted_and_disabled_accounts_are_told_apart(client: Client) -> None:
    token = come_back(client)["refresh_token"]
    client.control(f"people/{ANNA}", {"refused": 50057}, method="PATCH")
    assert refresh(client, token).json()["error_codes"] == [50057]
    client.control(f"people/{ANNA}", method="DELETE")
    assert refresh(client, token).json()["error_codes"] == [500341]


def test_sign_in_outlives_the_sandbox(start: Start) -> None:
    client = start(peopled())
    client.control("browser", {"account": ANNA})
    token = come_back(client)["refresh_token"]
    assert refresh(start(peopled()), token).ok


def test_password_works_with_a_secret_once_consent_was_given(client: Client) -> None:
    """S3-1."""
    assert password(client, client_secret=SECRET)["error_codes"] == [65001]
    granted(client)
    tokens = password(client, client_secret=SECRET)
    assert client.get(f"{client.sandbox.url}/v1.0/me/messages", headers=bearer(tokens)).ok


def test_password_as_a_public_client_needs_the_switch(client: Client) -> None:
    """S2-1, S2-7."""
    granted(client)
    assert password(client)["error_codes"] == [7000218]
    client.control(f"apps/{APP}", {"public_client": True}, method="PATCH")
    assert "access_token" in password(client)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"password": "wrong"}, 50126),
        ({"username": "nobody@contoso.example"}, 50034),
        ({"username": GUEST}, 50034),
        ({"username": ""}, 900144),
    ],
)
def test_password_is_refused_with_its_reason(client: Client, form: dict[str, str], code: int) -> None:
    granted(client)
    assert password(client, client_secret=SECRET, **form)["error_codes"] == [code]


def test_password_never_stands_in_for_a_second_factor(client: Client) -> None:
    granted(client)
    client.control(f"people/{ANNA}", {"mfa": True}, method="PATCH")
    body = password(client, client_secret=SECRET)
    assert (body["error"], body["error_codes"]) == ("invalid_grant", [50076])


def test_realm_of_a_known_domain_is_managed(client: Client) -> None:
    answer = client.get(f"{client.sandbox.url}/common/userrealm/{ANNA}?api-version=1.0").json()
    assert answer["account_type"] == "Managed"


def start_device(client: Client) -> Json:
    at = f"{client.sandbox.url}/{TENANT}/oauth2/v2.0/devicecode"
    answer: Json = client.session.post(
        at, data={"client_id": APP, "scope": f"{OPENID} Mail.Read"}, timeout=10
    ).json()
    return answer


def poll(client: Client, device: Json, **form: str) -> Json:
    fields = {"grant_type": DEVICE, "client_id": APP, "device_code": device["device_code"]}
    answer: Json = redeem(client, **(fields | form)).json()
    return answer


def test_device_waits_is_slowed_down_and_then_signed_in(client: Client) -> None:
    """S3-15."""
    client.control(f"apps/{APP}", {"public_client": True}, method="PATCH")
    device = start_device(client)
    assert poll(client, device)["error_codes"] == [70016]
    assert poll(client, device)["error"] == "slow_down"
    client.control("clock", {"offset_s": 30})
    assert poll(client, device)["error"] == "authorization_pending"
    client.control(f"devices/{device['user_code']}", {"account": ANNA})
    assert {"access_token", "refresh_token", "id_token"} <= set(poll(client, device))
    assert poll(client, device)["error"] == "expired_token"


@pytest.mark.parametrize(
    ("answer", "error"), [("decline", "authorization_declined"), ("expire", "expired_token")]
)
def test_device_code_that_was_declined_or_ran_out_stays_so(client: Client, answer: str, error: str) -> None:
    device = start_device(client)
    client.control(f"devices/{device['user_code']}", {"answer": answer})
    assert poll(client, device)["error"] == error


def test_device_code_runs_out_after_a_quarter_of_an_hour(client: Client) -> None:
    device = start_device(client)
    client.control("clock", {"offset_s": 901})
    assert poll(client, device)["error_codes"] == [70020]
    assert poll(client, {"device_code": "wrong"})["error_codes"] == [70018]


def test_device_code_of_an_app_that_is_not_public_is_refused_at_the_end(client: Client) -> None:
    """S2-7."""
    device = start_device(client)
    client.control(f"devices/{device['user_code']}", {"account": ANNA})
    assert poll(client, device)["error_codes"] == [7000218]


def test_device_page_takes_the_code_of_the_screen(client: Client) -> None:
    device = start_device(client)
    assert "Enter code" in client.get(device["verification_uri"]).text
    assert "didn&#x27;t work" in client.get(f"{device['verification_uri']}?otc=WRONG").text
    assert "You have signed in" in client.get(f"{device['verification_uri']}?otc={device['user_code']}").text
