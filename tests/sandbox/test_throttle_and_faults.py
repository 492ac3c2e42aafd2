"""The limit of four at once, the counters, and every fault on demand."""

import email.utils

import pytest
import requests

from tests.sandbox.client import ADDRESS, APP, TENANT, Client

INBOX = "mailFolders/inbox"


def test_fifth_request_at_once_is_throttled_and_the_place_is_free_again_later(client: Client) -> None:
    """F-32."""
    held = [client.sandbox.cloud.traffic.take_slot(APP, ADDRESS) for _ in range(4)]
    refused = client.get(INBOX)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "ApplicationThrottled")
    assert refused.headers["Retry-After"] == "1"
    assert held[0] is not None
    held[0]()
    assert client.get(INBOX).ok
    assert client.control("counters", method="GET")["throttled"] == {ADDRESS: 1}


def test_refused_request_leaves_its_place(client: Client) -> None:
    for _ in range(6):
        assert client.get("messages/x").status_code == 400
    assert client.get(INBOX).ok


def test_counters_tell_kinds_mailboxes_and_statuses_and_start_anew(client: Client) -> None:
    client.control("counters/reset")
    client.get(INBOX), client.get("messages/x")
    counters = client.control("counters/reset")
    assert counters["kinds"] == {"folders.get": 1, "messages.get": 1}
    assert counters["statuses"] == {"200": 1, "400": 1}
    assert counters["mailboxes"] == {ADDRESS: 2}
    assert client.control("counters", method="GET")["http_requests"] == 0


def test_last_requests_are_remembered_with_their_status(client: Client) -> None:
    client.get(f"{INBOX}?$select=id")
    seen = client.control("requests?last=1", method="GET")["requests"]
    assert seen[0]["target"].endswith(f"{INBOX}?$select=id")
    assert (seen[0]["status"], seen[0]["kind"]) == (200, "folders.get")


@pytest.mark.parametrize("value", ["5", "banana", "-5", "86400"])
def test_status_fault_answers_with_the_code_and_headers_it_was_given(client: Client, value: str) -> None:
    """F-31."""
    options = {"status": 429, "code": "ApplicationThrottled", "headers": {"Retry-After": value}}
    client.fault("status", count=1, options=options)
    answer = client.get(INBOX)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "ApplicationThrottled")
    assert answer.headers["Retry-After"] == value
    assert client.get(INBOX).ok


def test_retry_after_can_be_a_date(client: Client) -> None:
    """F-31."""
    client.fault("status", count=1, options={"status": 503, "retry_after_date_s": 30})
    moment = email.utils.parsedate_to_datetime(client.get(INBOX).headers["Retry-After"])
    assert moment.tzinfo is not None


def test_nth_request_alone_is_hit(client: Client) -> None:
    client.fault("status", nth=2, path="mailFolders/inbox$", options={"status": 500})
    assert [client.get(INBOX).status_code for _ in range(3)] == [200, 500, 200]


def test_probability_hits_the_same_requests_for_the_same_seed(client: Client) -> None:
    rounds = []
    for _ in range(2):
        client.fault("status", probability=0.5, seed=7, options={"status": 500})
        rounds.append([client.get(INBOX).status_code for _ in range(12)])
        client.control("faults", method="DELETE")
    assert rounds[0] == rounds[1]
    assert set(rounds[0]) == {200, 500}


def test_method_is_matched(client: Client) -> None:
    client.fault("status", method="POST", options={"status": 500})
    assert client.get(INBOX).ok
    assert client.post("mailFolders", {"displayName": "x"}).status_code == 500


@pytest.mark.parametrize(("kind", "done"), [("reset_before", False), ("reset_after", True)])
def test_reset_comes_before_or_after_the_act(client: Client, kind: str, done: bool) -> None:
    """F-04."""
    mail = client.add("one")
    client.fault(kind, method="PATCH", count=1)
    with pytest.raises(requests.ConnectionError):
        client.patch(f"messages/{mail['id']}", {"isRead": True})
    assert client.get(f"messages/{mail['id']}").json()["isRead"] is done


@pytest.mark.parametrize(
    ("kind", "options"), [("truncate", {"at_bytes": 9}), ("wrong_length", {"off_by": 5})]
)
def test_body_that_ends_early_is_an_error_of_the_connection(
    client: Client, kind: str, options: dict[str, int]
) -> None:
    """F-34."""
    mail = client.add("one")
    client.fault(kind, path=r"\$value", count=1, options=options)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        client.get(f"messages/{mail['id']}/$value")
    assert client.get(f"messages/{mail['id']}/$value").content.endswith(b"Hi\xe9\r\n")


def test_html_empty_and_redirect_take_the_place_of_json(client: Client) -> None:
    """F-35."""
    client.fault("html", count=1)
    client.fault("empty", count=1)
    client.fault("redirect", count=1, options={"location": "https://elsewhere.example/"})
    page, nothing = client.get(INBOX), client.get(INBOX)
    elsewhere = client.get(INBOX, allow_redirects=False)
    assert page.headers["Content-Type"].startswith("text/html")
    assert (nothing.status_code, nothing.content) == (200, b"")
    assert (elsewhere.status_code, elsewhere.headers["Location"]) == (302, "https://elsewhere.example/")


def test_page_can_link_to_itself(client: Client) -> None:
    """F-20."""
    client.fault("same_next_link", path="delta")
    first = client.get(f"{INBOX}/messages/delta").json()
    second = client.get(first["@odata.nextLink"]).json()
    assert first["@odata.nextLink"] == second["@odata.nextLink"]


def test_empty_page_links_to_where_its_items_wait(client: Client) -> None:
    mail = client.add("one")
    client.fault("empty_page", path="delta", count=1)
    first = client.get(f"{INBOX}/messages/delta").json()
    second = client.get(first["@odata.nextLink"]).json()
    assert first["value"] == []
    assert [item["id"] for item in second["value"]] == [mail["id"]]


def test_dripped_body_arrives_whole(client: Client) -> None:
    mail = client.add("one")
    client.fault("drip", path=r"\$value", count=1, options={"bytes_per_s": 4000, "headers": True})
    assert client.get(f"messages/{mail['id']}/$value").content.endswith(b"Hi\xe9\r\n")


def test_token_endpoint_can_fail_too(client: Client) -> None:
    """F-82."""
    client.fault(
        "status",
        path=f"{TENANT}/oauth2",
        options={"status": 503, "payload": {"error": "temporarily_unavailable"}},
    )
    answer = client.sign_in()
    assert (answer.status_code, answer.json()) == (503, {"error": "temporarily_unavailable"})


@pytest.mark.parametrize(
    "rule", [{"fault": {"kind": "earthquake"}}, {"match": {"path": "("}, "fault": {"kind": "html"}}]
)
def test_rule_nobody_understands_is_refused(client: Client, rule: dict[str, object]) -> None:
    answer = requests.post(f"{client.sandbox.control_url}/faults", json=rule, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["error"]
