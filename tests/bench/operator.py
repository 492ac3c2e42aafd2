"""python -m tests.bench.operator [--quick]: the operator's pages at the sizes of many customers, on PostgreSQL.

A target that is missed does not fail the command. The database is made for this and removed, also after Ctrl-C.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests import servers
from tests.bench import figures, place
from tests.bench.engines import PostgreSQL
from tests.bench.figures import Figure
from tests.bench.place import Place

FULL: Final = {"tenants": 200, "mailboxes": 10_000, "tickets": 300_000, "mails": 1_000_000}
QUICK: Final = {"tenants": 200, "mailboxes": 1_000, "tickets": 10_000, "mails": 30_000}
MOST_MS: Final = 300.0
MOST_BYTES: Final = 1_000_000
MOST_STATEMENTS: Final = 40


def main() -> int:
    if reason := servers.missing("postgres"):
        print(f"This is measured on PostgreSQL: {reason}", file=sys.stderr)
        return 1
    sizes = QUICK if "--quick" in sys.argv[1:] else FULL
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, PostgreSQL(Path(folder)) as engine:
        place.migrate(engine, Path(folder))
        report = Place(folder=Path(folder), database_url=engine.template_url).do("operator", sizes=sizes)
    print(figures.table(read(report)))
    return 0


def read(report: dict[str, Any]) -> Iterator[Figure]:
    """Turn what each person was shown into figures with their targets; /metrics is read by machines."""
    for person, pages in report.items():
        for page, spent in pages.items():
            bench = f"{person}: {page}"
            most_ms = None if page == "metrics" else MOST_MS
            yield Figure(bench=bench, name="server", value=spent["wall_ms"], unit="ms", most=most_ms)
            yield Figure(bench=bench, name="statements", value=spent["statements"], most=MOST_STATEMENTS)
            yield Figure(bench=bench, name="size", value=spent["size_bytes"], unit="B", most=MOST_BYTES)


if __name__ == "__main__":
    sys.exit(main())
