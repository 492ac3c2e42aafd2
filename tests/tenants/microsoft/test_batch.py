"""Up to twenty requests in one, each with its own outcome."""

import json
from datetime import timedelta
from typing import Any

import pytest
import responses

from tenants.errors import AccessDenied, BadAnswer, GraphError, ItemGone, Throttled
from tenants.microsoft.graph import BatchRequest, BatchResult, GraphClient

from .answers import GRAPH, graph_error

BATCH = GRAPH + "/$batch"


def move(name: str) -> BatchRequest:
    return BatchRequest(
        method="POST", path=f"/users/u/messages/{name}/move", body={"destinationId": "archive"}
    )


def run(
    wire: responses.RequestsMock, client: GraphClient, answers: list[Any], count: int
) -> list[BatchResult]:
    wire.post(BATCH, json={"responses": answers})
    return client.batch([move(str(place)) for place in range(count)])


def test_results_come_in_the_order_of_the_requests(wire: responses.RequestsMock, client: GraphClient) -> None:
    answers = [
        {"id": "1", "status": 201, "body": {"id": "b"}},
        {"id": "0", "status": 201, "body": {"id": "a"}},
    ]
    assert [result.body["id"] for result in run(wire, client, answers, 2)] == ["a", "b"]


def test_each_item_has_its_own_error(wire: responses.RequestsMock, client: GraphClient) -> None:
    answers = [
        {"id": "0", "status": 201, "body": {"id": "a"}},
        {"id": "1", "status": 404, "body": graph_error("ErrorItemNotFound")},
        {
            "id": "2",
            "status": 429,
            "headers": {"retry-after": "10"},
            "body": graph_error("ApplicationThrottled"),
        },
        {"id": "3", "status": 424, "body": graph_error("FailedDependency")},
    ]
    results = run(wire, client, answers, 4)
    assert [result.ok for result in results] == [True, False, False, False]
    assert [type(result.error) for result in results[1:]] == [ItemGone, Throttled, GraphError]
    assert results[2].error is not None
    assert results[2].error.retry_after == timedelta(seconds=10)


def test_item_without_an_answer_is_an_error_of_its_own(
    wire: responses.RequestsMock, client: GraphClient
) -> None:
    results = run(wire, client, [{"id": "0", "status": 201}, {"id": "9", "status": 201}, "x"], 2)
    assert [result.ok for result in results] == [True, False]
    assert results[1].error is not None
    assert (results[1].error.code, results[1].error.permanent) == ("answer_missing", False)


def test_item_whose_error_is_no_json_object_still_has_its_status(
    wire: responses.RequestsMock, client: GraphClient
) -> None:
    results = run(wire, client, [{"id": "0", "status": 503, "body": "PGh0bWw+"}], 1)
    assert (results[0].status, type(results[0].error)) == (503, GraphError)


def test_every_item_asks_for_immutable_ids_and_names_its_content(
    wire: responses.RequestsMock, client: GraphClient
) -> None:
    run(wire, client, [], 2)
    items = json.loads(str(wire.calls[0].request.body, "utf-8"))["requests"]
    assert [item["id"] for item in items] == ["0", "1"]
    headers = {"Prefer": 'IdType="ImmutableId"', "Content-Type": "application/json"}
    assert all(item["headers"] == headers for item in items)


def test_item_without_body_names_no_content(wire: responses.RequestsMock, client: GraphClient) -> None:
    wire.post(BATCH, json={"responses": [{"id": "0", "status": 204}]})
    result = client.batch([BatchRequest(method="DELETE", path="/users/u/messages/m")])
    item = json.loads(str(wire.calls[0].request.body, "utf-8"))["requests"][0]
    assert (result[0].ok, "body" in item, "Content-Type" in item["headers"]) == (True, False, False)


def test_refused_batch_is_one_error(wire: responses.RequestsMock, client: GraphClient) -> None:
    wire.post(BATCH, status=403, json=graph_error("ErrorAccessDenied"))
    with pytest.raises(AccessDenied):
        client.batch([move("a")])


@pytest.mark.parametrize("body", [{}, {"responses": None}, {"responses": {"id": "0"}}])
def test_batch_answer_of_another_shape_is_refused(
    wire: responses.RequestsMock, client: GraphClient, body: dict[str, Any]
) -> None:
    wire.post(BATCH, json=body)
    with pytest.raises(BadAnswer) as caught:
        client.batch([move("a")])
    assert caught.value.code == "answer_malformed"


def test_twenty_one_requests_are_too_many(wire: responses.RequestsMock, client: GraphClient) -> None:
    with pytest.raises(ValueError, match="at most 20"):
        client.batch([move(str(place)) for place in range(21)])
    assert len(wire.calls) == 0


def test_empty_batch_sends_nothing(wire: responses.RequestsMock, client: GraphClient) -> None:
    assert client.batch([]) == []
    assert len(wire.calls) == 0


def test_batch_counts_as_one_request(wire: responses.RequestsMock, client: GraphClient) -> None:
    run(wire, client, [], 20)
    assert client.requests == 1
