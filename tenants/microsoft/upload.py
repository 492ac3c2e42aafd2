"""A large file goes to its draft piece by piece, at an address that carries its own right.

Source: https://learn.microsoft.com/graph/outlook-large-attachments
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, Final
from urllib.parse import urlsplit

from tenants.errors import BadAnswer, ForeignLink, GraphError, IntegrationError, NetworkFailure, UploadLost
from tenants.microsoft.answers import JSON, read_json
from tenants.microsoft.graph import GraphClient
from tenants.microsoft.graph_errors import graph_error
from tenants.microsoft.http import MAX_JSON_BYTES, open_answer

#: At most 4 MB each; a multiple of 320 KiB suits every kind of session. Bytes.
PIECE_BYTES: Final = 10 * 320 * 1024
#: How often a session is asked where to go on, after a cut, before the whole mail waits for its next try.
RESUMES: Final = 5
PIECE_DEADLINE_S: Final = 40.0
#: What a session that is no longer there answers, and one that stands elsewhere than we think.
_LOST: Final = frozenset({401, 403, 404, 410, 416})
#: Exchange names the session's address itself; it may lead to its own hosts and to Graph's, nowhere else.
_OUTLOOK: Final = (".office.com", ".office365.com", ".office365.us", ".office.us", ".outlook.cn")


def upload(
    url: str, file: BinaryIO, *, at: int, size_bytes: int, client: GraphClient, next_piece: Callable[[], None]
) -> None:
    """Send the bytes in order from `at`, and go on after a cut where the session says. Raises IntegrationError.

    `next_piece` is called before each piece and may raise to stop.
    """
    _check(url, client)
    resumes = 0
    while at < size_bytes:
        next_piece()
        file.seek(at)
        piece = file.read(min(PIECE_BYTES, size_bytes - at))
        try:
            at = _next(_put(url, piece, at, size_bytes), otherwise=at + len(piece))
        except (NetworkFailure, BadAnswer, GraphError) as error:
            resumes += 1
            if resumes > RESUMES or error.permanent:
                raise
            at = _next(_ask("GET", url, {}, None), otherwise=at)


def reached(url: str, *, client: GraphClient) -> int:
    """Ask a session how far it has come. Raises UploadLost and other IntegrationErrors."""
    _check(url, client)
    return _next(_ask("GET", url, {}, None), otherwise=0)


def _put(url: str, piece: bytes, at: int, size_bytes: int) -> JSON:
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Range": f"bytes {at}-{at + len(piece) - 1}/{size_bytes}",
    }
    return _ask("PUT", url, headers, piece)


def _ask(method: str, url: str, headers: dict[str, str], body: bytes | None) -> JSON:
    # No Authorization: the address is the right, and so it never stands in a log or an error.
    with_accept = {"Accept": "application/json", **headers}
    answer = open_answer(method, url, headers=with_accept, body=body, deadline_s=PIECE_DEADLINE_S)
    try:
        raw = answer.read(max_bytes=MAX_JSON_BYTES)
        content_type = answer.headers.get("Content-Type", "")
        if not 200 <= answer.status < 300:
            raise _failure(answer.status, answer.headers, raw)
        return read_json(raw, content_type=content_type) if raw.strip() else {}
    finally:
        answer.close()


def _failure(status: int, headers: object, raw: bytes) -> IntegrationError:
    if status in _LOST:
        # Whether it was complete shows in the draft: the mail's next try looks, and else begins the file anew.
        return UploadLost.own("upload_lost")
    try:
        body: object = read_json(raw, content_type="application/json")
    except IntegrationError:
        body = None
    return graph_error(status, headers, body)  # type: ignore[arg-type]  # any mapping of headers


def _next(answer: JSON, *, otherwise: int) -> int:
    """Read where the next piece begins; the two answers of a session spell the name differently."""
    ranges = answer.get("NextExpectedRanges") or answer.get("nextExpectedRanges") or []
    if not isinstance(ranges, list):
        raise BadAnswer.own("answer_malformed")
    first = str(ranges[0]).partition("-")[0] if ranges else ""
    return int(first) if first.isdecimal() else otherwise


def _check(url: str, client: GraphClient) -> None:
    host = urlsplit(url).hostname or ""
    is_outlook = url.startswith("https://") and ("." + host).endswith(_OUTLOOK)
    if not (is_outlook or client.owns(url)):
        raise ForeignLink.own("foreign_link")
