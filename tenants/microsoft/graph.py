"""Authorised calls to Graph for one tenant. Never sleeps, never follows a redirect, never repeats a write."""

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO
from urllib.parse import quote, urlencode, urlsplit

from tenants.errors import BadAnswer, ForeignLink, IntegrationError
from tenants.microsoft.answers import JSON, clock_skew, read_json
from tenants.microsoft.batch import MAX_BATCH, BatchRequest, BatchResult, batch_body, read_batch
from tenants.microsoft.clouds import Cloud
from tenants.microsoft.graph_errors import graph_error, is_claims_challenge
from tenants.microsoft.http import DEADLINE_S, MAX_JSON_BYTES, Answer, open_answer
from tenants.microsoft.lanes import Bearer, Gate, Lanes

__all__ = ["JSON", "BatchRequest", "BatchResult", "Download", "Gate", "GraphClient", "segment", "user_path"]

VERSION = "/v1.0"
_IMMUTABLE = 'IdType="ImmutableId"'
_MAX_ERROR_BYTES = 256 * 1024
_MAX_EQUAL_LINKS = 3


@dataclass(frozen=True, slots=True)
class Download:
    """What `GraphClient.download` has written: the length and the lower-case hex digest."""

    size_bytes: int
    sha256: str


def segment(value: str) -> str:
    """Encode a value as one segment of a path; ids may hold "/", "+" and "=" and their letter case counts."""
    if value in ("", ".", ".."):
        raise ValueError("A path segment must name something.")
    return quote(value, safe="")


def user_path(address: str) -> str:
    """Give the path of a mailbox by its address or id: "/users/help%40contoso.example".

    Graph takes an address that begins with "$" only in its other notation.
    Source: https://learn.microsoft.com/graph/api/user-get
    """
    if address.startswith("$"):
        return f"/users('{quote(address.replace(chr(39), chr(39) * 2), safe='')}')"
    return f"/users/{segment(address)}"


