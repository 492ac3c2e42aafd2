"""The one way out to Microsoft, for MSAL and Graph: verified, bounded in time and size, never redirected."""

import os
import threading
from collections.abc import Iterator, Mapping
from typing import Any, cast

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from requests.exceptions import InvalidURL
from requests.structures import CaseInsensitiveDict
from requests.utils import get_environ_proxies
from urllib3 import PoolManager, Timeout
from urllib3.response import BaseHTTPResponse

from tenants.errors import AnswerTooLarge
from tenants.microsoft import recorder
from tenants.microsoft.deadline import SOCKET_OPTIONS, TimedPool
from tenants.microsoft.network import WIRE_ERRORS, network_failure
from tenants.microsoft.trust import tls_context

DEADLINE_S = 60.0
CONNECT_S = 10.0
MAX_JSON_BYTES = 32 * 1024 * 1024
CHUNK_BYTES = 256 * 1024
# Beyond this the rest of an unwanted answer costs more than a new connection.
_MAX_DRAIN_BYTES = 256 * 1024


class Answer:
    """An answer whose status and headers are there and whose body is still on the wire."""

    __slots__ = ("_raw", "headers", "status")

    def __init__(self, response: Response) -> None:
        self.status: int = response.status_code
        self._raw: BaseHTTPResponse = response.raw
        self.headers: Mapping[str, str] = self._raw.headers

    def chunks(self, *, max_bytes: int) -> Iterator[bytes]:
        """Yield the body as it comes, at most `max_bytes` of it, then raise AnswerTooLarge if there is more.

        Raises BadAnswer or NetworkFailure when the body ends before the length that was announced.
        The connection is kept when the body was read to its end, and closed otherwise.
        """
        left = max_bytes
        try:
            while chunk := self._read(CHUNK_BYTES):
                if len(chunk) > left:
                    yield chunk[:left]
                    raise AnswerTooLarge.own("answer_too_large", detail=f"more than {max_bytes} bytes")
                left -= len(chunk)
                yield chunk
        finally:
            self._raw.close()

    def read(self, *, max_bytes: int) -> bytes:
        """Read the whole body; raises as `chunks` does."""
        return b"".join(self.chunks(max_bytes=max_bytes))

    def drain(self) -> None:
        """Read away a body nobody wants, so that the connection can be used again."""
        try:
            self._raw.read(_MAX_DRAIN_BYTES)
        except WIRE_ERRORS:
            pass  # The connection is closed below; the answer itself was already known.
        finally:
            self._raw.close()

    def close(self) -> None:
        """Give the connection up unless the body was read to its end."""
        self._raw.close()

    def _read(self, count: int) -> bytes:
        try:
            return self._raw.read(count, decode_content=True)
        except WIRE_ERRORS as error:
            failure = network_failure(error)
        # Raised out here so that the original, which holds the address and the headers, is not chained.
        raise failure


class _Adapter(HTTPAdapter):
    """requests' adapter without what we never use: cookies, redirects, certificates chosen per request."""

    def __init__(self) -> None:
        self._pools: dict[str, Any] = {}
        super().__init__(pool_connections=8, pool_maxsize=4)

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any
    ) -> None:
        self.poolmanager = PoolManager(
            num_pools=connections,
            maxsize=maxsize,
            block=block,
            ssl_context=tls_context(),
            socket_options=SOCKET_OPTIONS,
        )
        self.poolmanager.pool_classes_by_scheme = {"https": TimedPool}

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        pools = super().proxy_manager_for(proxy, ssl_context=tls_context(), **proxy_kwargs)
        pools.pool_classes_by_scheme = {**pools.pool_classes_by_scheme, "https": TimedPool}
        return pools

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave verification to the TLS context, which always verifies."""

    def build_connection_pool_key_attributes(
        self, request: PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        host_params, _ = super().build_connection_pool_key_attributes(request, True, None)
        if host_params["scheme"] != "https":
            raise InvalidURL("Only https is spoken with Microsoft.")
        return host_params, {}

    def get_connection_with_tls_context(
        self, request: PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        origin, _ = split_origin(request.url or "")
        pool = self._pools.get(origin)
        if pool is None:
            pool = super().get_connection_with_tls_context(request, True, proxies, None)
            self._pools[origin] = pool
        return pool

    def request_url(self, request: PreparedRequest, proxies: Any) -> str:
        return split_origin(request.url or "")[1]

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        response = Response()
        response.status_code = resp.status
        response.headers = resp.headers
        response.raw = resp
        response.url = req.url or ""
        response.request = req
        return response


class _Local(threading.local):
    """One session for each thread, a fresh one in a forked child: two processes must not share a socket."""

    pid = 0
    session: Session | None = None
    proxies: dict[str, dict[str, str]]


_local = _Local()


def open_answer(
    method: str,
    url: str,
    *,
    headers: dict[str, str],
    body: bytes | None = None,
    deadline_s: float = DEADLINE_S,
) -> Answer:
    """Send one request and give the answer with its body unread; the caller closes it.

    `deadline_s` bounds everything from connecting to the body's last byte. Raises NetworkFailure only: any
    status is an answer, redirects too.
    """
    request = PreparedRequest()
    request.method = method
    request.url = url
    # A plain dict does: urllib3 only iterates, and building requests' own costs more than the rest of this.
    request.headers = cast("CaseInsensitiveDict[str]", headers)
    request.body = body
    request.hooks = {}
    if body is not None:
        headers["Content-Length"] = str(len(body))
    call = recorder.note(method, url, headers, body)
    timeout = Timeout(total=deadline_s, connect=min(CONNECT_S, deadline_s))
    try:
        adapter = _session().get_adapter(url)
        response = adapter.send(
            request, stream=True, timeout=cast(Any, timeout), verify=True, proxies=_proxies(url)
        )
        answer = Answer(response)
        recorder.answered(call, answer.status, answer.headers)
        return answer
    except WIRE_ERRORS as error:
        failure = network_failure(error)
    # Raised out here so that the original, which holds the address and the headers, is not chained.
    raise failure


def split_origin(url: str) -> tuple[str, str]:
    """Cut an address behind its host: ("https://host:port", "/path?query")."""
    at = url.find("/", 8)
    return (url, "/") if at < 0 else (url[:at], url[at:])


def _session() -> Session:
    if _local.session is None or _local.pid != os.getpid():
        session = Session()
        session.adapters.clear()
        session.mount("https://", _Adapter())
        _local.session, _local.pid, _local.proxies = session, os.getpid(), {}
    return _local.session


def _proxies(url: str) -> dict[str, str]:
    # Reading the environment costs more than the request itself, so it is read once for each host.
    origin, _ = split_origin(url)
    known = _local.proxies.get(origin)
    if known is None:
        known = _local.proxies[origin] = get_environ_proxies(origin)
    return known
