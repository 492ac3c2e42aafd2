"""Each answer of Graph becomes one error. Covers F-22, F-23, F-25, F-28, F-31, F-35, F-86."""

from typing import Any

import pytest
import responses

from tenants.errors import (
    AccessDenied,
    AlreadyExists,
    BadAnswer,
    CursorExpired,
    FolderGone,
    GraphError,
    IntegrationError,
    ItemGone,
    MailboxFull,
    MailboxUnavailable,
    NetworkFailure,
    Throttled,
)
from tenants.microsoft.graph import GraphClient

from .answers import GRAPH, TRACE_ID, graph_error

RAOP = "Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings."
DELTA = "/users/u/mailFolders/AQMk/messages/delta"
MESSAGE = "/users/u/messages/AAMk"


def failure(wire: responses.RequestsMock, client: GraphClient, path: str, **answer: Any) -> IntegrationError:
    wire.get(GRAPH + path, **answer)
    with pytest.raises(IntegrationError) as caught:
        client.get(path)
    return caught.value


@pytest.mark.parametrize(
    ("status", "code", "path", "kind", "permanent"),
    [
        (403, "ErrorAccessDenied", MESSAGE, AccessDenied, True),
        (403, "Authorization_RequestDenied", "/users/u", AccessDenied, True),
        (403, "ErrorSendAsDenied", MESSAGE, AccessDenied, True),
        (403, "ErrorExceededMessageLimit", MESSAGE, AccessDenied, False),
        (404, "MailboxNotEnabledForRESTAPI", "/users/u", MailboxUnavailable, True),
        (404, "ErrorInvalidUser", "/users/u", MailboxUnavailable, True),
        (404, "Request_ResourceNotFound", "/users/u", MailboxUnavailable, True),
        (400, "extensionError", "/users/u", MailboxUnavailable, True),
        (404, "ErrorItemNotFound", MESSAGE, ItemGone, True),
        (404, "itemNotFound", MESSAGE + "/$value", ItemGone, True),
        (404, "ErrorItemNotFound", DELTA, FolderGone, True),
        (404, "ErrorItemNotFound", "/users/u/mailFolders/AQMk", FolderGone, True),
        (404, "ErrorItemNotFound", "/users/u/mailFolders/AQMk/messages/AAMk", ItemGone, True),
        (404, "ErrorFolderNotFound", MESSAGE + "/move", FolderGone, True),
        (409, "ErrorFolderExists", "/users/u/mailFolders", AlreadyExists, True),
        (412, "ErrorIrresolvableConflict", MESSAGE, GraphError, False),
        (400, "ErrorInvalidIdMalformed", MESSAGE, ItemGone, True),
        (400, "ErrorInvalidIdMalformed", DELTA, FolderGone, True),
        (413, "ErrorMessageSizeExceeded", MESSAGE, GraphError, True),
        (507, "ErrorQuotaExceeded", MESSAGE, MailboxFull, False),
        (403, "ErrorQuotaExceeded", MESSAGE, MailboxFull, False),
        (424, "FailedDependency", MESSAGE, GraphError, False),
        (429, "ApplicationThrottled", MESSAGE, Throttled, False),
        (503, "ErrorServerBusy", MESSAGE, Throttled, False),
        (403, "activityLimitReached", MESSAGE, Throttled, False),
        (500, "ErrorInternalServerError", MESSAGE, GraphError, False),
        (501, "notSupported", MESSAGE, GraphError, True),
        (503, "serviceNotAvailable", MESSAGE, GraphError, False),
        (504, "UnknownError", MESSAGE, GraphError, False),
        (509, "", MESSAGE, Throttled, False),
    ],
)
def test_answer_becomes_the_error_a_caller_branches_on(
    wire: responses.RequestsMock,
    client: GraphClient,
    status: int,
    code: str,
    path: str,
    kind: type[GraphError],
    permanent: bool,
) -> None:
    error = failure(wire, client, path, status=status, json=graph_error(code))
    assert (type(error), error.permanent) == (kind, permanent)


@pytest.mark.parametrize("status", [400, 404, 410])
@pytest.mark.parametrize(
    "code", ["SyncStateNotFound", "syncStateNotFound", "RESYNCREQUIRED", "resyncRequired"]
)
def test_forgotten_delta_state_is_recognised_in_every_spelling(
    wire: responses.RequestsMock, client: GraphClient, status: int, code: str
) -> None:
    """F-22, F-23."""
    error = failure(wire, client, DELTA, status=status, json=graph_error(code))
    assert (type(error), error.permanent) == (CursorExpired, False)


@pytest.mark.parametrize("spelling", ["innerError", "innererror"])
def test_forgotten_delta_state_is_recognised_inside_a_general_code(
    wire: responses.RequestsMock, client: GraphClient, spelling: str
) -> None:
    inner = {"code": "badRequest", spelling: {"code": "resyncRequired"}}
    body = {"error": {"code": "invalidRequest", "message": "x", spelling: inner}}
    assert isinstance(failure(wire, client, DELTA, status=400, json=body), CursorExpired)


def test_fresh_start_offered_elsewhere_is_ignored(wire: responses.RequestsMock, client: GraphClient) -> None:
    body = graph_error("SyncStateNotFound")
    headers = {"Location": "https://evil.example/v1.0/delta?$deltatoken="}
    assert isinstance(failure(wire, client, DELTA, status=410, json=body, headers=headers), CursorExpired)
    assert len(wire.calls) == 1


