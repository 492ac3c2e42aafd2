"""One step of an examination: what was looked at, how it stands, and who has to do what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tenants.diagnosis import Diagnosis, diagnose_own
from tenants.errors import IntegrationError, Throttled


class Status(StrEnum):
    OK = "ok"
    WARN = "warn"  #: works, and somebody should look
    FAIL = "fail"
    SKIP = "skip"  #: could not be looked at; the code says why


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """`detail` is what was seen, in words; it holds no secret."""

    id: str
    status: Status
    diagnosis: Diagnosis | None = None
    detail: str = ""

    @property
    def asks(self) -> bool:
        """Tell whether somebody has to act, or at least to look."""
        return self.status in (Status.FAIL, Status.WARN)

    def as_json(self) -> dict[str, Any]:
        """Give the shape `doctor --json` prints; the four of the diagnosis are null where there is none."""
        said = self.diagnosis.as_json() if self.diagnosis else dict.fromkeys(("code", "cause", "who", "fix"))
        return {"id": self.id, "status": self.status.value, **said, "detail": self.detail}


def passed(step: str, detail: str = "") -> Check:
    return Check(id=step, status=Status.OK, detail=detail)


def warned(step: str, code: str, *, detail: str = "") -> Check:
    return Check(id=step, status=Status.WARN, diagnosis=diagnose_own(code), detail=detail)


def skipped(step: str, code: str, *, detail: str = "") -> Check:
    return Check(id=step, status=Status.SKIP, diagnosis=diagnose_own(code), detail=detail)


def failed(step: str, error: IntegrationError, *, detail: str = "") -> Check:
    """Note a failure; being asked to come back later is no verdict on the step, so that one is skipped."""
    status = Status.SKIP if isinstance(error, Throttled) else Status.FAIL
    return Check(id=step, status=status, diagnosis=error.diagnosis, detail=detail)


def not_reached(steps: Sequence[str]) -> list[Check]:
    return [skipped(step, "check_not_reached") for step in steps]


def is_sound(checks: Sequence[Check]) -> bool:
    return all(check.status is not Status.FAIL for check in checks)
