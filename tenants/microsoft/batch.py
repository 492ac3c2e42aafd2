"""Up to twenty requests in one. Source: https://learn.microsoft.com/graph/json-batching"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tenants.errors import BadAnswer, IntegrationError
from tenants.microsoft.answers import JSON
from tenants.microsoft.graph_errors import graph_error

MAX_BATCH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """One item: `path` is relative to the version, as for the client's own calls."""

    method: str
    path: str
    body: JSON | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """The answer to one item; `error` is what the same answer outside a batch would have raised."""

    status: int
    body: JSON = field(default_factory=dict)
    error: IntegrationError | None = None

    @property
    def ok(self) -> bool:
        return self.error is None


def batch_body(requests: Sequence[BatchRequest], *, prefer: str) -> JSON:
    """Number the items by their place; `prefer` is said on each, for the outer header does not reach them."""
    return {"requests": [_item(str(place), request, prefer) for place, request in enumerate(requests)]}


def _item(name: str, request: BatchRequest, prefer: str) -> JSON:
    headers = {"Prefer": prefer, **request.headers}
    item: JSON = {"id": name, "method": request.method, "url": request.path, "headers": headers}
    if request.body is not None:
        headers.setdefault("Content-Type", "application/json")
        item["body"] = request.body
    return item


def read_batch(requests: Sequence[BatchRequest], answer: JSON) -> list[BatchResult]:
    """Bring the answers, which come in any order, into the order of the requests."""
    responses = answer.get("responses")
    if not isinstance(responses, list):
        raise BadAnswer.own("answer_malformed")
    by_name = {str(found.get("id")): found for found in responses if isinstance(found, dict)}
    return [_result(request, by_name.get(str(place))) for place, request in enumerate(requests)]


def _result(request: BatchRequest, found: Mapping[str, Any] | None) -> BatchResult:
    status = found.get("status") if found else None
    if found is None or not isinstance(status, int):
        return BatchResult(status=0, error=BadAnswer.own("answer_missing"))
    body = found.get("body")
    headers = found.get("headers")
    if 200 <= status < 300:
        return BatchResult(status=status, body=body if isinstance(body, dict) else {})
    known = {str(k): str(v) for k, v in headers.items()} if isinstance(headers, dict) else {}
    return BatchResult(status=status, error=graph_error(status, known, body, path=request.path))
