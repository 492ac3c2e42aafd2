"""Workers that die at any moment: nothing is doubled, lost, or moved before it is filed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from django.conf import settings

from tests import servers

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.django_db]

ROOT: Final = Path(__file__).resolve().parents[2]
LONGEST_S: Final = 480


def test_sync_survives_six_kills_of_its_workers() -> None:
    """F-01 to F-05, F-08: two workers on one mailbox, one killed exactly between filing and acknowledging."""
    server = [] if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3") else [servers.POSTGRES_URL]
    command = [sys.executable, "-m", "tests.journeys.kills", "--kills", "6", "--mails", "200", "--json"]
    command += ["--database", *server] if server else []
    ours = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(command, cwd=ROOT, env=ours, capture_output=True, text=True, timeout=LONGEST_S)
    assert done.stdout, done.stderr[-2000:]
    verdict = json.loads(done.stdout)
    assert verdict["wrong"] == []
    assert (verdict["kills"], verdict["killed_between_filing_and_acknowledging"]) == (6, 1)
