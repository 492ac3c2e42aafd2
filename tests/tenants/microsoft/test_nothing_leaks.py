"""No secret, token or address stands in any error, however it is shown or stored. Covers S-23."""

import pickle
import traceback
from collections.abc import Callable
from typing import Any

import pytest
import requests
import responses

from tenants.errors import IntegrationError
from tenants.microsoft.clouds import cloud
from tenants.microsoft.graph import GraphClient
from tenants.microsoft.identity import AppToken, CertificateCredential, SecretCredential, acquire_app_token

from . import answers
from .answers import CLIENT_ID, DIRECTORY, GRAPH, METADATA_URL, TOKEN_URL
from .tls_server import make_certificate

SECRET = "Zx8Q~canary-secret-value-that-must-not-show"
TOKEN = answers.access_token(canary="canary-token")
ADDRESS = "canary.person@contoso.example"
CANARIES = (SECRET, TOKEN, ADDRESS, "canary")


def shown(error: BaseException) -> str:
    lines = "".join(traceback.format_exception(error))
    return "\n".join([repr(error), str(error), lines, str(pickle.dumps(error)), repr(vars(error))])


def caught(call: Callable[[], Any]) -> IntegrationError:
    with pytest.raises(IntegrationError) as error:
        call()
    return error.value


def sign_in() -> AppToken:
    return acquire_app_token(
        cloud=cloud("global"),
        directory_id=DIRECTORY,
        client_id=CLIENT_ID,
        credential=SecretCredential(SECRET),
    )


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 401, "json": answers.refused(7000215, text=f"Wrong: {SECRET} for {ADDRESS}")},
        {"status": 400, "json": answers.refused(4242, text=f"New: {SECRET} for {ADDRESS}")},
        {"status": 400, "json": {"error": SECRET, "error_description": TOKEN}},
        {"status": 500, "body": SECRET},
        {"status": 200, "body": f'{{"access_token": "{TOKEN}"', "content_type": "application/json"},
        {"status": 200, "json": {"access_token": TOKEN + "\n", "expires_in": 1}},
        {"body": requests.ConnectionError(f"failed with {SECRET} at {ADDRESS}")},
    ],
)
def test_refused_sign_in_shows_nothing_that_was_sent(
    wire: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    wire.get(METADATA_URL, json=answers.metadata())
    wire.post(TOKEN_URL, **answer)
    error = caught(sign_in)
    assert not [canary for canary in CANARIES if canary in shown(error)]


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 404, "json": answers.graph_error("ErrorInvalidUser", f"The user '{ADDRESS}' is invalid.")},
        {"status": 400, "json": answers.graph_error("ErrorNew", f"Not for '{ADDRESS}' with {TOKEN}.")},
        {"status": 401, "json": answers.graph_error(TOKEN, TOKEN, **{"request-id": TOKEN})},
        {"status": 302, "headers": {"Location": f"https://evil.example/?{TOKEN}"}},
        {"status": 200, "body": TOKEN, "content_type": "application/json"},
        {"body": requests.ReadTimeout(f"{ADDRESS} {TOKEN}")},
    ],
)
def test_failed_request_shows_neither_token_nor_address(
    wire: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    wire.get(f"{GRAPH}/users/{ADDRESS}", **answer)
    client = GraphClient(cloud=cloud("global"), token=lambda fresh: TOKEN)
    error = caught(lambda: client.get(f"/users/{ADDRESS}"))
    assert not [canary for canary in CANARIES if canary in shown(error)]


def test_error_hangs_on_no_other_exception(wire: responses.RequestsMock, client: GraphClient) -> None:
    """requests keeps the whole request, its Authorization header included, on what it raises."""
    wire.get(GRAPH + "/a", body=requests.ConnectionError("x"))
    error = caught(lambda: client.get("/a"))
    assert (error.__cause__, error.__context__) == (None, None)


def test_credentials_and_tokens_do_not_show_themselves(wire: responses.RequestsMock) -> None:
    key, certificate = make_certificate()
    wire.get(METADATA_URL, json=answers.metadata())
    wire.post(TOKEN_URL, json=answers.token(TOKEN))
    text = repr([SecretCredential(SECRET), CertificateCredential(key, certificate), sign_in()])
    assert not [canary for canary in (*CANARIES, "PRIVATE KEY", "BEGIN") if canary in text]


def test_pickled_error_comes_back_whole(wire: responses.RequestsMock, client: GraphClient) -> None:
    wire.get(
        GRAPH + "/a",
        status=429,
        json=answers.graph_error("ApplicationThrottled"),
        headers={"Retry-After": "9"},
    )
    error = caught(lambda: client.get("/a"))
    back = pickle.loads(pickle.dumps(error))
    assert (type(back), back.diagnosis, vars(back)) == (type(error), error.diagnosis, vars(error))
