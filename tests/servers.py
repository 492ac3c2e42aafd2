"""Which servers this machine offers to the tests; the one place that decides what is skipped.

Each may be named by the environment: TEST_POSTGRES_URL, TEST_REDIS_URL, TEST_RABBITMQ_URL, TEST_CHROMIUM.
"""

import getpass
import os
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

import psycopg
import redis
from kombu import Connection

POSTGRES_URL: Final = os.environ.get(
    "TEST_POSTGRES_URL", f"postgres://{getpass.getuser()}@127.0.0.1:5432/postgres"
)
REDIS_URL: Final = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15")
RABBITMQ_URL: Final = os.environ.get("TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//")
IS_REQUIRED: Final = os.environ.get("REQUIRE_SERVICES") == "1"


def chromium() -> str | None:
    """Find a Chromium to drive."""
    names = (os.environ.get("TEST_CHROMIUM", "chromium"), "chromium-browser", "google-chrome")
    return next((path for path in map(shutil.which, names) if path), None)


def _postgres() -> bool:
    with psycopg.connect(POSTGRES_URL, connect_timeout=2) as connection:
        connection.execute("SELECT 1")
    return True


def _redis() -> bool:
    with redis.Redis.from_url(REDIS_URL, socket_connect_timeout=2) as client:
        return bool(client.ping())


def _rabbitmq() -> bool:
    with Connection(RABBITMQ_URL, connect_timeout=2) as connection:
        connection.ensure_connection(max_retries=1, timeout=2)
    return True


def dovecot() -> str | None:
    """Find a Dovecot that speaks IMAP and POP3; Debian keeps it outside of a user's PATH."""
    parts = [Path("/usr/lib/dovecot", name) for name in ("imap", "pop3")]
    program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    return program if all(part.exists() for part in parts) else None


PROBES: Final[dict[str, Callable[[], bool]]] = {
    "postgres": _postgres,
    "redis": _redis,
    "rabbitmq": _rabbitmq,
    "browser": lambda: chromium() is not None,
    "dovecot": lambda: dovecot() is not None,
}


@cache
def missing(name: str) -> str:
    """Say why the tests marked `name` cannot run here; "" when they can."""
    try:
        return "" if PROBES[name]() else "not found"
    except Exception as error:
        return type(error).__name__


def summary() -> str:
    """Say in one line what is not here and therefore not tested."""
    absent = [f"{name} ({reason})" for name in PROBES if (reason := missing(name))]
    return f"Not on this machine, so not tested: {', '.join(absent)}." if absent else "All servers are here."