def test_gone_without_a_word_on_a_delta_link_is_a_forgotten_state(
    wire: responses.RequestsMock, client: GraphClient
) -> None:
    assert isinstance(failure(wire, client, DELTA, status=410, body=b""), CursorExpired)


def test_access_policy_is_told_apart_from_a_missing_permission(
    wire: responses.RequestsMock, client: GraphClient
) -> None:
    """F-86."""
    plain = failure(
        wire, client, "/a", status=403, json=graph_error("ErrorAccessDenied", "Access is denied.")
    )
    policy = failure(wire, client, "/b", status=403, json=graph_error("ErrorAccessDenied", RAOP))
    assert (plain.code, policy.code) == ("ErrorAccessDenied", "access_policy")
    assert "Get-ApplicationAccessPolicy" in policy.diagnosis.fix


def test_mailbox_without_licence_says_what_to_check(
    wire: responses.RequestsMock, client: GraphClient
) -> None:
    """F-86."""
    said = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
    error = failure(wire, client, "/a", status=404, json=graph_error("MailboxNotEnabledForRESTAPI", said))
    assert error.diagnosis.who == "customer_admin"
    assert "Exchange Online licence" in error.diagnosis.fix


def test_refusal_without_body_is_a_missing_permission(
    wire: responses.RequestsMock, client: GraphClient
) -> None:
    error = failure(wire, client, "/a", status=401, body=b"")
    assert (type(error), error.code) == (AccessDenied, "http_401")


def test_wrong_clock_is_named_when_even_a_fresh_token_is_out_of_time(
    wire: responses.RequestsMock, client: GraphClient
) -> None:
    body = graph_error("InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
    headers = {"Date": "Sat, 21 Nov 2020 10:00:00 GMT"}
    assert failure(wire, client, "/a", status=401, json=body, headers=headers).code == "clock_skew"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"body": "<html>Please log in</html>", "content_type": "text/html"}, "not_json"),
        ({"body": "<html>Please log in</html>", "content_type": "application/json"}, "not_json"),
        ({"body": '{"value": []}', "content_type": "text/plain"}, "not_json"),
        ({"body": '{"value": [{"id": "AAM', "content_type": "application/json"}, "answer_cut"),
        ({"body": "", "content_type": "application/json"}, "answer_empty"),
        ({"body": "[]", "content_type": "application/json"}, "answer_malformed"),
        ({"body": "null", "content_type": "application/json"}, "answer_malformed"),
        ({"body": '{"a": NaN}', "content_type": "application/json"}, "answer_cut"),
        ({"body": b'{"a": "\xff"}', "content_type": "application/json"}, "answer_cut"),
        (
            {"body": '{"a":' + "[" * 64 + "]" * 64 + "}", "content_type": "application/json"},
            "answer_too_deep",
        ),
        ({"body": '{"a":' + "[" * 100_000, "content_type": "application/json"}, "answer_too_deep"),
    ],
)
def test_answer_that_is_not_graphs_is_named_and_passes(
    wire: responses.RequestsMock, client: GraphClient, answer: dict[str, Any], code: str
) -> None:
    """F-35."""
    error = failure(wire, client, "/a", **answer)
    assert (type(error), error.code, error.permanent) == (BadAnswer, code, False)


def test_page_in_the_way_is_named_by_its_title(wire: responses.RequestsMock, client: GraphClient) -> None:
    page = "<html><TITLE>Contoso gateway: sign\n in &amp; go on, it@contoso.example</title>Please</html>"
    cause = failure(wire, client, "/a", body=page, content_type="text/html").diagnosis.cause
    assert cause.endswith(" answers JSON (Contoso gateway: sign in & go on, [address]).")


def test_nesting_at_the_limit_is_read(wire: responses.RequestsMock, client: GraphClient) -> None:
    deep = '{"a":' + "[" * 63 + "]" * 63 + "}"
    wire.get(GRAPH + "/a", body=deep, content_type="application/json")
    assert "a" in client.get("/a")


@pytest.mark.parametrize("status", [400, 403, 404, 407, 410])
def test_page_of_a_proxy_with_an_error_status_is_not_taken_for_graphs_word(
    wire: responses.RequestsMock, client: GraphClient, status: int
) -> None:
    error = failure(wire, client, "/a", status=status, body="<html>", content_type="text/html")
    assert (type(error), error.permanent, f"status {status}" in str(error)) == (BadAnswer, False, True)


def test_unknown_code_quotes_microsoft_and_keeps_the_request_id(
    wire: responses.RequestsMock, client: GraphClient
) -> None:
    body = graph_error("ErrorSomethingNew", "The moon is in the wrong house.")
    error = failure(wire, client, "/a", status=400, json=body)
    assert (error.code, "moon is in the wrong house" in str(error)) == ("ErrorSomethingNew", True)
    assert ("request_id", TRACE_ID) in error.diagnosis.correlation


def test_dns_failure_is_named(client: GraphClient, wire: responses.RequestsMock) -> None:
    """F-37: nothing answers at all; the real refusals are tried against a real socket elsewhere."""
    error = failure(wire, client, "/a", body=ConnectionResetError(104, "Connection reset by peer"))
    assert (type(error), error.code, error.permanent) == (NetworkFailure, "network_reset", False)
