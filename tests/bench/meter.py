"""Processor time, wall time, database statements and peak memory of the process it is used in."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

#: What Django sends to SQLite for a transaction; PostgreSQL gets the same from its driver, uncounted.
BRACKETS = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "PRAGMA")


@dataclass(slots=True)
class Spent:
    """Seconds of processor and wall, and statements of all threads; complete when the block has ended."""

    cpu_s: float = 0.0
    wall_s: float = 0.0
    statements: int = 0


class Statements:
    """Counts what every connection of this process executes, those of later threads included."""

    def __init__(self) -> None:
        self.count = 0
        connection_created.connect(self._watch)
        for connection in connections.all(initialized_only=True):
            self._watch(None, connection)

    def _watch(self, sender: object, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
        if self._counted not in connection.execute_wrappers:
            connection.execute_wrappers.append(self._counted)

    def _counted(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        if not sql.lstrip().upper().startswith(BRACKETS):
            self.count += 1
        return execute(sql, params, many, context)


@contextmanager
def measured(statements: Statements) -> Iterator[Spent]:
    spent, before = Spent(), statements.count
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    yield spent
    spent.cpu_s, spent.wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
    spent.statements = statements.count - before


def peak_bytes() -> int:
    """Read the most memory this process has ever held."""
    found = re.search(r"^VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text("ascii"), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
