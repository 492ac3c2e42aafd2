"""A person signs in and stays signed in. Covers F-79, S-23, S-32, S-44, S-46, S-49, S-55, S2-1, S2-3, S3-15, S3-18."""

import hashlib
import time
import traceback
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from tenants.errors import IntegrationError, TokenRefused
from tenants.microsoft import user_tokens
from tenants.microsoft.claims import WrongAccount
from tenants.microsoft.clouds import cloud
from tenants.microsoft.credentials import SecretCredential
from tenants.microsoft.identity import EXCHANGE, GRAPH
from tenants.microsoft.user_tokens import Client, DeviceCode, Handshake, UserToken, scopes_of

from . import answers
from .answers import CLIENT_ID, DIRECTORY, METADATA_URL, TOKEN_URL

SECRET = "Zx8Q~canary-secret-value-that-must-not-show"
CODE = "0.canary-code"
STATE = "state-of-the-caller"
BACK = "https://desk.example/oauth/callback/"
DEVICE_URL = f"{answers.LOGIN}/{DIRECTORY}/oauth2/v2.0/devicecode"
SCOPES = scopes_of(cloud("global"), GRAPH, ["Mail.ReadWrite", "User.Read", "offline_access"])


def client(*, secret: str = SECRET) -> Client:
    credential = SecretCredential(secret) if secret else None
    return Client(cloud=cloud("global"), directory_id=DIRECTORY, client_id=CLIENT_ID, credential=credential)


@pytest.fixture
def entra(wire: responses.RequestsMock) -> responses.RequestsMock:
    wire.get(METADATA_URL, json=answers.metadata())
    return wire


def form(wire: responses.RequestsMock) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(str(wire.calls[-1].request.body, "ascii")).items()}


def begun() -> tuple[dict[str, list[str]], Handshake]:
    address, handshake = user_tokens.begin(client(), redirect_uri=BACK, scopes=SCOPES, state=STATE)
    return parse_qs(urlsplit(address).query), handshake


def redeemed(entra: responses.RequestsMock, **changes: Any) -> UserToken:
    _query, handshake = begun()
    nonce = hashlib.sha256(handshake.nonce.encode()).hexdigest()
    entra.post(TOKEN_URL, json=answers.user_token(**{"nonce": nonce, **changes}))
    return user_tokens.redeem(client(), handshake=handshake, code=CODE)


def refused(entra: responses.RequestsMock, **changes: Any) -> IntegrationError:
    with pytest.raises(IntegrationError) as caught:
        redeemed(entra, **changes)
    return caught.value


def test_browser_is_sent_to_the_directory_itself_with_everything_that_is_proved_later(
    entra: responses.RequestsMock,
) -> None:
    query, handshake = begun()
    assert query["response_type"] == ["code"]
    assert query["redirect_uri"] == [BACK]
    assert query["code_challenge_method"] == ["S256"]
    assert query["state"] == [STATE]
    assert query["prompt"] == ["select_account"]
    assert handshake.nonce not in str(query)
    assert handshake.verifier not in str(query)


def test_permissions_of_one_resource_are_asked_for_with_a_lasting_sign_in(
    entra: responses.RequestsMock,
) -> None:
    query, _handshake = begun()
    assert set(query["scope"][0].split()) == {
        "https://graph.microsoft.com/Mail.ReadWrite",
        "https://graph.microsoft.com/User.Read",
        "offline_access",
        "openid",
        "profile",
    }


def test_mail_protocols_are_asked_for_under_outlooks_own_name() -> None:
    assert scopes_of(cloud("global"), EXCHANGE, ["IMAP.AccessAsUser.All"]) == (
        "https://outlook.office.com/IMAP.AccessAsUser.All",
    )


def test_nonce_and_verifier_are_new_each_time(entra: responses.RequestsMock) -> None:
    """S-32"""
    seen = [begun()[1] for _ in range(50)]
    for name in ("nonce", "verifier"):
        values = {getattr(one, name) for one in seen}
        assert len(values) == 50
        assert min(map(len, values)) >= 16


