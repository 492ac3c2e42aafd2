"""From a credential to a mail's bytes, over real HTTPS against the local Microsoft 365."""

import io
import json
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from sandbox.server import Sandbox
from tenants.errors import (
    AccessDenied,
    BadAnswer,
    CursorExpired,
    FolderGone,
    GraphError,
    IntegrationError,
    ItemGone,
    MailboxUnavailable,
    NetworkFailure,
    Throttled,
)
from tenants.microsoft.clouds import Cloud, cloud
from tenants.microsoft.graph import BatchRequest, GraphClient, segment, user_path
from tenants.microsoft.identity import AppToken, CertificateCredential, SecretCredential, acquire_app_token

from .answers import CLIENT_ID, DIRECTORY, OTHER_DIRECTORY
from .tls_server import make_certificate

pytestmark = pytest.mark.journey

HELP = "help@contoso.example"
SECRET = "journey-secret-value"
ROLES = ["Mail.ReadWrite", "Mail.Send"]
POLICED = "c0ffee00-5e4a-4b3c-8d2e-1f0a9b8c7d6e"
POWERLESS = "deadbeef-5e4a-4b3c-8d2e-1f0a9b8c7d6e"
KEY, CERTIFICATE = make_certificate()
INBOX = f"{user_path(HELP)}/mailFolders/inbox"
SCENARIO = {
    "tenants": [
        {
            "directory_id": DIRECTORY,
            "name": "Contoso",
            "domains": ["contoso.example"],
            "apps": [
                {
                    "client_id": CLIENT_ID,
                    "roles": ROLES,
                    "certificates": [{"pem": CERTIFICATE}],
                    "secrets": [
                        {"value": SECRET},
                        {"value": "journey-secret-of-old", "expires_at": "2024-01-01T00:00:00Z"},
                    ],
                },
                {
                    "client_id": POLICED,
                    "roles": ROLES,
                    "secrets": [{"value": SECRET}],
                    "scope": {"kind": "policy", "addresses": ["other@contoso.example"]},
                },
                {"client_id": POWERLESS, "roles": [], "secrets": [{"value": SECRET}]},
            ],
            "mailboxes": [
                {"address": HELP, "mail": [{"mix": {"count": 60}}]},
                {"address": "nolicence@contoso.example", "kind": "unlicensed"},
                {"address": "cellar@contoso.example", "kind": "on_premises"},
            ],
        }
    ]
}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("sandbox"), scenario=SCENARIO) as running:
        yield running


@pytest.fixture
def here(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(Path(sandbox.ca_path)))
    with override_settings(M365_LOGIN_URL=sandbox.url, M365_GRAPH_URL=sandbox.url):
        yield cloud("custom")
    control(sandbox, "clock", {"offset_s": 0})
    control(sandbox, "faults", method="DELETE")


def control(sandbox: Sandbox, path: str, body: Any = None, *, method: str = "POST") -> Any:
    request = urllib.request.Request(
        f"{sandbox.control_url}/{path}", data=json.dumps(body or {}).encode(), method=method
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def sign_in(here: Cloud, **changes: Any) -> AppToken:
    credential = SecretCredential(SECRET)
    values = {"directory_id": DIRECTORY, "client_id": CLIENT_ID, "credential": credential, **changes}
    return acquire_app_token(cloud=here, **values)


@pytest.fixture
def graph(here: Cloud) -> Callable[..., GraphClient]:
    def build(**changes: Any) -> GraphClient:
        token = sign_in(here, **changes)
        return GraphClient(cloud=here, token=lambda fresh: token.value, deadline_s=20)

    return build


def caught(call: Callable[[], Any]) -> IntegrationError:
    with pytest.raises(IntegrationError) as error:
        call()
    return error.value


def first_message(client: GraphClient) -> str:
    page = client.get(f"{INBOX}/messages", params={"$top": "1", "$select": "id"})
    return str(page["value"][0]["id"])


def test_secret_brings_a_token_with_its_roles(here: Cloud) -> None:
    assert sorted(sign_in(here).roles) == ROLES


def test_certificate_brings_a_token_as_well(here: Cloud) -> None:
    assert sign_in(here, credential=CertificateCredential(KEY, CERTIFICATE)).value


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"credential": SecretCredential("wrong")}, "AADSTS7000215"),
        ({"credential": SecretCredential("journey-secret-of-old")}, "AADSTS7000222"),
        ({"client_id": OTHER_DIRECTORY}, "AADSTS700016"),
        ({"directory_id": OTHER_DIRECTORY}, "AADSTS90002"),
        ({"directory_id": "nowhere.example"}, "AADSTS90002"),
        ({"credential": CertificateCredential(*make_certificate())}, "AADSTS700027"),
    ],
)
def test_refused_sign_in_names_its_cause(here: Cloud, changes: dict[str, Any], code: str) -> None:
    assert caught(lambda: sign_in(here, **changes)).code == code


def test_wrong_clock_is_named_when_a_certificate_signs(here: Cloud, sandbox: Sandbox) -> None:
    control(sandbox, "clock", {"offset_s": 3600})
    error = caught(lambda: sign_in(here, credential=CertificateCredential(KEY, CERTIFICATE)))
    assert error.code in ("clock_skew", "AADSTS700024")
    assert "clock" in str(error)


