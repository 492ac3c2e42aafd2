"""Refusals as Graph words them. Source: https://learn.microsoft.com/graph/errors"""

from datetime import datetime
from uuid import uuid4

from sandbox.wire import Answer, Json


class GraphError(Exception):
    def __init__(
        self, status: int, code: str, message: str, *, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers or {}


def innards(now: datetime, *, request_id: str, client_request_id: str) -> Json:
    return {
        "date": now.strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": request_id,
        "client-request-id": client_request_id or request_id,
    }


def refusal(error: GraphError, *, inner: Json) -> Answer:
    payload = {"error": {"code": error.code, "message": error.message, "innerError": inner}}
    return Answer(error.status, dict(error.headers), payload)


def new_request_id() -> str:
    return str(uuid4())


def not_found() -> GraphError:
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def malformed_id() -> GraphError:
    return GraphError(400, "ErrorInvalidIdMalformed", "Id is malformed.")


def bad_request(message: str, *, code: str = "BadRequest") -> GraphError:
    return GraphError(400, code, message)


def access_denied() -> GraphError:
    return GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def blocked_by_policy() -> GraphError:
    text = "Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings."
    return GraphError(403, "ErrorAccessDenied", text)


def throttled() -> GraphError:
    text = "Application is over its MailboxConcurrency limit."
    return GraphError(429, "ApplicationThrottled", text, headers={"Retry-After": "1"})
