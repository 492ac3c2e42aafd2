"""A throw-away deployment of the product: folder, database, sandbox; work is done in processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from sandbox.process import RunningSandbox
from tests.bench import cloud
from tests.bench.engines import Engine

ROOT: Final = Path(__file__).resolve().parent.parent.parent
#: Credentials of one bench are encrypted in one process and opened in another.
KEYS: Final = {"SECRET_KEY": "bench-" * 10, "FERNET_KEYS": "bench-key-" * 5}


class WorkFailed(Exception):
    """A measured process ended with an error; its own words are on standard error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    folder: Path
    database_url: str
    sandbox: RunningSandbox | None = None
    broker_url: str = "memory://"
    #: More of the environment, by name.
    settings: Mapping[str, str] = field(default_factory=dict)

    def with_settings(self, settings: Mapping[str, str]) -> Place:
        return replace(self, settings=settings)

    def do(self, work: str, **orders: object) -> dict[str, Any]:
        """Do one piece of work in a fresh process; gives its figures. Raises WorkFailed."""
        if self.sandbox is not None:
            orders |= {"control_url": self.sandbox.control_url, "graph_url": self.sandbox.url}
        command = [sys.executable, "-m", "tests.bench.child", work, json.dumps(orders)]
        done = subprocess.run(command, env=self._environment(), cwd=ROOT, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            raise WorkFailed(f"{work} ended with code {done.returncode}")
        figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return figures

    def _environment(self) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        environment = (
            inherited
            | KEYS
            | {
                "DJANGO_SETTINGS_MODULE": "m365integration.settings",
                "ENV_FILE": os.devnull,
                "VAR_DIR": str(self.folder),
                "DATABASE_URL": self.database_url,
                "CELERY_BROKER_URL": self.broker_url,
                "LOG_LEVEL": "WARNING",
            }
        )
        if self.sandbox is not None:
            environment |= {
                "M365_LOGIN_URL": self.sandbox.url,
                "M365_GRAPH_URL": self.sandbox.url,
                "REQUESTS_CA_BUNDLE": str(self.sandbox.ca_path),
            }
        return environment | self.settings


@contextmanager
def place(engine: Engine, folder: Path, *, mails: int, **weather: Any) -> Iterator[Place]:
    """Set up a deployment on a copy of the engine's database, with a mailbox of so many mails."""
    with (
        tempfile.TemporaryDirectory(dir=folder) as own,
        engine.copy() as database_url,
        cloud.sandbox(Path(own), mails=mails, **weather) as running,
    ):
        yield Place(folder=Path(own), database_url=database_url, sandbox=running)


def migrate(engine: Engine, folder: Path) -> None:
    """Make the engine's first database, with a tenant and its mailbox in it."""
    with tempfile.TemporaryDirectory(dir=folder) as own:
        Place(folder=Path(own), database_url=engine.template_url).do("prepare")
