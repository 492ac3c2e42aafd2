"""Is the sender who the mail says? Only what the receiving tenant's own Exchange found out counts.

Sources: RFC 8601 §5 (headers from elsewhere are not believed); Microsoft's form has no name of a server before the
first result. Headers in X-MS-Exchange-Organization are removed by Exchange from whatever comes from outside.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from mailboxes.parsing import ParsedMessage
from mailboxes.parsing.values import Headers

_RESULT: Final = re.compile(r"(?:^|[;\s])(spf|dkim|dmarc|compauth)\s*=\s*([a-z]{1,20})", re.IGNORECASE)
_FROM: Final = re.compile(r"header\.from=([^\s;]{1,255})", re.IGNORECASE)
_BY: Final = re.compile(r"\bby\s+([a-z0-9][a-z0-9.-]{0,252})", re.IGNORECASE)
_PASSED: Final = frozenset({"pass", "bestguesspass"})
INSIDE: Final = "x-ms-exchange-organization-authas"
MAX_CHARS: Final = 4_000


class Level(Enum):
    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Trust:
    """How far the sender is proven, why, and what each check said."""

    level: Level
    reason: str
    checks: dict[str, str] = field(default_factory=dict)
    #: Whether the checks say that they are about the sender's domain.
    is_named: bool = False


def may_join(trust: Trust, *, is_bounce: bool) -> bool:
    """Tell whether a mail may be put on a ticket that is there already.

    One whose sender is proven false gets a ticket of its own, with a badge: a colleague who answers it must see that.
    A report of non-delivery names no sender that could be proven, and finds its ticket by an id only we and the
    recipient's server know.
    """
    return is_bounce or trust.level is not Level.FAILED


def judge_sender(message: ParsedMessage) -> Trust:
    """Tell whether the sender is proven; never raises, and believes in doubt that he is not checked."""
    results = message.headers.first("authentication-results")[:MAX_CHARS]
    checks: dict[str, str] = {}
    for name, verdict in _RESULT.findall(results):
        known, verdict = checks.get(name.lower()), verdict.lower()
        # Of several signatures one that holds is enough; of any other check there is one, and of two the worse counts.
        is_settled = known == "pass" if name.lower() == "dkim" else known not in (None, *_PASSED)
        if not is_settled:
            checks[name.lower()] = verdict
    if any(problem.code == "several_from" for problem in message.problems):
        return Trust(Level.FAILED, "it has more than one From header, so nobody is proven", checks)
    if failed := _failure(checks):
        return Trust(Level.FAILED, failed, checks)
    if not results:
        return _without_results(message.headers)
    if (doubt := _doubt(results, message)) or not _has_passed(checks):
        return Trust(Level.UNKNOWN, doubt or "no check proves the sender", checks)
    return Trust(Level.PASSED, _as_text(checks), checks, is_named=bool(_FROM.search(results)))


def _failure(checks: dict[str, str]) -> str:
    """Give what failed; Microsoft's own sum of all checks has the last word."""
    overall = checks.get("compauth", "")
    if overall == "fail":
        return _as_text(checks)
    if overall in _PASSED:
        return ""
    if checks.get("dmarc") in ("fail", "permerror"):
        return _as_text(checks)
    is_signed = checks.get("dkim") == "pass"
    is_refused = checks.get("spf") == "fail" and checks.get("dmarc") not in _PASSED
    return _as_text(checks) if is_refused and not is_signed else ""


def _has_passed(checks: dict[str, str]) -> bool:
    return checks.get("compauth") in _PASSED or checks.get("dmarc") in _PASSED


def _without_results(headers: Headers) -> Trust:
    if headers.first(INSIDE).lower() == "internal":
        return Trust(Level.PASSED, "sent from inside the organisation, signed in")
    return Trust(Level.UNKNOWN, "Exchange has not written down any check")


def _doubt(results: str, message: ParsedMessage) -> str:
    """Say why a header that speaks well of the sender may be the sender's own."""
    if not _RESULT.match(results.lstrip()):
        return "the checks were made by another server than the tenant's own"
    about = {found.strip(".").lower() for found in _FROM.findall(results)}
    domain = message.sender.email.rpartition("@")[2].lower()
    if domain and about - {domain}:
        return "the checks are about another sender"
    return (
        "" if _is_ours(message.headers) else "it stands below the place where the tenant's own server writes"
    )


def _is_ours(headers: Headers) -> bool:
    """Tell whether the line was written by the last hosts on the way: next below stands their own Received line."""
    hops = headers.get("received", ())
    if headers.hops_above >= len(hops):
        return False
    return _organisation(hops[0]) == _organisation(hops[headers.hops_above]) != ""


def _organisation(received: str) -> str:
    found = _BY.search(received[:MAX_CHARS])
    return ".".join(found[1].lower().strip(".").split(".")[-2:]) if found else ""


def _as_text(checks: dict[str, str]) -> str:
    return ", ".join(f"{name} {verdict}" for name, verdict in sorted(checks.items()))
