"""Graph: JSON batches."""

from typing import Any

import pytest

from tests.sandbox.client import ADDRESS, APP, Client, Json

JSON = {"Content-Type": "application/json"}


def item(name: str, url: str, *, method: str = "GET", **rest: Any) -> Json:
    return {"id": name, "method": method, "url": f"/users/{ADDRESS}/{url}", **rest}


def test_each_item_has_its_own_status_and_body(client: Client) -> None:
    mail = client.add("one")
    read = item("2", f"messages/{mail['id']}", method="PATCH", headers=JSON, body={"isRead": True})
    answers = client.batch(item("1", "mailFolders/inbox"), read, item("3", "messages/x"))
    assert {name: answer["status"] for name, answer in answers.items()} == {"1": 200, "2": 200, "3": 400}
    assert answers["2"]["body"]["isRead"] is True
    assert answers["3"]["body"]["error"]["code"] == "ErrorInvalidIdMalformed"


def test_twenty_moves_go_in_one_request(client: Client) -> None:
    ids = [client.add(f"m{number}")["id"] for number in range(20)]
    headers = JSON | {"Prefer": 'IdType="ImmutableId"'}
    moves = [
        item(
            str(place),
            f"messages/{name}/move",
            method="POST",
            headers=headers,
            body={"destinationId": "archive"},
        )
        for place, name in enumerate(ids)
    ]
    client.control("counters/reset")
    answers = client.batch(*moves)
    counters = client.control("counters", method="GET")
    assert [answers[str(place)]["body"]["id"] for place in range(20)] == ids
    assert (counters["http_requests"], counters["kinds"]["messages.move"]) == (1, 20)


def test_item_after_a_failed_one_it_depends_on_is_not_done(client: Client) -> None:
    mail = client.add("one")
    read = item(
        "2", f"messages/{mail['id']}", method="PATCH", headers=JSON, body={"isRead": True}, dependsOn=["1"]
    )
    answers = client.batch(item("1", "mailFolders/x"), read)
    assert answers["2"]["status"] == 424
    assert client.get(f"messages/{mail['id']}").json()["isRead"] is False


@pytest.mark.parametrize(
    "items",
    [
        [],
        [item(str(number), "mailFolders") for number in range(21)],
        [item("1", "mailFolders"), item("1", "mailFolders")],
        [item("1", "messages/x", method="PATCH", body={"isRead": True})],
        [item("1", "mailFolders", dependsOn=["9"])],
        [{"id": "1"}],
    ],
    ids=["none", "too many", "same id", "body without type", "unknown dependency", "no url"],
)
def test_malformed_batch_is_refused_as_a_whole(client: Client, items: list[Json]) -> None:
    answer = client.post(f"{client.sandbox.url}/v1.0/$batch", {"requests": items})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")


def test_four_items_run_abreast_and_count_as_such(client: Client) -> None:
    client.batch(*[item(str(number), "mailFolders/inbox") for number in range(6)])
    assert client.control("counters", method="GET")["most_at_once"] == {ADDRESS: 4}


def test_items_without_a_place_are_throttled_one_by_one(client: Client) -> None:
    for _ in range(2):
        client.sandbox.cloud.traffic.take_slot(APP, ADDRESS)
    answers = client.batch(*[item(str(number), "mailFolders/inbox") for number in range(4)])
    assert [answers[str(number)]["status"] for number in range(4)] == [200, 200, 429, 429]
    assert answers["3"]["headers"]["Retry-After"] == "1"


def test_fault_hits_one_item_of_a_batch(client: Client) -> None:
    options = {"status": 503, "headers": {"Retry-After": "7"}}
    client.fault("status", path="mailFolders/archive", options=options)
    answers = client.batch(item("1", "mailFolders/inbox"), item("2", "mailFolders/archive"))
    assert (answers["1"]["status"], answers["2"]["status"]) == (200, 503)
    assert answers["2"]["headers"]["Retry-After"] == "7"


def test_batch_without_a_token_is_refused(client: Client) -> None:
    del client.session.headers["Authorization"]
    assert client.post(f"{client.sandbox.url}/v1.0/$batch", {"requests": []}).status_code == 401
