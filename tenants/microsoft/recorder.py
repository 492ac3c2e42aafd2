"""Calls to Microsoft as they were made, for a support bundle: each as a curl line that holds no secret."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl, quote

from tenants.redaction import redact

#: Headers that are shown as they are; of any other only the name is.
_PLAIN: Final = frozenset({"accept", "content-type", "prefer", "user-agent", "client-request-id", "if-match"})
_DROPPED: Final = frozenset({"content-length", "connection", "accept-encoding", "host"})
#: Fields of a token request that are no secret.
_PLAIN_FIELDS: Final = frozenset(
    {"grant_type", "client_id", "scope", "client_assertion_type", "client_info", "response_type"}
)
_MAX_BODY: Final = 2000
_WORD: Final = re.compile(r"[^A-Z0-9]+")


@dataclass(slots=True, kw_only=True)
class Call:
    """One request and what came back; `status` is 0 when nothing did."""

    at: datetime
    line: str
    status: int = 0
    request_id: str = ""
    answered: str = ""

    def as_text(self) -> str:
        came = f"{self.status}" if self.status else "no answer"
        about = f"# {self.at:%Y-%m-%dT%H:%M:%SZ}: {came}"
        about += f", request-id {self.request_id}" if self.request_id else ""
        about += f", Microsoft's clock {self.answered}" if self.answered else ""
        return f"{about}\n{self.line}\n"


_calls: ContextVar[list[Call] | None] = ContextVar("calls", default=None)


@contextmanager
def recorded() -> Iterator[list[Call]]:
    """Note every call made inside, in this thread."""
    calls: list[Call] = []
    mark = _calls.set(calls)
    try:
        yield calls
    finally:
        _calls.reset(mark)


def note(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Call | None:
    """Write a call down before it is made; None when nobody asked for it."""
    calls = _calls.get()
    if calls is None:
        return None
    call = Call(at=datetime.now(UTC), line=curl(method, url, headers, body))
    calls.append(call)
    return call


def answered(call: Call | None, status: int, headers: Mapping[str, str]) -> None:
    if call is not None:
        call.status = status
        call.request_id = _one_line(headers.get("request-id") or headers.get("x-ms-request-id") or "")
        call.answered = _one_line(headers.get("Date") or "")


def curl(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> str:
    """Write a request as a command line, with $NAMES where a secret stood."""
    words = ["curl", "-sS", "-X", method, shlex.quote(redact(url))]
    for name, value in headers.items():
        if name.lower() not in _DROPPED:
            words += ["-H", _header(name, value)]
    if body:
        kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
        words += ["--data", _body(body, kind)]
    return " ".join(words)


def _header(name: str, value: str) -> str:
    if name.lower() == "authorization":
        return '"Authorization: Bearer $ACCESS_TOKEN"'
    if name.lower() in _PLAIN:
        return shlex.quote(f"{name}: {redact(value)}")
    return f'"{name}: ${_variable(name)}"'


def _body(body: bytes, kind: str) -> str:
    text = body.decode("utf-8", "replace")
    if "x-www-form-urlencoded" in kind:
        return f'"{"&".join(_field(name, value) for name, value in parse_qsl(text, keep_blank_values=True))}"'
    try:
        json.loads(text)
    except ValueError:
        return "@body.bin"
    return shlex.quote(redact(text)) if len(text) <= _MAX_BODY else "@body.json"


def _field(name: str, value: str) -> str:
    shown = quote(redact(value), safe="") if name in _PLAIN_FIELDS else f"${_variable(name)}"
    return f"{quote(name, safe='')}={shown}"


def _variable(name: str) -> str:
    return _WORD.sub("_", name.upper()).strip("_")


def _one_line(text: str) -> str:
    return "".join(char for char in text if char.isprintable())[:80]
