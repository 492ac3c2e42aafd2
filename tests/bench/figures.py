"""Figures, their targets, and how they are shown."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured value. `most` or `least` is its target; a figure without one is shown for orientation."""

    bench: str
    name: str
    value: float
    unit: str = ""
    most: float | None = None
    least: float | None = None

    @property
    def verdict(self) -> str:
        """ "ok", "MISSED", or nothing where no target is set."""
        if self.most is None and self.least is None:
            return ""
        is_reached = self.most is None or self.value <= self.most
        return "ok" if is_reached and (self.least is None or self.value >= self.least) else "MISSED"

    @property
    def target(self) -> str:
        if self.most is not None:
            return f"<= {self.most:g}"
        return "" if self.least is None else f">= {self.least:g}"


def table(figures: Iterable[Figure]) -> str:
    rows = [
        (figure.bench, figure.name, f"{figure.value:,.2f}", figure.unit, figure.target, figure.verdict)
        for figure in figures
    ]
    head = ("bench", "figure", "value", "unit", "target", "")
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [_line(row, widths) for row in (head, tuple("-" * width for width in widths), *rows)]
    return "\n".join(lines)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.rjust(width) if column == 2 else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def write(path: Path, figures: Sequence[Figure], raw: dict[str, Any], *, is_quick: bool) -> None:
    """Write everything as JSON: the figures with their targets, and what the processes reported."""
    document = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "quick": is_quick,
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "figures": [
            {**asdict(figure), "target": figure.target, "verdict": figure.verdict} for figure in figures
        ],
        "reports": raw,
    }
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
