"""Reading what came: JSON within bounds, and both forms of Retry-After."""

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any, NoReturn

from tenants.errors import BadAnswer

#: A JSON object as it came; the module that fetched it reads it into a value of its own.
JSON = dict[str, Any]

MAX_DEPTH = 64
MAX_RETRY_AFTER = timedelta(hours=24)
_TITLE = re.compile(rb"<title>([^<]{1,200})", re.IGNORECASE)
_HEAD_BYTES = 16 * 1024
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")


def read_json(body: bytes, *, content_type: str) -> JSON:
    """Parse the body of an answer; raises BadAnswer for everything that is not a JSON object.

    The content type counts too: login pages of networks and proxies come with status 200.
    """
    if not body.strip():
        raise BadAnswer.own("answer_empty")
    if content_type and "json" not in content_type.lower():
        raise BadAnswer.own("not_json", detail=_title(body))
    parsed = _parse(body)
    if not isinstance(parsed, dict):
        raise BadAnswer.own("answer_malformed")
    _refuse_depth(parsed)
    return parsed


def _title(page: bytes) -> str:
    """Give the title of a web page, which mostly names what stands between us and Microsoft."""
    found = _TITLE.search(page[:_HEAD_BYTES])
    return unescape(found[1].decode("utf-8", "replace")) if found else ""


def _parse(body: bytes) -> object:
    try:
        parsed: object = json.loads(body, parse_constant=_refuse_constant)
        return parsed
    except RecursionError:
        code = "answer_too_deep"
    except ValueError:
        code = "answer_cut" if body.lstrip()[:1] in (b"{", b"[") else "not_json"
    # The parser's error quotes the text it stumbled over, so it is not chained.
    raise BadAnswer.own(code)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _refuse_depth(parsed: JSON) -> None:
    """Go down level by level: no recursion of ours may depend on somebody else's text."""
    layer: list[Any] = [parsed]
    for _ in range(MAX_DEPTH):
        inner = (node.values() if isinstance(node, dict) else node for node in layer)
        layer = [child for children in inner for child in children if isinstance(child, dict | list)]
        if not layer:
            return
    raise BadAnswer.own("answer_too_deep")


def listed(answer: JSON, name: str = "value") -> list[JSON]:
    """Give the objects of a list that has to be there. Raises BadAnswer."""
    found = answer.get(name)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise BadAnswer.own("answer_malformed")
    return found


def text(answer: JSON, name: str) -> str:
    """Give a text that has to be there: an id, an address. Raises BadAnswer."""
    found = answer.get(name)
    if not isinstance(found, str) or not found:
        raise BadAnswer.own("answer_malformed")
    return found


def words(answer: JSON, name: str) -> str:
    """Give a text nothing depends on; "" for whatever else stands in its place."""
    found = answer.get(name)
    return found if isinstance(found, str) else ""


def count(answer: JSON, name: str) -> int:
    """Give a number of things, 0 where none is named. Raises BadAnswer."""
    found = answer.get(name)
    if found is None:
        return 0
    if not isinstance(found, int):
        raise BadAnswer.own("answer_malformed")
    return found


def part(answer: JSON, name: str) -> JSON:
    """Give an object within an object; an empty one for whatever else stands in its place."""
    found = answer.get(name)
    return found if isinstance(found, dict) else {}


def retry_after(headers: Mapping[str, str], *, now: datetime | None = None) -> timedelta | None:
    """Read Retry-After in seconds or as a date, capped at a day.

    None when it is missing, nonsense, zero or past: then the caller backs off on its own. A date is taken
    relative to the answer's own Date header, so that our clock does not matter. Source: RFC 9110 §10.2.3.
    """
    text = _header(headers, "Retry-After").strip()
    if _SECONDS.fullmatch(text):
        wait = timedelta(seconds=math.ceil(float(text)))
    else:
        until = http_date(text)
        if until is None:
            return None
        wait = until - (http_date(_header(headers, "Date")) or now or datetime.now(UTC))
    return min(wait, MAX_RETRY_AFTER) if wait > timedelta(0) else None


def http_date(text: str) -> datetime | None:
    """Read an HTTP-date as an aware datetime in UTC; None for anything else."""
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def clock_skew(headers: Mapping[str, str]) -> timedelta:
    """Say how far our clock is ahead of the peer's (negative: behind); zero when the answer has no date."""
    theirs = http_date(_header(headers, "Date"))
    return datetime.now(UTC) - theirs if theirs else timedelta(0)


def _header(headers: Mapping[str, str], name: str) -> str:
    # Headers of batch items are plain dicts in whatever letter case Graph chose that day.
    value = headers.get(name)
    if value is None:
        value = next((text for key, text in headers.items() if key.lower() == name.lower()), "")
    return str(value)