class GraphClient:
    """Graph v1.0 as one application in one tenant; may be used from several threads at once.

    `token` gives a bearer; its argument asks for a fresh one, after Graph refused the last. Every failure is
    an IntegrationError that knows whether and when to come back.
    """

    def __init__(
        self,
        *,
        cloud: Cloud,
        token: Callable[[bool], str],
        gate: Gate | None = None,
        user_agent: str = "m365-helpdesk",
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._origin = cloud.graph_url
        self._base = cloud.graph_url + VERSION
        self._bearer = Bearer(token)
        self._lanes = Lanes(gate)
        self._skew: timedelta | None = None
        self._deadline_s = deadline_s
        common = {"User-Agent": user_agent, "Prefer": _IMMUTABLE}
        self._json_headers = {**common, "Accept": "application/json", "Accept-Encoding": "gzip"}
        # Unpacked bytes: only then does Content-Length prove that the mail is complete.
        self._raw_headers = {**common, "Accept": "*/*", "Accept-Encoding": "identity"}

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, refused ones included; a batch counts as one."""
        return self._lanes.requests

    @property
    def charged(self) -> int:
        """Requests as Microsoft counts them against its limits: each one in a batch by itself."""
        return self._lanes.charged

    @property
    def clock_skew(self) -> timedelta:
        """How far our clock was ahead of Graph's at the first answer (negative: behind); zero before it."""
        return self._skew or timedelta(0)

    def get(
        self, path: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> JSON:
        """Fetch one resource; `path` is relative to the version ("/users/…") or a link Graph gave."""
        return self._json("GET", self._url(path, params), extra=headers)

    def post(
        self, path: str, body: JSON | bytes | None = None, *, headers: Mapping[str, str] | None = None
    ) -> JSON:
        """Create or act; bytes go as they are (name their Content-Type). An answer without body is {}."""
        return self._json("POST", self._url(path), extra=headers, body=body)

    def patch(self, path: str, body: JSON, *, headers: Mapping[str, str] | None = None) -> JSON:
        return self._json("PATCH", self._url(path), extra=headers, body=body)

    def delete(self, path: str, *, headers: Mapping[str, str] | None = None) -> None:
        self._json("DELETE", self._url(path), extra=headers)

    def pages(
        self, path: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Iterator[JSON]:
        """Follow a collection page by page, as Graph links them; a page may be empty and yet have a next one.

        Raises ForeignLink before any token goes elsewhere, BadAnswer (link_loop) at the third equal link.
        """
        url = self._url(path, params)
        seen: Counter[int] = Counter()
        while True:
            page = self._json("GET", url, extra=headers)
            yield page
            link = page.get("@odata.nextLink")
            if not link:
                return
            url = self._own(link)
            seen[hash(url)] += 1
            if seen[hash(url)] >= _MAX_EQUAL_LINKS:
                raise BadAnswer.own("link_loop")

    def owns(self, link: str) -> bool:
        """Tell whether a link that was stored leads to the Graph host this client speaks to."""
        try:
            self._own(link)
        except ForeignLink:
            return False
        return True

    def batch(self, requests: Sequence[BatchRequest]) -> list[BatchResult]:
        """Send up to 20 requests in one; results come in the same order, each with its own error."""
        if not requests:
            return []
        if len(requests) > MAX_BATCH:
            raise ValueError(f"A batch holds at most {MAX_BATCH} requests.")
        self._lanes.charge(len(requests) - 1)
        answer = self.post("/$batch", batch_body(requests, prefer=_IMMUTABLE))
        return read_batch(requests, answer)

    @contextmanager
    def stream(self, path: str, *, max_bytes: int) -> Iterator[Iterator[bytes]]:
        """Open a resource's raw bytes: `with client.stream(…) as chunks:`.

        The chunks end with AnswerTooLarge behind `max_bytes`, and with BadAnswer (answer_cut) when fewer
        bytes came than were announced.
        """
        with self._answer("GET", self._url(path), self._raw_headers) as answer:
            yield answer.chunks(max_bytes=max_bytes)

    def download(self, path: str, into: BinaryIO, *, max_bytes: int) -> Download:
        """Write a resource's raw bytes to a file and hash them on the way; raises as `stream` does."""
        digest, size = hashlib.sha256(), 0
        with self._answer("GET", self._url(path), self._raw_headers) as answer:
            if answer.headers.get("Content-Type", "").lower().startswith("text/html"):
                # The login page of a network, or a proxy's apology: it must not be taken for the content.
                raise BadAnswer.own("not_json")
            for chunk in answer.chunks(max_bytes=max_bytes):
                digest.update(chunk)
                into.write(chunk)
                size += len(chunk)
        if not size:
            raise BadAnswer.own("answer_empty")
        return Download(size, digest.hexdigest())

    def _url(self, path: str, params: Mapping[str, str] | None = None) -> str:
        url = self._base + path if path.startswith("/") else self._own(path)
        if params:
            url += ("&" if "?" in url else "?") + urlencode(params, quote_via=quote, safe="$,:")
        return url

    def _own(self, link: object) -> str:
        return self._origin + own_link(link, origin=self._origin)

    def _json(
        self,
        method: str,
        url: str,
        *,
        extra: Mapping[str, str] | None = None,
        body: JSON | bytes | None = None,
    ) -> JSON:
        headers = self._json_headers
        if extra or body is not None:
            headers = _merge(headers, extra, is_json=isinstance(body, dict))
        content = json.dumps(body).encode() if isinstance(body, dict) else body
        with self._answer(method, url, headers, body=content) as answer:
            raw = answer.read(max_bytes=MAX_JSON_BYTES)
            if answer.status in (202, 204) and not raw.strip():
                return {}
            return read_json(raw, content_type=answer.headers.get("Content-Type", ""))

    @contextmanager
    def _answer(
        self, method: str, url: str, headers: Mapping[str, str], *, body: bytes | None = None
    ) -> Iterator[Answer]:
        """Give a good answer, or raise what a bad one means; refreshes a refused token once."""
        self._lanes.enter()
        try:
            request_id = str(uuid.uuid4())
            answer = self._send(method, url, headers, body, request_id)
            try:
                if not 200 <= answer.status < 300:
                    raise self._failure(answer, url, request_id)
                yield answer
            finally:
                answer.close()
        finally:
            self._lanes.leave()

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, request_id: str
    ) -> Answer:
        bearer = self._bearer.current()
        answer = self._send_once(method, url, headers, body, request_id, bearer)
        if answer.status == 401 or is_claims_challenge(answer.status, answer.headers):
            answer.drain()
            bearer = self._bearer.current(refused=bearer)
            answer = self._send_once(method, url, headers, body, request_id, bearer)
        return answer

    def _send_once(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        request_id: str,
        bearer: str,
    ) -> Answer:
        self._lanes.count()
        answer = open_answer(
            method,
            url,
            headers={**headers, "Authorization": f"Bearer {bearer}", "client-request-id": request_id},
            body=body,
            deadline_s=self._deadline_s,
        )
        if self._skew is None:
            self._skew = clock_skew(answer.headers)
        return answer

    def _failure(self, answer: Answer, url: str, request_id: str) -> IntegrationError:
        if 300 <= answer.status < 400:
            return BadAnswer.own("redirect_refused", detail=f"status {answer.status}")
        return graph_error(
            answer.status, answer.headers, _error_body(answer), path=url, request_id=request_id
        )


def own_link(link: object, *, origin: str) -> str:
    """Give path and query of a link that stays on `origin`; raises ForeignLink for any other."""
    if isinstance(link, str) and link.isprintable() and " " not in link:
        try:
            parts, own = urlsplit(link), urlsplit(origin)
            same_host = parts.hostname == own.hostname and (parts.port or 443) == (own.port or 443)
        except ValueError:
            same_host = False
        if same_host and parts.scheme == "https" and "@" not in parts.netloc:
            return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    raise ForeignLink.own("foreign_link")


def _error_body(answer: Answer) -> object:
    try:
        body = answer.read(max_bytes=_MAX_ERROR_BYTES)
        return read_json(body, content_type=answer.headers.get("Content-Type", ""))
    except IntegrationError:
        # The status is the news; a body that cannot be read must not hide it.
        return None


def _merge(headers: Mapping[str, str], extra: Mapping[str, str] | None, *, is_json: bool) -> dict[str, str]:
    merged = dict(headers)
    if is_json:
        merged["Content-Type"] = "application/json"
    for name, value in (extra or {}).items():
        merged[name] = f"{_IMMUTABLE}, {value}" if name == "Prefer" else value
    return merged
