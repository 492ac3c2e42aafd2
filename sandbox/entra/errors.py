"""Refusals as Entra words them. Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes"""

from datetime import datetime
from uuid import uuid4

from sandbox.wire import Answer, Json


class EntraError(Exception):
    """A refusal; code 0 is one that has no AADSTS number."""

    def __init__(self, code: int, error: str, text: str, *, status: int = 400, suberror: str = "") -> None:
        super().__init__(text)
        self.code, self.error, self.text, self.status = code, error, text, status
        self.suberror = suberror

    def description(self, *, trace: str, correlation: str, now: datetime) -> str:
        number = f"AADSTS{self.code}: " if self.code else ""
        stamp = now.strftime("%Y-%m-%d %H:%M:%SZ")
        return f"{number}{self.text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"


def missing(parameter: str) -> EntraError:
    text = f"The request body must contain the following parameter: '{parameter}'."
    return EntraError(900144, "invalid_request", text)


def refusal(error: EntraError, *, now: datetime, host: str, correlation_id: str = "") -> Answer:
    trace, correlation = str(uuid4()), correlation_id or str(uuid4())
    stamp = now.strftime("%Y-%m-%d %H:%M:%SZ")
    payload: Json = {
        "error": error.error,
        "error_description": error.description(trace=trace, correlation=correlation, now=now),
        "error_codes": [error.code] if error.code else [],
        "timestamp": stamp,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"{host}/error?code={error.code}",
    }
    if error.suberror:
        payload["suberror"] = error.suberror
    headers = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache", "x-ms-request-id": trace}
    return Answer(error.status, headers, payload, content_type="application/json; charset=utf-8")
