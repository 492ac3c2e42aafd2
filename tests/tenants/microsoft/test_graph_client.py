"""What the client sends, follows and repeats. Covers F-20, F-77, S-56."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
import responses

from tenants.errors import AccessDenied, BadAnswer, ForeignLink, Throttled
from tenants.microsoft.clouds import cloud
from tenants.microsoft.graph import GraphClient, segment, user_path

from .answers import GRAPH, graph_error

INBOX = "/users/help%40contoso.example/mailFolders/inbox"
EXPIRED = graph_error("InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")


def sent(wire: responses.RequestsMock, place: int = -1) -> Any:
    return wire.calls[place].request


def test_every_request_asks_for_immutable_ids_and_carries_its_own_id(
    wire: responses.RequestsMock, client: GraphClient
) -> None:
    wire.get(GRAPH + INBOX, json={"id": "AQMk"})
    client.get(INBOX)
    client.get(INBOX)
    assert [call.request.headers["Prefer"] for call in wire.calls] == ['IdType="ImmutableId"'] * 2
    assert len({call.request.headers["client-request-id"] for call in wire.calls}) == 2


def test_callers_preference_joins_the_one_for_immutable_ids(
    wire: responses.RequestsMock, client: GraphClient
) -> None:
    wire.get(GRAPH + INBOX, json={})
    client.get(INBOX, headers={"Prefer": "odata.maxpagesize=50"})
    assert sent(wire).headers["Prefer"] == 'IdType="ImmutableId", odata.maxpagesize=50'


def test_parameters_are_encoded(wire: responses.RequestsMock, client: GraphClient) -> None:
    wire.get(GRAPH + INBOX + "/messages", json={"value": []})
    client.get(INBOX + "/messages", params={"$filter": "internetMessageId eq '<a+b@c>'", "$top": "5"})
    assert sent(wire).url.endswith("?$filter=internetMessageId%20eq%20%27%3Ca%2Bb%40c%3E%27&$top=5")


def test_json_body_is_sent_as_json(wire: responses.RequestsMock, client: GraphClient) -> None:
    wire.post(GRAPH + "/users/u/messages/m/move", status=201, json={"id": "AAMk"})
    assert client.post("/users/u/messages/m/move", {"destinationId": "archive"}) == {"id": "AAMk"}
    assert json.loads(sent(wire).body) == {"destinationId": "archive"}
    assert sent(wire).headers["Content-Type"] == "application/json"


def test_bytes_are_sent_as_they_are(wire: responses.RequestsMock, client: GraphClient) -> None:
    wire.post(GRAPH + "/users/u/messages", status=201, json={"id": "AAMk"})
    client.post("/users/u/messages", b"TUlNRQ==", headers={"Content-Type": "text/plain"})
    assert (sent(wire).body, sent(wire).headers["Content-Type"]) == (b"TUlNRQ==", "text/plain")


@pytest.mark.parametrize("status", [202, 204])
def test_answer_without_body_is_empty(wire: responses.RequestsMock, client: GraphClient, status: int) -> None:
    wire.post(GRAPH + "/users/u/messages/m/send", status=status, body=b"")
    assert client.post("/users/u/messages/m/send") == {}


def test_patch_and_delete_use_their_verbs(wire: responses.RequestsMock, client: GraphClient) -> None:
    wire.patch(GRAPH + "/users/u/messages/m", json={"isRead": True})
    wire.delete(GRAPH + "/users/u/messages/m", status=204)
    assert client.patch("/users/u/messages/m", {"isRead": True}) == {"isRead": True}
    client.delete("/users/u/messages/m")
    assert client.requests == 2


def test_ids_and_addresses_become_one_segment_each() -> None:
    assert segment("AAMk/+=_-") == "AAMk%2F%2B%3D_-"
    assert user_path("a#b@c.example") == "/users/a%23b%40c.example"
    assert user_path("$o'x@c.example") == "/users('%24o%27%27x%40c.example')"


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_segment_that_would_climb_the_path_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="must name something"):
        segment(value)


def test_pages_follow_the_links_over_an_empty_page(wire: responses.RequestsMock, client: GraphClient) -> None:
    first, second, third = (GRAPH + path for path in ("/a", "/b?$skiptoken=x%2By", "/c"))
    wire.get(first, json={"value": [1], "@odata.nextLink": second})
    wire.get(second, json={"value": [], "@odata.nextLink": third})
    wire.get(third, json={"value": [2]})
    assert [page["value"] for page in client.pages("/a")] == [[1], [], [2]]
    assert sent(wire, 1).url == second


def test_preference_is_repeated_on_every_page(wire: responses.RequestsMock, client: GraphClient) -> None:
    first, second = GRAPH + "/a", GRAPH + "/b"
    wire.get(first, json={"value": [], "@odata.nextLink": second})
    wire.get(second, json={"value": []})
    list(client.pages("/a", headers={"Prefer": "odata.maxpagesize=50"}))
    assert all("odata.maxpagesize=50" in call.request.headers["Prefer"] for call in wire.calls)


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/a",
        "http://graph.microsoft.com/v1.0/a",
        "https://graph.microsoft.com:444/v1.0/a",
        "https://graph.microsoft.com@evil.example/v1.0/a",
        "https://user:pw@graph.microsoft.com/v1.0/a",
        "https://graph.microsoft.com\\@evil.example/v1.0/a",
        "https://graph.microsoft.com.evil.example/v1.0/a",
        "https://graph.microsoft.com:x/v1.0/a",
        "https://[/v1.0/a",
        "//evil.example/v1.0/a",
        "https://graph.microsoft.com/v1.0/a\r\nX:y",
        "https://graph.microsoft.com/v1.0/a b",
        17,
    ],
)
def test_next_link_elsewhere_is_not_followed(
    wire: responses.RequestsMock, client: GraphClient, link: object
) -> None:
    """S-56: no request, hence no token, leaves for another host."""
    wire.get(GRAPH + "/a", json={"value": [], "@odata.nextLink": link})
    with pytest.raises(ForeignLink):
        list(client.pages("/a"))
    assert len(wire.calls) == 1


def test_stored_link_is_known_as_ours_or_not(client: GraphClient) -> None:
    assert client.owns("https://graph.microsoft.com/v1.0/users/u/messages/delta?$deltatoken=x")
    assert not client.owns("https://graph.microsoft.us/v1.0/users/u/messages/delta?$deltatoken=x")


def test_link_with_the_default_port_spelt_out_is_our_own(
    wire: responses.RequestsMock, client: GraphClient
) -> None:
    wire.get(GRAPH + "/a", json={"id": "1"})
    assert client.get("https://GRAPH.microsoft.com:443/v1.0/a") == {"id": "1"}


def test_page_that_links_to_itself_is_left_at_the_third_time(
    wire: responses.RequestsMock, client: GraphClient
) -> None:
    """F-20."""
    wire.get(GRAPH + "/a", json={"value": [], "@odata.nextLink": GRAPH + "/a"})
    with pytest.raises(BadAnswer) as caught:
        list(client.pages("/a"))
    assert (caught.value.code, len(wire.calls)) == ("link_loop", 3)


def test_refused_token_is_refreshed_once_and_the_page_resumed(
    wire: responses.RequestsMock, client: GraphClient
) -> None:
    """F-77."""
    wire.get(GRAPH + "/a", json={"value": [1], "@odata.nextLink": GRAPH + "/b"})
    wire.get(GRAPH + "/b", status=401, json=EXPIRED)
    wire.get(GRAPH + "/b", json={"value": [2]})
    assert [page["value"] for page in client.pages("/a")] == [[1], [2]]
    tokens = [call.request.headers["Authorization"] for call in wire.calls]
    assert tokens == ["Bearer token-stored", "Bearer token-stored", "Bearer token-fresh"]


def test_fresh_token_refused_as_well_ends_the_matter(
    wire: responses.RequestsMock, client: GraphClient
) -> None:
    wire.get(GRAPH + "/a", status=401, json=EXPIRED)
    with pytest.raises(AccessDenied) as caught:
        client.get("/a")
    assert (caught.value.code, caught.value.permanent) == ("InvalidAuthenticationToken", True)
    assert client.requests == 2


def test_conditional_access_challenge_survives_a_fresh_token_as_its_own_cause(
    wire: responses.RequestsMock, client: GraphClient
) -> None:
    """F-77."""
    challenge = 'Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="'
    wire.get(GRAPH + "/a", status=401, json=EXPIRED, headers={"WWW-Authenticate": challenge})
    with pytest.raises(AccessDenied) as caught:
        client.get("/a")
    assert (caught.value.code, client.requests) == ("claims_challenge", 2)


def test_write_is_never_repeated_after_a_fault(wire: responses.RequestsMock, client: GraphClient) -> None:
    wire.post(GRAPH + "/users/u/messages/m/send", status=503, json=graph_error("serviceNotAvailable"))
    with pytest.raises(Exception, match="passing fault"):
        client.post("/users/u/messages/m/send")
    assert client.requests == 1


def test_redirect_is_refused_and_not_followed(wire: responses.RequestsMock, client: GraphClient) -> None:
    """S-56."""
    elsewhere = wire.get("https://evil.example/a", json={})
    wire.get(GRAPH + "/a", status=302, headers={"Location": "https://evil.example/a"})
    with pytest.raises(BadAnswer) as caught:
        client.get("/a")
    assert (caught.value.code, elsewhere.call_count) == ("redirect_refused", 0)


def test_client_may_be_used_from_four_threads_at_once(
    wire: responses.RequestsMock, client: GraphClient
) -> None:
    wire.get(GRAPH + "/a", json={"id": "1"})
    threads = [threading.Thread(target=lambda: [client.get("/a") for _ in range(25)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.requests == 100


def test_four_threads_with_a_refused_token_ask_for_one_fresh_one(wire: responses.RequestsMock) -> None:
    asked: list[bool] = []
    together = threading.Barrier(4)

    def token(fresh: bool) -> str:
        asked.append(fresh)
        return f"token-{asked.count(True)}"

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        if request.headers["Authorization"] == "Bearer token-0":
            together.wait(timeout=10)
            return 401, {"Content-Type": "application/json"}, json.dumps(EXPIRED)
        return 200, {"Content-Type": "application/json"}, "{}"

    wire.add_callback(responses.GET, GRAPH + "/a", answer)
    client = GraphClient(cloud=cloud("global"), token=token)
    threads = [threading.Thread(target=client.get, args=("/a",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == [False, True]


class _Slots:
    def __init__(self, free: int) -> None:
        self.free = free

    def slots(self) -> int:
        return self.free


def test_without_a_slot_nothing_is_sent(wire: responses.RequestsMock, token: Callable[[bool], str]) -> None:
    client = GraphClient(cloud=cloud("global"), token=token, gate=_Slots(0))
    with pytest.raises(Throttled) as caught:
        client.get("/a")
    assert (caught.value.code, len(wire.calls)) == ("slots_taken", 0)


def test_second_request_waits_while_the_only_slot_is_taken(
    wire: responses.RequestsMock, token: Callable[[bool], str]
) -> None:
    client = GraphClient(cloud=cloud("global"), token=token, gate=_Slots(1))
    second = threading.Thread(target=client.get, args=("/b",))

    def answer(_: Any) -> tuple[int, dict[str, str], str]:
        second.start()
        # Without the gate it would be over in a moment.
        second.join(timeout=0.2)
        return 200, {"Content-Type": "application/json"}, json.dumps({"waits": second.is_alive()})

    wire.add_callback(responses.GET, GRAPH + "/a", answer)
    wire.get(GRAPH + "/b", json={})
    assert client.get("/a") == {"waits": True}
    second.join()
    assert client.requests == 2
