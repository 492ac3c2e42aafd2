"""Graph: who may do what, to which mailbox, and how a refusal looks."""

import pytest

from tests.sandbox.client import ADDRESS, APP, Client, Json, scenario
from tests.sandbox.conftest import Start

DENIED = "Access is denied. Check credentials and try again."
BLOCKED = "Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings."


def with_app(**app: object) -> Json:
    document = scenario()
    document["tenants"][0]["apps"][0] |= app
    return document


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("", "Access token is empty."),
        ("Bearer abc", "CompactToken parsing failed with error code: 80049217"),
    ],
)
def test_request_without_a_usable_token_is_unauthenticated(client: Client, header: str, text: str) -> None:
    answer = client.get("messages", headers={"Authorization": header})
    assert (answer.status_code, answer.json()["error"]["message"]) == (401, text)
    assert "WWW-Authenticate" in answer.headers


def test_expired_token_is_refused_with_microsofts_words(client: Client) -> None:
    """F-77."""
    assert client.get("messages").ok
    client.control("clock", {"offset_s": 4000})
    error = client.get("messages").json()["error"]
    assert error["code"] == "InvalidAuthenticationToken"
    assert error["message"] == "Lifetime validation failed, the token is expired."


def test_token_of_another_resource_has_the_wrong_audience(start: Start) -> None:
    client = start()
    token = client.sign_in(scope="https://outlook.office365.com/.default").json()["access_token"]
    answer = client.get("messages", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["error"]["message"] == "Access token validation failure. Invalid audience."


@pytest.mark.parametrize(
    ("roles", "method", "path", "status"),
    [
        (["Mail.ReadBasic.All"], "GET", "messages?$select=subject", 200),
        (["Mail.ReadBasic.All"], "GET", "messages?$select=body", 403),
        (["Mail.Read"], "GET", "messages?$select=body", 200),
        (["Mail.Read"], "POST", "mailFolders", 403),
        (["Mail.Send"], "GET", "mailFolders/inbox", 403),
        (["Mail.ReadWrite"], "GET", "mailboxSettings", 403),
        (["MailboxSettings.Read"], "GET", "mailboxSettings", 200),
    ],
)
def test_operation_needs_its_role(
    start: Start, roles: list[str], method: str, path: str, status: int
) -> None:
    client = start(with_app(roles=roles)).signed_in()
    answer = client.session.request(method, f"{client.user}/{path}", json={"displayName": "x"}, timeout=10)
    assert answer.status_code == status


def test_looking_up_a_user_needs_a_directory_role(start: Start) -> None:
    client = start(with_app(roles=["Mail.ReadWrite"])).signed_in()
    assert client.get(client.user).json()["error"]["code"] == "Authorization_RequestDenied"


def test_access_policy_blocks_other_mailboxes_with_its_own_text(start: Start) -> None:
    """F-86."""
    client = start(with_app(scope={"kind": "policy", "addresses": ["other@contoso.example"]})).signed_in()
    answer = client.get("mailFolders/inbox")
    assert (answer.status_code, answer.json()["error"]["message"]) == (403, BLOCKED)


def test_rbac_grants_without_any_role_in_the_token(start: Start) -> None:
    scope = {"kind": "rbac", "addresses": [ADDRESS], "roles": ["Application Mail.ReadWrite"]}
    client = start(with_app(roles=[], scope=scope)).signed_in()
    assert client.get("messages").ok
    client.control(f"apps/{APP}", {"scope": scope | {"addresses": []}}, method="PATCH")
    assert client.get("messages").json()["error"]["message"] == DENIED


@pytest.mark.parametrize("kind", ["unlicensed", "on_premises"])
def test_user_without_a_cloud_mailbox_is_told_apart(client: Client, kind: str) -> None:
    """F-86."""
    client.control(f"mailboxes/{ADDRESS}/kind", {"kind": kind})
    answer = client.get("mailFolders/inbox")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "MailboxNotEnabledForRESTAPI")


def test_address_nobody_has_is_an_invalid_user(client: Client) -> None:
    answer = client.get(f"{client.sandbox.url}/v1.0/users/nobody@contoso.example/messages")
    assert answer.json()["error"]["code"] == "ErrorInvalidUser"
    assert answer.json()["error"]["message"] == "The requested user 'nobody@contoso.example' is invalid."


def test_mailbox_answers_to_object_id_and_alias(start: Start) -> None:
    client = start(scenario(aliases=["support@contoso.example"], kind="shared")).signed_in()
    user = client.get(client.user).json()
    assert client.get(f"{client.sandbox.url}/v1.0/users/{user['id']}/mailFolders/inbox").ok
    assert client.get(f"{client.sandbox.url}/v1.0/users/support@contoso.example/mailFolders/inbox").ok
    assert client.get("mailboxSettings").json()["userPurpose"] == "shared"


def test_me_is_for_signed_in_people_only(client: Client) -> None:
    assert client.get(f"{client.sandbox.url}/v1.0/me/messages").status_code == 400


def test_refusal_echoes_the_clients_request_id(client: Client) -> None:
    answer = client.get("messages/x", headers={"client-request-id": "4145e871-21e9-4e4b-8144-b577f2336017"})
    inner = answer.json()["error"]["innerError"]
    assert inner["client-request-id"] == answer.headers["client-request-id"]
    assert inner["request-id"] == answer.headers["request-id"]
