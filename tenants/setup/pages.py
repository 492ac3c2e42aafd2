"""Microsoft's own pages, one behind each step of the guides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

LEARN: Final = "https://learn.microsoft.com/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page; `version_on` is the day of the version the step was written from or checked by, where it has one.

    `checked_on` is the day the step was last held against the page.
    """

    url: str
    version_on: date | None = None
    checked_on: date | None = None
