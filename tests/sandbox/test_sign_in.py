"""Entra: the tenant's metadata, tokens by secret, and every refusal in Microsoft's shape."""

import re

import jwt
import msal
import pytest

from tests.sandbox.client import ADDRESS, APP, OTHER_TENANT, SECRET, TENANT, Client, scenario
from tests.sandbox.conftest import Start

GRAPH = ["https://graph.microsoft.com/.default"]


def test_msal_gets_a_token_by_secret_and_graph_takes_it(start: Start) -> None:
    client = start()
    app = msal.ConfidentialClientApplication(
        APP, client_credential=SECRET, authority=f"{client.sandbox.url}/{TENANT}", instance_discovery=False,
        http_client=client.session,
    )  # fmt: skip
    token = app.acquire_token_for_client(GRAPH)["access_token"]
    assert client.get("mailFolders/inbox", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_app_token_names_tenant_app_and_roles(client: Client) -> None:
    token = client.sign_in().json()["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["tid"], claims["appid"], claims["roles"]) == (
        TENANT,
        APP,
        scenario()["tenants"][0]["apps"][0]["roles"],
    )


def test_metadata_is_found_by_verified_domain_and_names_the_tenant_by_guid(start: Start) -> None:
    client = start()
    found = client.get(f"{client.sandbox.url}/contoso.example/v2.0/.well-known/openid-configuration").json()
    assert found["token_endpoint"] == f"{client.sandbox.url}/{TENANT}/oauth2/v2.0/token"


@pytest.mark.parametrize(("name", "code"), [(OTHER_TENANT[:-1] + "0", 90002), ("not a tenant", 900023)])
def test_unknown_and_malformed_tenants_are_told_apart(start: Start, name: str, code: int) -> None:
    client = start()
    answer = client.get(f"{client.sandbox.url}/{name}/v2.0/.well-known/openid-configuration")
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [code])


@pytest.mark.parametrize(
    ("form", "status", "error", "code"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": ""}, 401, "invalid_client", 7000218),
        ({"client_id": OTHER_TENANT}, 400, "unauthorized_client", 700016),
        ({"scope": "Mail.Read"}, 400, "invalid_scope", 1002012),
        ({"scope": "https://graph.microsoft.com/.default offline_access"}, 400, "invalid_scope", 70011),
        ({"scope": "https://unknown.example/.default"}, 400, "invalid_resource", 500011),
        ({"grant_type": "implicit"}, 400, "unsupported_grant_type", 70003),
        ({"grant_type": ""}, 400, "invalid_request", 900144),
    ],
)
def test_refusals_of_the_token_endpoint_carry_their_code(
    start: Start, form: dict[str, str], status: int, error: str, code: int
) -> None:
    answer = start().sign_in(**form)
    assert (answer.status_code, answer.json()["error"], answer.json()["error_codes"]) == (
        status,
        error,
        [code],
    )


def test_refusal_has_every_field_of_microsofts_body(start: Start) -> None:
    body = start().sign_in(client_secret="wrong").json()
    assert set(body) == {
        "error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id", "error_uri",
    }  # fmt: skip
    assert re.match(
        r"AADSTS7000215: .+ Trace ID: \S{36} Correlation ID: \S{36} Timestamp: \S+ \S+Z$",
        body["error_description"],
    )


def test_expired_secret_is_refused_with_7000222_until_a_new_one_is_added(start: Start) -> None:
    """F-79."""
    client = start()
    client.control(f"apps/{APP}/secrets/expire")
    assert client.sign_in().json()["error_codes"] == [7000222]
    client.control(f"apps/{APP}/secrets", {"value": "new"})
    assert client.sign_in(client_secret="new").ok


def test_revoked_secret_is_a_wrong_secret(start: Start) -> None:
    client = start()
    client.control(f"apps/{APP}/secrets/revoke")
    assert client.sign_in().json()["error_codes"] == [7000215]


def test_disabled_app_gets_no_token(start: Start) -> None:
    client = start()
    client.control(f"apps/{APP}", {"disabled": True}, method="PATCH")
    assert client.sign_in().json()["error_codes"] == [7000112]


def test_token_endpoint_takes_no_get(start: Start) -> None:
    client = start()
    answer = client.get(f"{client.sandbox.url}/{TENANT}/oauth2/v2.0/token")
    assert answer.json()["error_codes"] == [900561]


def test_token_without_roles_is_issued_and_refused_by_the_mailbox(start: Start) -> None:
    client = start()
    client.control(f"apps/{APP}", {"roles": []}, method="PATCH")
    answer = client.signed_in().get("mailFolders/inbox")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "ErrorAccessDenied")


def test_address_of_the_mailbox_never_stands_in_a_token(client: Client) -> None:
    claims = jwt.decode(client.sign_in().json()["access_token"], options={"verify_signature": False})
    assert ADDRESS not in str(claims)
