"""From an error answer of Graph to the one exception everybody else branches on."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from tenants.diagnosis import Diagnosis, diagnose_graph, diagnose_own, gate_code, is_known_graph_code, quote
from tenants.errors import (
    AccessDenied,
    AlreadyExists,
    BadAnswer,
    CursorExpired,
    FolderGone,
    GraphError,
    IntegrationError,
    ItemGone,
    MailboxFull,
    MailboxUnavailable,
    Throttled,
)
from tenants.microsoft.answers import clock_skew, retry_after

MAX_CLOCK_SKEW = timedelta(minutes=5)

_KINDS: dict[type[GraphError], frozenset[str]] = {
    CursorExpired: frozenset(
        {
            "syncstatenotfound",
            "syncstateinvalid",
            "resyncrequired",
            "resyncchangesapplydifferences",
            "resyncchangesuploaddifferences",
            "errorinvalidsyncstatedata",
            "directory_expiredpagetoken",
        }
    ),
    Throttled: frozenset(
        {
            "applicationthrottled",
            "toomanyrequests",
            "activitylimitreached",
            "mailboxconcurrency",
            "errorexceededconnectioncount",
            "errorserverbusy",
        }
    ),
    MailboxUnavailable: frozenset(
        {
            "mailboxnotenabledforrestapi",
            "errormailboxnotfound",
            "errornonexistentmailbox",
            "errormissingemailaddress",
            "errorinvaliduser",
            "request_resourcenotfound",
            "resourcenotfound",
            "extensionerror",
        }
    ),
    FolderGone: frozenset({"errorfoldernotfound"}),
    # An id that is none of Graph's: the mailbox was read over another wire before, and what it named is found anew.
    ItemGone: frozenset({"erroritemnotfound", "itemnotfound", "errorinvalididmalformed"}),
    AlreadyExists: frozenset({"errorfolderexists", "namealreadyexists"}),
    MailboxFull: frozenset({"errorquotaexceeded", "quotalimitreached"}),
    AccessDenied: frozenset(
        {"erroraccessdenied", "accessdenied", "authorization_requestdenied", "invalidauthenticationtoken"}
    ),
}
_KIND_BY_CODE = {code: kind for kind, codes in _KINDS.items() for code in codes}
_KIND_BY_STATUS: dict[int, type[GraphError]] = {
    401: AccessDenied,
    403: AccessDenied,
    429: Throttled,
    507: MailboxFull,
    509: Throttled,
}
# Statuses below 500 after which the same request may well succeed.
_PASSING = frozenset({408, 409, 412, 423, 424, 425, 429})
_LASTING = frozenset({501, 505})
# 403 like a refusal, yet over by tomorrow.
_PASSING_CODES = frozenset({"errorexceededmessagelimit"})
_POLICY = re.compile(r"AccessPolicy|\[RAOP\]", re.IGNORECASE)
_FOLDER_PATH = re.compile(r"/mailFolders/(?![^?]*/messages/(?!delta\b)[^/?]+)", re.IGNORECASE)
_MAX_NESTING = 8


def graph_error(
    status: int, headers: Mapping[str, str], body: object, *, path: str = "", request_id: str = ""
) -> IntegrationError:
    """Map an error answer, of a request or of one item in a batch; `body` is the parsed JSON or None.

    `path` tells a missing folder from a missing message, which share a code; `request_id` is the
    client-request-id we sent.
    """
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        if not _speaks_for_itself(status, headers):
            return BadAnswer(diagnose_own("not_json", detail=f"status {status}"))
        error = {}
    code = _best_code(error)
    kind = _kind(status, code, path)
    diagnosis = _diagnosis(status, code, error, headers, path=path, request_id=request_id, kind=kind)
    return kind(
        diagnosis,
        permanent=_is_permanent(status, code, kind),
        retry_after=retry_after(headers),
        status=status,
    )


def is_claims_challenge(status: int, headers: Mapping[str, str]) -> bool:
    """Recognise Conditional Access asking for another token (continuous access evaluation).

    Source: https://learn.microsoft.com/entra/identity-platform/claims-challenge
    """
    challenge = headers.get("WWW-Authenticate", "") if status in (401, 403) else ""
    return "insufficient_claims" in challenge.lower() or "claims=" in challenge.lower()


def _speaks_for_itself(status: int, headers: Mapping[str, str]) -> bool:
    """Decide whether a status without Graph's envelope is Graph's word.

    Exchange refuses with an empty body at times; a page in HTML is a proxy's, whatever its status, unless it
    only says that the server behind it is busy.
    """
    if status == 429 or status >= 500:
        return True
    return status in (401, 403, 410) and "html" not in headers.get("Content-Type", "")


def _kind(status: int, code: str, path: str) -> type[GraphError]:
    kind = _KIND_BY_CODE.get(code.lower()) or _KIND_BY_STATUS.get(status) or GraphError
    if kind is ItemGone and _FOLDER_PATH.search(path):
        return FolderGone
    if kind is GraphError and status == 410 and "/delta" in path:
        return CursorExpired
    return kind


def _is_permanent(status: int, code: str, kind: type[GraphError]) -> bool:
    if code.lower() in _PASSING_CODES:
        return False
    if kind is not GraphError:
        return kind.permanent
    return status in _LASTING or (400 <= status < 500 and status not in _PASSING)


def _diagnosis(
    status: int,
    code: str,
    error: Mapping[str, Any],
    headers: Mapping[str, str],
    *,
    path: str,
    request_id: str,
    kind: type[GraphError],
) -> Diagnosis:
    message = str(error.get("message") or "")
    trail = _correlation(error, headers, request_id)
    if kind is FolderGone:
        return diagnose_own("folder_missing", correlation=(*trail, ("graph_code", gate_code(code))))
    if kind is AccessDenied and _POLICY.search(message):
        return diagnose_own("access_policy", correlation=trail)
    if is_claims_challenge(status, headers):
        return diagnose_own("claims_challenge", correlation=trail)
    if status == 401 and abs(clock_skew(headers)) > MAX_CLOCK_SKEW:
        return diagnose_own("clock_skew", correlation=trail)
    return diagnose_graph(status, code, message=message, correlation=trail)


def _best_code(error: Mapping[str, Any]) -> str:
    """Choose the innermost code we know, else the innermost Graph gave, else the outer one."""
    codes = list(_codes(error))
    known = [code for code in codes if is_known_graph_code(code) or code.lower() in _KIND_BY_CODE]
    return known[-1] if known else (codes[0] if codes else "")


def _codes(error: Mapping[str, Any]) -> Iterator[str]:
    current: object = error
    for _ in range(_MAX_NESTING):
        if not isinstance(current, Mapping):
            return
        code = current.get("code")
        if isinstance(code, str) and code:
            yield code
        current = current.get("innerError") or current.get("innererror")


def _correlation(
    error: Mapping[str, Any], headers: Mapping[str, str], request_id: str
) -> tuple[tuple[str, str], ...]:
    inner = error.get("innerError") or error.get("innererror")
    inside: Mapping[str, Any] = inner if isinstance(inner, Mapping) else {}
    found = {
        "request_id": inside.get("request-id") or headers.get("request-id"),
        "client_request_id": request_id or inside.get("client-request-id"),
        "timestamp": inside.get("date") or headers.get("Date"),
    }
    return tuple((name, quote(value, max_chars=64)) for name, value in found.items() if value)
