"""Requests and answers as values, and the bytes they are on the wire (HTTP/1.1)."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

# JSON as read from a client: its shape is only known once it is looked at.
Json = dict[str, Any]
MAX_HEAD_BYTES = 64 * 1024
REASONS = {status.value: status.phrase for status in HTTPStatus}
GRAPH_JSON = (
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
)


class BadRequest(Exception):
    """The bytes are not a request this server can read."""


@dataclass(slots=True)
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    scheme: str = "https"

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def segments(self) -> list[str]:
        return [unquote(part) for part in self.path.split("/") if part]

    @property
    def query(self) -> dict[str, str]:
        """Query options; the leading $ of OData names is dropped, because Graph accepts both spellings."""
        text = self.target.partition("?")[2]
        return (
            {key.lstrip("$"): value for key, value in parse_qsl(text, keep_blank_values=True)} if text else {}
        )

    @property
    def base_url(self) -> str:
        return f"{self.scheme}://{self.headers.get('host', 'localhost')}"

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(slots=True)
class Damage:
    """What to do to an answer on its way out; at most one of these is set."""

    reset: bool = False
    truncate_at: int | None = None
    length_off_by: int = 0
    bytes_per_s: int | None = None
    drip_headers: bool = False


@dataclass(slots=True)
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    payload: object = None
    content: bytes = b""
    content_type: str = GRAPH_JSON
    file: Path | None = None
    release: Callable[[], None] | None = None
    damage: Damage | None = None

    def body_bytes(self) -> bytes:
        if self.payload is None:
            return self.content
        return json.dumps(self.payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def html(status: int, text: str) -> Answer:
    return Answer(status, content=text.encode(), content_type="text/html; charset=utf-8")


def parse_head(head: bytes) -> Request:
    """Read the request line and headers (names lower-cased, repeated ones joined by a comma)."""
    lines = head.decode("latin-1").split("\r\n")
    try:
        method, target, _version = lines[0].split(" ")
    except ValueError:
        raise BadRequest("The request line is not METHOD TARGET VERSION.") from None
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        key, value = name.strip().lower(), value.strip()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return Request(method, target, headers)


def render_head(answer: Answer, *, length: int, keep_alive: bool) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'Unknown')}"]
    if answer.status not in (204, 304):
        lines.append(f"Content-Length: {length}")
    if length:
        lines.append(f"Content-Type: {answer.content_type}")
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    if not keep_alive:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
