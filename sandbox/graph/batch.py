"""JSON batching: up to 20 requests in one, at most four of a mailbox at once, each with an answer of its own.

Source: https://learn.microsoft.com/graph/json-batching
"""

import base64
import json
from collections.abc import Callable

from sandbox.graph.errors import GraphError, bad_request, refusal
from sandbox.wire import Answer, Json, Request

MOST = 20
ABREAST = 4
Perform = Callable[[Request], Answer]


def answer_batch(request: Request, perform: Perform, *, inner: Json) -> Answer:
    """Answer every item; perform answers one and may leave a slot to be released. Raises GraphError 400."""
    items = _items(request)
    statuses: dict[str, int] = {}
    responses: list[Json] = []
    for group in _groups(items):
        answers = [(item, _one(item, request, statuses, perform, inner)) for item in group]
        # The slots of a group are given back together: its items run side by side.
        for item, answer in answers:
            if answer.release:
                answer.release()
                answer.release = None
            statuses[item["id"]] = answer.status
            responses.append(_response(item["id"], answer))
    return Answer(payload={"responses": responses})


def _groups(items: list[Json]) -> list[list[Json]]:
    if any(item.get("dependsOn") for item in items):
        return [[item] for item in items]
    return [items[at : at + ABREAST] for at in range(0, len(items), ABREAST)]


def _items(request: Request) -> list[Json]:
    try:
        items = list(json.loads(request.body)["requests"])
        _check(items)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise bad_request("Invalid batch payload format.") from error
    return items


def _check(items: list[Json]) -> None:
    ids = [item["id"] for item in items]
    if not items or len(items) > MOST:
        raise bad_request(f"A batch must hold between 1 and {MOST} requests.")
    if not all(isinstance(name, str) for name in ids) or len(set(ids)) != len(ids):
        raise bad_request("Request Id values must be unique strings.")
    for position, item in enumerate(items):
        if not (isinstance(item["url"], str) and isinstance(item["method"], str)):
            raise bad_request("Each request of a batch needs a method and a url.")
        if not set(item.get("dependsOn") or ()) <= set(ids[:position]):
            raise bad_request("dependsOn must name requests that stand earlier in the batch.")
        if item.get("body") is not None and not _header(item, "content-type"):
            raise bad_request("A request with a body needs a Content-Type header.")


def _header(item: Json, name: str) -> str:
    return next((str(value) for key, value in (item.get("headers") or {}).items() if key.lower() == name), "")


def _one(item: Json, outer: Request, statuses: dict[str, int], perform: Perform, inner: Json) -> Answer:
    if any(statuses.get(name, 0) >= 400 for name in item.get("dependsOn") or ()):
        text = "A request this one depends on has failed."
        return refusal(GraphError(424, "FailedDependency", text), inner=inner)
    return perform(_inner_request(item, outer))


def _inner_request(item: Json, outer: Request) -> Request:
    headers = {key.lower(): str(value) for key, value in (item.get("headers") or {}).items()}
    for name in ("authorization", "host", "client-request-id"):
        headers[name] = outer.headers.get(name, "")
    body = item.get("body")
    content = (
        body.encode() if isinstance(body, str) else json.dumps(body).encode() if body is not None else b""
    )
    return Request(item["method"].upper(), "/v1.0/" + item["url"].lstrip("/"), headers, content, outer.scheme)


def _response(name: str, answer: Answer) -> Json:
    response: Json = {"id": name, "status": answer.status, "headers": {**answer.headers}}
    if answer.payload is not None:
        response["headers"]["Content-Type"] = "application/json"
        response["body"] = answer.payload
    elif answer.status != 204:
        content = answer.file.read_bytes() if answer.file else answer.content
        response["headers"]["Content-Type"] = answer.content_type
        # Text comes as a JSON string, so bytes that are no UTF-8 do not survive a batch.
        is_text = answer.content_type.startswith("text/")
        response["body"] = (
            content.decode("utf-8", "replace") if is_text else base64.b64encode(content).decode()
        )
    return response
