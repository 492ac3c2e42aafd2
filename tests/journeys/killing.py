"""Ways to die are tried by a program of its own: its workers are killed, the test that asks for it is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from tests import servers

ROOT: Final = Path(__file__).resolve().parents[2]


def verdict_of(module: str, *options: str, longest_s: float) -> dict[str, Any]:
    """Run a module of the journeys on the kind of database these tests use; gives what it found."""
    server = [] if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3") else [servers.POSTGRES_URL]
    command = [sys.executable, "-m", f"tests.journeys.{module}", *options, "--json"]
    command += ["--database", *server] if server else []
    ours = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(command, cwd=ROOT, env=ours, capture_output=True, text=True, timeout=longest_s)
    assert done.stdout, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found