def test_code_becomes_tokens_of_a_proved_account(entra: responses.RequestsMock) -> None:
    token = redeemed(entra)
    sent = form(entra)
    assert token.account is not None
    assert (token.account.oid, token.account.name) == (answers.OID, answers.PERSON)
    assert token.refresh_token == "0.canary-refresh-1"
    assert token.scopes == ("Mail.ReadWrite", "User.Read", "openid", "profile")
    assert (sent["grant_type"], sent["code"], sent["redirect_uri"]) == (
        "authorization_code",
        "0.canary-code",
        BACK,
    )
    assert {"code_verifier", "client_secret"} <= sent.keys()


def test_public_client_proves_itself_by_the_verifier_alone(entra: responses.RequestsMock) -> None:
    _query, handshake = begun()
    nonce = hashlib.sha256(handshake.nonce.encode()).hexdigest()
    entra.post(TOKEN_URL, json=answers.user_token(nonce=nonce))
    user_tokens.redeem(client(secret=""), handshake=handshake, code=CODE)
    assert "client_secret" not in form(entra)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"tid": answers.OTHER_DIRECTORY}, "account_other_directory"),
        ({"tid": "9188040d-6c67-4c5b-b112-36a304b66dad"}, "account_personal"),
        ({"home": "9188040d-6c67-4c5b-b112-36a304b66dad"}, "account_personal"),
        ({"home": answers.OTHER_DIRECTORY}, "account_guest"),
        ({"preferred_username": "eve_evil.example#EXT#@contoso.example"}, "account_guest"),
    ],
)
def test_stranger_to_the_directory_is_refused_by_name(
    entra: responses.RequestsMock, changes: dict[str, Any], code: str
) -> None:
    """S-44, S-49"""
    error = refused(entra, **changes)
    assert isinstance(error, WrongAccount)
    assert (error.code, error.permanent) == (code, True)
    assert error.signed_in == changes.get("preferred_username", answers.PERSON)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "00000003-0000-0000-c000-000000000000"},
        {"iss": f"https://login.evil.example/{DIRECTORY}/v2.0"},
        {"exp": int(time.time()) - 301},
        {"exp": "never"},
        {"nbf": int(time.time()) + 86_400},
        {"nonce": "of-another-sign-in"},
        {"oid": None},
    ],
)
def test_identity_that_does_not_answer_this_sign_in_is_refused(
    entra: responses.RequestsMock, changes: dict[str, Any]
) -> None:
    """S-46"""
    assert refused(entra, **changes).code == "sign_in_unproved"


def test_sign_in_that_would_end_within_the_hour_is_refused(entra: responses.RequestsMock) -> None:
    _query, handshake = begun()
    nonce = hashlib.sha256(handshake.nonce.encode()).hexdigest()
    entra.post(TOKEN_URL, json={**answers.user_token(nonce=nonce), "refresh_token": ""})
    with pytest.raises(TokenRefused) as caught:
        user_tokens.redeem(client(), handshake=handshake, code=CODE)
    assert caught.value.code == "sign_in_not_lasting"


def test_renewal_brings_the_next_refresh_token(entra: responses.RequestsMock) -> None:
    entra.post(TOKEN_URL, json=answers.user_token(2))
    token = user_tokens.refresh(client(), refresh_token="0.canary-refresh-1", scopes=SCOPES)
    assert (form(entra)["refresh_token"], token.refresh_token) == (
        "0.canary-refresh-1",
        "0.canary-refresh-2",
    )


def test_renewal_without_a_new_refresh_token_keeps_the_old_one(entra: responses.RequestsMock) -> None:
    answer = answers.user_token(2)
    del answer["refresh_token"], answer["id_token"]
    entra.post(TOKEN_URL, json=answer)
    token = user_tokens.refresh(client(), refresh_token="0.canary-refresh-1", scopes=SCOPES)
    assert (token.refresh_token, token.account) == ("0.canary-refresh-1", None)


def test_renewal_is_asked_for_again_at_once_after_a_refusal(entra: responses.RequestsMock) -> None:
    """F-79: MSAL would repeat its own memory of the refusal for a minute."""
    entra.post(TOKEN_URL, status=400, json=answers.refused(65001, error="invalid_grant"))
    with pytest.raises(TokenRefused) as caught:
        user_tokens.refresh(client(), refresh_token="0.canary-refresh-1", scopes=SCOPES)
    assert caught.value.code == "AADSTS65001"
    entra.replace(responses.POST, TOKEN_URL, json=answers.user_token(2))
    assert user_tokens.refresh(client(), refresh_token="0.canary-refresh-1", scopes=SCOPES)


