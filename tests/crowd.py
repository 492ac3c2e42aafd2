"""Many workers at one moment: threads that begin together, each with a connection of its own to the database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

Got = TypeVar("Got")


def at_once(workers: int, act: Callable[[], Got]) -> list[Got]:
    """Let so many do the same at once; gives what each got. Raises what the first of them raised."""
    begun = threading.Barrier(workers)

    def work() -> Got:
        try:
            begun.wait()
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=workers) as crowd:
        return [one.result() for one in [crowd.submit(work) for _ in range(workers)]]
