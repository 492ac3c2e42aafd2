"""Faults on demand: which request is hit, and what happens to it."""

import random
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote

from sandbox.wire import Answer, Damage, Json, Request, html

KINDS = (
    "status", "reset_before", "reset_after", "truncate", "wrong_length", "delay", "drip", "html", "empty",
    "redirect", "same_next_link", "empty_page",
)  # fmt: skip
# These take the place of the answer; nothing is done for the request.
INSTEAD = ("status", "reset_before", "html", "empty", "redirect")
# Only these make sense for one request of a batch, which has no connection of its own.
IN_BATCH = ("status", "html", "empty", "redirect")
PAGE = "<html><head><title>{title}</title></head><body><h1>{title}</h1><p>The gateway did not answer.</p></body></html>"


class BadFault(Exception):
    """The rule cannot be understood; the text says which part."""


@dataclass(slots=True, kw_only=True)
class Rule:
    """One fault and the requests it hits.

    nth: only the nth matching request (from 1). count: at most so many hits; None is without end.
    """

    kind: str
    method: str = ""
    path: re.Pattern[str] | None = None
    nth: int | None = None
    probability: float | None = None
    count: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    dice: random.Random = field(default_factory=random.Random)
    calls: int = 0
    hits: int = 0

    def strikes(self, request: Request) -> bool:
        if self.method and request.method != self.method:
            return False
        if self.path and not self.path.search(unquote(request.target)):
            return False
        self.calls += 1
        if self.count is not None and self.hits >= self.count:
            return False
        if self.nth is not None and self.calls != self.nth:
            return False
        if self.probability is not None and self.dice.random() >= self.probability:
            return False
        self.hits += 1
        return True

    @property
    def replaces(self) -> bool:
        return self.kind in INSTEAD

    @property
    def delay_s(self) -> float:
        return float(self.options.get("ms", 0)) / 1000 if self.kind == "delay" else 0.0


class Faults:
    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self.latency_s = 0.0
        self._lock = threading.Lock()

    def add(self, document: Json) -> int:
        """Add a rule; gives its place in the list. Raises BadFault."""
        rule = read_rule(document)
        with self._lock:
            self.rules.append(rule)
            return len(self.rules) - 1

    def clear(self) -> None:
        with self._lock:
            self.rules.clear()

    def strike(self, request: Request, *, kinds: tuple[str, ...] = KINDS) -> Rule | None:
        """Give the first rule of these kinds that hits this request; rules count only what reaches them."""
        if not self.rules:
            return None
        with self._lock:
            return next((rule for rule in self.rules if rule.kind in kinds and rule.strikes(request)), None)

    def report(self) -> list[Json]:
        with self._lock:
            return [
                {"kind": rule.kind, "method": rule.method, "calls": rule.calls, "hits": rule.hits,
                 "path": rule.path.pattern if rule.path else ""}
                for rule in self.rules
            ]  # fmt: skip


def read_rule(document: Json) -> Rule:
    match, fault = document.get("match", {}), document.get("fault", {})
    if fault.get("kind") not in KINDS:
        raise BadFault(f"fault.kind must be one of {', '.join(KINDS)}.")
    try:
        path = re.compile(match["path"]) if match.get("path") else None
    except re.error as error:
        raise BadFault(f"match.path is no regular expression: {error}.") from error
    return Rule(
        kind=fault["kind"],
        method=match.get("method", "").upper(),
        path=path,
        nth=match.get("nth"),
        probability=match.get("probability"),
        count=document.get("count"),
        options=fault,
        # A seed makes a run repeatable; nothing secret hangs on it.
        dice=random.Random(match.get("seed", 0)),  # noqa: S311
    )


def instead(rule: Rule, *, innards: Json) -> Answer:
    """Make the answer a replacing fault gives; innards is the innerError of a Graph error."""
    options = rule.options
    if rule.kind == "reset_before":
        return Answer(damage=Damage(reset=True))
    if rule.kind == "html":
        status = int(options.get("status", 200))
        return html(status, PAGE.format(title=options.get("title", "Service unavailable")))
    if rule.kind == "empty":
        return Answer(int(options.get("status", 200)))
    if rule.kind == "redirect":
        return Answer(
            int(options.get("status", 302)), {"Location": str(options.get("location", "https://localhost/"))}
        )
    return _status(options, innards)


def _status(options: dict[str, Any], innards: Json) -> Answer:
    error = {
        "code": options.get("code", "UnknownError"), "message": options.get("message", ""), "innerError": innards,
    }  # fmt: skip
    payload = options.get("payload", {"error": error})
    return Answer(int(options.get("status", 503)), _headers(options), payload)


def _headers(options: dict[str, Any]) -> dict[str, str]:
    headers = {str(name): str(value) for name, value in options.get("headers", {}).items()}
    if (seconds := options.get("retry_after_date_s")) is not None:
        at = datetime.now(UTC) + timedelta(seconds=seconds)
        headers["Retry-After"] = format_datetime(at, usegmt=True)
    return headers


def damage(rule: Rule, answer: Answer, request: Request) -> None:
    """Spoil an answer that was made honestly; what the request asked for has been done."""
    options = rule.options
    if rule.kind == "reset_after":
        answer.damage = Damage(reset=True)
    elif rule.kind == "truncate":
        answer.damage = Damage(truncate_at=int(options.get("at_bytes", 20)))
    elif rule.kind == "wrong_length":
        answer.damage = Damage(length_off_by=int(options.get("off_by", 10)))
    elif rule.kind == "drip":
        slow = bool(options.get("headers", False))
        answer.damage = Damage(bytes_per_s=int(options.get("bytes_per_s", 100)), drip_headers=slow)
    elif isinstance(answer.payload, dict):
        _bend_page(rule.kind, answer.payload, request)


def _bend_page(kind: str, page: Json, request: Request) -> None:
    own_url = request.base_url + request.target
    if kind == "same_next_link" and "value" in page:
        page.pop("@odata.deltaLink", None)
        page["@odata.nextLink"] = own_url
    elif kind == "empty_page" and "value" in page:
        # The link leads to the same place again, where the items still wait: an empty page with more to come.
        page.pop("@odata.deltaLink", None)
        page["value"] = []
        page["@odata.nextLink"] = own_url
