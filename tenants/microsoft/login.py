"""The wire under MSAL: Entra's answers fetched in bounded time, judged before MSAL sees them."""

import json
import re
import threading
from collections.abc import Mapping
from datetime import timedelta
from time import monotonic
from typing import Any
from urllib.parse import urlencode

from tenants.diagnosis import diagnose_own, diagnose_token
from tenants.errors import BadAnswer, ForeignLink, IntegrationError, TokenRefused
from tenants.microsoft.answers import JSON, clock_skew, read_json, retry_after
from tenants.microsoft.clouds import CUSTOM, Cloud
from tenants.microsoft.graph_errors import MAX_CLOCK_SKEW
from tenants.microsoft.http import DEADLINE_S, Answer, open_answer, split_origin

_MAX_ANSWER_BYTES = 1024 * 1024
_METADATA_LIFE_S = timedelta(hours=24).total_seconds()
_MAX_METADATA = 2000
_GUID_IN_PATH = re.compile(r"/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:/|$)", re.IGNORECASE)
_USER_REALM = "/common/userrealm/"
_PASSING_ERRORS = frozenset({"temporarily_unavailable", "server_error", "slow_down", "authorization_pending"})
_PASSING_CODES = frozenset({"AADSTS90006", "AADSTS90024", "AADSTS90033", "AADSTS90055", "AADSTS70016"})
# Refusals of a signed request that a wrong clock explains better than anything else.
_CLOCK_CODES = frozenset({"AADSTS700024", "AADSTS700027", "AADSTS50012"})


class LoginAnswer:
    """The few things MSAL asks of an answer."""

    def __init__(self, status: int, body: JSON, headers: Mapping[str, str]) -> None:
        self.status_code = status
        self.body = body
        self.text = json.dumps(body)
        self.headers = dict(headers)

    def raise_for_status(self) -> None:
        """Nothing to raise: an answer that fails never becomes a LoginAnswer."""


