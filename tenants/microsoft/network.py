"""From what sockets, TLS, urllib3 and requests raise to one NetworkFailure with its cause."""

import socket
import ssl
from collections.abc import Iterator
from http.client import HTTPException

from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import (
    InvalidProxyURL,
    InvalidSchema,
    InvalidURL,
    ProxyError,
    RequestException,
    SSLError,
    Timeout,
)
from urllib3.exceptions import (
    DecodeError,
    HTTPError,
    IncompleteRead,
    LocationParseError,
    NameResolutionError,
    NewConnectionError,
    ResponseError,
    TimeoutError,
)
from urllib3.exceptions import ProxyError as UrllibProxyError

from tenants.errors import BadAnswer, IntegrationError, NetworkFailure

WIRE_ERRORS = (RequestException, HTTPError, HTTPException, OSError)

_CUT = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
# Most telling first: a failure to resolve a name also arrives wrapped as a failure to connect.
_KINDS: tuple[tuple[str, tuple[type[BaseException], ...]], ...] = (
    ("network_dns", (NameResolutionError, socket.gaierror)),
    ("network_reset", _CUT),
    ("network_proxy", (ProxyError, UrllibProxyError, InvalidProxyURL)),
    ("network_tls", (ssl.SSLError, SSLError)),
    ("network_address", (InvalidURL, InvalidSchema, LocationParseError)),
    # urllib3 counts every failure to connect as a kind of timeout, so refusals come first.
    ("network_refused", (ConnectionRefusedError, NewConnectionError)),
    ("network_timeout", (Timeout, TimeoutError, socket.timeout)),
    ("network_reset", (ConnectionError, HTTPException, HTTPError, RequestsConnectionError)),
)


def network_failure(error: BaseException) -> IntegrationError:
    """Say which part of the way failed. The result holds neither address nor headers of the request."""
    causes = tuple(_chain(error))
    if any(isinstance(cause, IncompleteRead) for cause in causes):
        return BadAnswer.own("answer_cut")
    if any(isinstance(cause, DecodeError | ResponseError) for cause in causes):
        return BadAnswer.own("answer_malformed")
    for code, kinds in _KINDS:
        for cause in causes:
            if isinstance(cause, kinds):
                return NetworkFailure.own(code, detail=_reason(code, causes))
    return NetworkFailure.own("network_refused")


def _reason(code: str, causes: tuple[BaseException, ...]) -> str:
    """Give the system's own short words; they name no host and no user."""
    for cause in causes:
        if code == "network_tls" and isinstance(cause, ssl.SSLError):
            return str(getattr(cause, "verify_message", "") or cause.reason or "").replace("_", " ").lower()
        if code in ("network_dns", "network_refused") and isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.rstrip(".")
    return ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Walk every exception that is wrapped in this one: requests and urllib3 use all three ways."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        current = waiting.pop(0)
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [*current.args, getattr(current, "reason", None), current.__cause__, current.__context__]
