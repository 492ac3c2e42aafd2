"""From an error code to its cause, who must act and the exact step."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from tenants.diagnoses.advice import Actor, Advice
from tenants.diagnoses.entra import ENTRA
from tenants.diagnoses.entra_people import ENTRA_PEOPLE
from tenants.diagnoses.graph import BY_STATUS, CLIENT_FAULT, GRAPH, SERVER_FAULT
from tenants.diagnoses.ours import OURS

__all__ = ["Actor", "Diagnosis", "diagnose_graph", "diagnose_own", "diagnose_token", "is_known_graph_code"]

_MAX_QUOTE_CHARS = 300
_LOOK_UP = "https://login.microsoftonline.com/error?code="
_AADSTS = re.compile(r"AADSTS([0-9]{4,8})\b")
_TRAILER = re.compile(r"\s*(Trace ID|Correlation ID|Timestamp):.*", re.DOTALL)
_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
# What could be a token, an assertion or a secret: long, without blanks, and not a GUID.
_LONG_RUN = re.compile(r"[A-Za-z0-9_~.+/=-]{32,}")
_ADDRESS = re.compile(r"[^\s<>'\"]+@[^\s<>'\"]+")
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,79}")
_BY_LOWER = {code.lower(): (code, advice) for code, advice in GRAPH.items()}
#: What Microsoft's support asks for, and how it stands in a text: at the end of one sent back, or on Microsoft's page.
_TOKEN_TRAIL = {
    "trace_id": re.compile(rf"\b(?:Trace|Request) ID:\s*({_GUID.pattern})", re.IGNORECASE),
    "correlation_id": re.compile(rf"\bCorrelation ID:\s*({_GUID.pattern})", re.IGNORECASE),
    "timestamp": re.compile(r"\bTimestamp:\s*(\d{4}-\d\d-\d\d[ T][\d:.]+Z?)", re.IGNORECASE),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What went wrong and what to do now, for the person who has to act.

    `correlation` holds what Microsoft's support asks for: (name, value) pairs such as trace id and timestamp.
    """

    code: str
    cause: str
    who: Actor
    fix: str
    correlation: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, str]:
        """Give the shape every command prints as `error`."""
        return {"code": self.code, "cause": self.cause, "who": self.who.value, "fix": self.fix}

    def as_row(self) -> dict[str, Any]:
        """Give what a column keeps of it: the same, and `correlation` as a list of pairs."""
        return {**self.as_json(), "correlation": [list(pair) for pair in self.correlation]}

    @staticmethod
    def as_error(kept: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """Give what a column keeps in the shape every command prints; None stays None."""
        return {key: kept[key] for key in ("code", "cause", "who", "fix")} if kept else None

    @classmethod
    def from_row(cls, kept: Mapping[str, Any]) -> Self:
        """Read what `as_row` gave, or `as_json`."""
        pairs = kept.get("correlation") or ()
        return cls(
            code=kept["code"],
            cause=kept["cause"],
            who=Actor(kept["who"]),
            fix=kept["fix"],
            correlation=tuple((str(name), str(value)) for name, value in pairs),
        )


def diagnose_token(answer: Mapping[str, object]) -> Diagnosis:
    """Explain an error answer of Entra's token, metadata or authorize endpoint.

    Reads `error`, `error_description` and `error_codes`; an unknown code quotes Microsoft's own text and
    names the page where the code can be looked up. Works on any shape, also on a hostile one.
    """
    text = str(answer.get("error_description") or "")
    number = _aadsts(answer, text)
    trail = _trail(answer, text)
    advice = ENTRA.get(number) or ENTRA_PEOPLE.get(number)
    if advice is not None:
        return _diagnosis(f"AADSTS{number}", advice, trail)
    code = f"AADSTS{number}" if number else gate_code(answer.get("error")) or "token_refused"
    said = quote(_TRAILER.sub("", text)) or "no further text"
    look_up = f"Look the code up at {_LOOK_UP}{number}. " if number else ""
    fix = f"{look_up}If it stays unclear, give Microsoft's support the code and the correlation id."
    return _diagnosis(
        code, Advice(Actor.CUSTOMER_ADMIN, f"Entra refused the sign-in and says: {said}", fix), trail
    )


def diagnose_graph(
    status: int, code: str, *, message: str = "", correlation: tuple[tuple[str, str], ...] = ()
) -> Diagnosis:
    """Explain an error answer of Graph; an unknown code quotes Microsoft's own text.

    `code` may be empty. The letter case of a known code does not matter; the diagnosis has the documented
    one.
    """
    known = _BY_LOWER.get(code.lower())
    if known is not None:
        return _diagnosis(known[0], known[1], correlation)
    advice = BY_STATUS.get(status) or (SERVER_FAULT if status >= 500 else CLIENT_FAULT)
    said = quote(message)
    cause = f"{advice.cause} Microsoft says: {said}" if said else advice.cause
    return _diagnosis(gate_code(code) or f"http_{status}", Advice(advice.who, cause, advice.fix), correlation)


def diagnose_own(code: str, *, detail: str = "", correlation: tuple[tuple[str, str], ...] = ()) -> Diagnosis:
    """Explain one of our own codes; `detail` is a short technical reason without secret or address."""
    advice = OURS[code]
    cause = f"{advice.cause[:-1]} ({quote(detail)})." if detail else advice.cause
    return _diagnosis(code, Advice(advice.who, cause, advice.fix), correlation)


def is_known_graph_code(code: str) -> bool:
    return code.lower() in _BY_LOWER


def quote(text: object, *, max_chars: int = _MAX_QUOTE_CHARS) -> str:
    """Make text from outside fit to be shown: one printable line, cut, without secrets and addresses."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(text)[: 4 * max_chars]).split())
    line = _ADDRESS.sub("[address]", _LONG_RUN.sub(_hide_unless_guid, line))
    return line if len(line) <= max_chars else line[: max_chars - 1] + "…"


def gate_code(code: object) -> str:
    """Give a code from outside if it looks like one, else ""."""
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def _hide_unless_guid(run: re.Match[str]) -> str:
    return run.group() if _GUID.fullmatch(run.group().rstrip(".")) else "[hidden]"


def _trail(answer: Mapping[str, object], text: str) -> tuple[tuple[str, str], ...]:
    """Take each id where it stands by itself, else out of the text: a redirect brings nothing but that."""
    found = {name: answer.get(name) or pattern.search(text) for name, pattern in _TOKEN_TRAIL.items()}
    said = {name: one.group(1) if isinstance(one, re.Match) else one for name, one in found.items()}
    return tuple((name, quote(value, max_chars=64)) for name, value in said.items() if value)


def _aadsts(answer: Mapping[str, object], text: str) -> str:
    # The description names the outermost code; error_codes may list several, the first being the same.
    found = _AADSTS.search(text)
    if found:
        return found.group(1)
    codes = answer.get("error_codes")
    first = codes[0] if isinstance(codes, list) and codes else None
    return str(first) if isinstance(first, int) and 0 < first < 10**8 else ""


def _diagnosis(code: str, advice: Advice, correlation: tuple[tuple[str, str], ...]) -> Diagnosis:
    return Diagnosis(code=code, cause=advice.cause, who=advice.who, fix=advice.fix, correlation=correlation)