def test_delta_round_lists_the_folder_and_the_bytes_follow(graph: Callable[..., GraphClient]) -> None:
    client = graph()
    pages = list(client.pages(f"{INBOX}/messages/delta", headers={"Prefer": "odata.maxpagesize=20"}))
    ids = [item["id"] for page in pages for item in page["value"]]
    assert (len(pages), len(set(ids)), "@odata.deltaLink" in pages[-1]) == (3, 60, True)

    def fetch(name: str) -> int:
        path = f"{user_path(HELP)}/messages/{segment(name)}/$value"
        return client.download(path, io.BytesIO(), max_bytes=10**7).size_bytes

    with ThreadPoolExecutor(4) as threads:
        assert all(size > 200 for size in threads.map(fetch, ids))
    assert client.requests == 63


def test_immutable_id_survives_a_move_in_a_batch(graph: Callable[..., GraphClient]) -> None:
    client = graph()
    message = f"{user_path(HELP)}/messages/{segment(first_message(client))}"
    moves = [
        BatchRequest(method="POST", path=f"{message}/move", body={"destinationId": "archive"}),
        BatchRequest(method="PATCH", path=f"{user_path(HELP)}/messages/AAMkAGone", body={"isRead": True}),
    ]
    moved, gone = client.batch(moves)
    assert (moved.ok, moved.body["id"]) == (True, message.rsplit("/", 1)[1].replace("%3D", "="))
    assert gone.error is not None
    assert client.get(message, params={"$select": "id"})["id"] == moved.body["id"]


@pytest.mark.parametrize(
    ("path", "kind", "code"),
    [
        (
            "/users/nolicence%40contoso.example/mailFolders/inbox",
            MailboxUnavailable,
            "MailboxNotEnabledForRESTAPI",
        ),
        ("/users/cellar%40contoso.example/mailFolders/inbox", MailboxUnavailable, ""),
        ("/users/nobody%40contoso.example/mailFolders/inbox", MailboxUnavailable, ""),
    ],
)
def test_mailbox_that_cannot_be_opened_is_named(
    graph: Callable[..., GraphClient], path: str, kind: type[IntegrationError], code: str
) -> None:
    error = caught(lambda: graph().get(path))
    assert (type(error), error.code if code else "") == (kind, code)


def test_deleted_folder_is_told_from_a_deleted_message(
    graph: Callable[..., GraphClient], sandbox: Sandbox
) -> None:
    client = graph()
    folder = client.post(f"{user_path(HELP)}/mailFolders", {"displayName": "Short lived"})["id"]
    control(sandbox, f"mailboxes/{HELP}/folders/delete", {"folder": "Short lived"})
    path = f"{user_path(HELP)}/mailFolders/{segment(folder)}/messages/delta"
    assert isinstance(caught(lambda: client.get(path)), FolderGone)
    message = f"{user_path(HELP)}/messages/{segment(first_message(client))}"
    client.post(f"{message}/permanentDelete")
    assert isinstance(caught(lambda: client.get(f"{message}/$value")), ItemGone)


@pytest.mark.parametrize(
    ("client_id", "code"), [(POLICED, "access_policy"), (POWERLESS, "ErrorAccessDenied")]
)
def test_policy_is_told_from_a_missing_permission(
    graph: Callable[..., GraphClient], client_id: str, code: str
) -> None:
    error = caught(lambda: graph(client_id=client_id).get(INBOX))
    assert (type(error), error.code) == (AccessDenied, code)


def test_expired_delta_link_starts_the_folder_over(
    graph: Callable[..., GraphClient], sandbox: Sandbox
) -> None:
    client = graph()
    *_, last = client.pages(f"{INBOX}/messages/delta")
    control(sandbox, f"mailboxes/{HELP}/expire", {})
    assert isinstance(caught(lambda: client.get(last["@odata.deltaLink"])), CursorExpired)


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        ({"kind": "html"}, BadAnswer, "not_json"),
        ({"kind": "empty"}, BadAnswer, "answer_empty"),
        ({"kind": "truncate", "at_bytes": 20}, BadAnswer, "answer_cut"),
        ({"kind": "wrong_length", "off_by": 10}, IntegrationError, ""),
        ({"kind": "reset_before"}, NetworkFailure, "network_reset"),
        ({"kind": "reset_after"}, NetworkFailure, "network_reset"),
        ({"kind": "redirect"}, BadAnswer, "redirect_refused"),
        ({"kind": "status", "status": 503}, GraphError, "UnknownError"),
        ({"kind": "status", "status": 429, "code": "TooManyRequests"}, Throttled, "TooManyRequests"),
    ],
)
def test_fault_on_the_wire_is_named_and_passes(
    graph: Callable[..., GraphClient],
    sandbox: Sandbox,
    fault: dict[str, Any],
    kind: type[IntegrationError],
    code: str,
) -> None:
    client = graph()
    control(sandbox, "faults", {"match": {"path": "^/v1.0/"}, "fault": fault, "count": 1})
    error = caught(lambda: client.get(INBOX))
    assert (isinstance(error, kind), error.permanent, error.code if code else "") == (True, False, code)
    assert client.get(INBOX)["displayName"] == "Inbox"


def test_page_that_links_to_itself_for_ever_is_left(
    graph: Callable[..., GraphClient], sandbox: Sandbox
) -> None:
    client = graph()
    control(sandbox, "faults", {"match": {"path": "/delta"}, "fault": {"kind": "same_next_link"}})
    error = caught(lambda: list(client.pages(f"{INBOX}/messages/delta")))
    assert error.code == "link_loop"