class _MetadataShelf:
    """OpenID metadata by its full address, which names cloud and directory: two tenants never share one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, JSON]] = {}

    def take(self, url: str, *, max_age_s: float) -> JSON | None:
        with self._lock:
            at, body = self._kept.get(url, (0.0, None))
            return body if body is not None and monotonic() - at <= max_age_s else None

    def keep(self, url: str, body: JSON) -> None:
        with self._lock:
            self._kept.pop(url, None)
            while len(self._kept) >= _MAX_METADATA:
                del self._kept[next(iter(self._kept))]
            self._kept[url] = (monotonic(), body)

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()


metadata_shelf = _MetadataShelf()


class LoginWire:
    """MSAL's `http_client` for one sign-in: one time limit for all its requests, one host, no redirects.

    Answers that are not Entra's word on the matter raise an IntegrationError straight through MSAL.
    """

    def __init__(
        self, *, cloud: Cloud, directory_id: str, fresh: bool = False, deadline_s: float = DEADLINE_S
    ) -> None:
        self._cloud = cloud
        self._directory_id = directory_id.lower()
        self._fresh = fresh
        self._until = monotonic() + deadline_s
        self.skew = timedelta(0)
        self.tenant_guid = self.issuer = ""

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> LoginAnswer:
        """Fetch the directory's metadata, from this process's shelf if it is less than a day old.

        When Entra cannot be asked, older metadata of the same directory still serves.
        """
        if _USER_REALM in url:
            # MSAL asks where a password shall go before it sends one: it goes to Entra, and nowhere else.
            return LoginAnswer(200, {"account_type": "Managed"}, {"Content-Type": "application/json"})
        body = None if self._fresh else metadata_shelf.take(url, max_age_s=_METADATA_LIFE_S)
        if body is None:
            body = self._fetch_metadata(url, params, headers)
        self.tenant_guid, self.issuer = _guid_of(body), str(body.get("issuer", ""))
        return LoginAnswer(200, body, {"Content-Type": "application/json"})

    def post(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> LoginAnswer:
        """Ask for a token; an error of Entra comes back as MSAL expects it, with its status."""
        kept = {**(headers or {}), "Content-Type": "application/x-www-form-urlencoded"}
        form = {name: value for name, value in (data or {}).items() if value is not None}
        return self._exchange("POST", url, params, kept, urlencode(form).encode())

    def close(self) -> None:
        """The connection belongs to the thread and is kept for the next sign-in."""

    def _fetch_metadata(
        self, url: str, params: Mapping[str, str] | None, headers: Mapping[str, str] | None
    ) -> JSON:
        failure: IntegrationError
        try:
            answer = self._exchange("GET", url, params, dict(headers or {}), None)
            if answer.status_code != 200:
                raise refusal(answer.body, answer.headers, skew=self.skew)
            self._refuse_stranger(answer.body)
            metadata_shelf.keep(url, answer.body)
            return answer.body
        except IntegrationError as error:
            failure = error
        known = None if failure.permanent else metadata_shelf.take(url, max_age_s=float("inf"))
        if known is None:
            raise failure
        return known

    def _exchange(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> LoginAnswer:
        if split_origin(url)[0].lower() != self._cloud.login_url.lower():
            raise ForeignLink.own("foreign_link")
        if params:
            url += ("&" if "?" in url else "?") + urlencode(params)
        sent = {"User-Agent": "m365-helpdesk", **headers, "Accept": "application/json"}
        left_s = max(self._until - monotonic(), 0.001)
        answer = open_answer(method, url, headers=sent, body=body, deadline_s=left_s)
        self.skew = clock_skew(answer.headers)
        return _judge(answer)

    def _refuse_stranger(self, metadata: JSON) -> None:
        """Accept metadata only of the directory we asked about, with its token endpoint on the login host."""
        endpoint, issuer = str(metadata.get("token_endpoint")), str(metadata.get("issuer"))
        if not metadata.get("authorization_endpoint") or not metadata.get("token_endpoint"):
            raise BadAnswer.own("answer_malformed")
        if split_origin(endpoint)[0].lower() != self._cloud.login_url.lower():
            raise ForeignLink.own("foreign_link")
        guid, asked = _guid_of(metadata), _GUID_IN_PATH.search(f"/{self._directory_id}")
        is_ours = not asked or guid == self._directory_id
        is_here = self._cloud.name == CUSTOM or split_origin(issuer)[0] == self._cloud.login_url
        if not (is_ours and is_here):
            raise TokenRefused.own("directory_mismatch")


def refusal(body: Mapping[str, object], headers: Mapping[str, str], *, skew: timedelta) -> TokenRefused:
    """Turn Entra's error into ours; a wrong clock of this server is named as the cause where it is one."""
    diagnosis = diagnose_token(body)
    if diagnosis.code in _CLOCK_CODES and abs(skew) > MAX_CLOCK_SKEW:
        minutes = round(skew.total_seconds() / 60)
        detail = f"{abs(minutes)} minutes {'ahead' if minutes > 0 else 'behind'}"
        return TokenRefused(diagnose_own("clock_skew", detail=detail, correlation=diagnosis.correlation))
    is_passing = diagnosis.code in _PASSING_CODES or str(body.get("error")) in _PASSING_ERRORS
    return TokenRefused(diagnosis, permanent=not is_passing, retry_after=retry_after(headers))


def _judge(answer: Answer) -> LoginAnswer:
    """Let through what Entra says about the request; raise what it says about itself or is not Entra's."""
    try:
        if 300 <= answer.status < 400:
            raise BadAnswer.own("redirect_refused", detail=f"status {answer.status}")
        raw = answer.read(max_bytes=_MAX_ANSWER_BYTES)
    finally:
        answer.close()
    if answer.status == 429 or answer.status >= 500:
        raise _outage(answer, raw)
    body = read_json(raw, content_type=answer.headers.get("Content-Type", ""))
    return LoginAnswer(answer.status, body, answer.headers)


def _outage(answer: Answer, raw: bytes) -> TokenRefused:
    try:
        body = read_json(raw, content_type=answer.headers.get("Content-Type", ""))
    except BadAnswer:
        body = {}
    code = "login_throttled" if answer.status == 429 else "login_unavailable"
    known = diagnose_token(body) if body.get("error") else None
    diagnosis = diagnose_own(
        code, detail=f"status {answer.status}", correlation=known.correlation if known else ()
    )
    return TokenRefused(diagnosis, permanent=False, retry_after=retry_after(answer.headers))


def _guid_of(metadata: JSON) -> str:
    found = _GUID_IN_PATH.search(str(metadata.get("issuer", "")))
    return found.group(1).lower() if found else ""