@pytest.mark.parametrize("secret", [SECRET, ""])
def test_password_goes_to_the_token_endpoint_and_nowhere_else(
    entra: responses.RequestsMock, secret: str
) -> None:
    """S-55: with a secret, or as a public client without one."""
    entra.post(TOKEN_URL, json=answers.user_token())
    user_tokens.by_password(
        client(secret=secret), username=answers.PERSON, password="canary-password", scopes=SCOPES
    )
    sent = form(entra)
    assert (sent["grant_type"], sent["username"], sent["password"]) == (
        "password",
        answers.PERSON,
        "canary-password",
    )
    assert ("client_secret" in sent) == bool(secret)
    assert {call.request.url for call in entra.calls} == {METADATA_URL, TOKEN_URL}


def asked_code(entra: responses.RequestsMock, **changes: Any) -> DeviceCode:
    usual = {
        "user_code": "GTHK-QPMN",
        "device_code": "0.canary-device-code",
        "verification_uri": "https://microsoft.com/devicelogin",
        "expires_in": 900,
        "interval": 5,
    }
    entra.post(DEVICE_URL, json={**usual, **changes})
    return user_tokens.ask_device_code(client(secret=""), scopes=SCOPES)


def test_device_code_comes_with_the_address_to_enter_it(entra: responses.RequestsMock) -> None:
    code = asked_code(entra)
    assert (code.user_code, code.verification_uri, code.interval_s) == (
        "GTHK-QPMN",
        "https://microsoft.com/devicelogin",
        5,
    )


def test_application_that_is_no_public_client_is_named(entra: responses.RequestsMock) -> None:
    """S2-7"""
    entra.post(DEVICE_URL, status=401, json=answers.refused(7000218))
    with pytest.raises(TokenRefused) as caught:
        user_tokens.ask_device_code(client(secret=""), scopes=SCOPES)
    assert caught.value.code == "AADSTS7000218"
    assert "Allow public client flows" in caught.value.diagnosis.fix


def test_address_to_enter_the_code_at_is_never_a_script(entra: responses.RequestsMock) -> None:
    with pytest.raises(IntegrationError):
        asked_code(entra, verification_uri="javascript:alert(1)")


@pytest.mark.parametrize(("error", "wait_s"), [("authorization_pending", 0), ("slow_down", 5)])
def test_code_not_entered_yet_is_asked_about_again(
    entra: responses.RequestsMock, error: str, wait_s: int
) -> None:
    entra.post(TOKEN_URL, status=400, json={"error": error, "error_description": "Not yet."})
    looked = user_tokens.look_device_code(client(secret=""), device_code="0.canary", scopes=SCOPES)
    assert looked == wait_s


def test_entered_code_brings_tokens(entra: responses.RequestsMock) -> None:
    entra.post(TOKEN_URL, json=answers.user_token())
    looked = user_tokens.look_device_code(client(secret=""), device_code="0.canary", scopes=SCOPES)
    assert isinstance(looked, UserToken)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"error": "authorization_declined", "error_description": "No."}, "device_code_declined"),
        (answers.refused(70019, error="expired_token"), "AADSTS70019"),
        (answers.refused(70018, error="bad_verification_code"), "AADSTS70018"),
    ],
)
def test_code_that_will_never_be_entered_ends_the_sign_in(
    entra: responses.RequestsMock, answer: dict[str, Any], code: str
) -> None:
    entra.post(TOKEN_URL, status=400, json=answer)
    with pytest.raises(TokenRefused) as caught:
        user_tokens.look_device_code(client(secret=""), device_code="0.canary", scopes=SCOPES)
    assert (caught.value.code, caught.value.permanent) == (code, True)


def test_nothing_of_a_sign_in_shows_in_its_errors(entra: responses.RequestsMock) -> None:
    """S-23: neither code nor verifier nor token, however the error is printed."""
    error = refused(entra, nonce="of-another-sign-in")
    shown = "".join(traceback.format_exception(error)) + repr(vars(error))
    assert "canary" not in shown
