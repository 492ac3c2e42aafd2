"""Senders that die at any moment, and answers that are cut: every mail leaves exactly once."""

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
LONGEST_S: Final = 1200


def test_mail_leaves_once_whatever_is_killed_or_cut() -> None:
    """F-61, F-62, F-64, F-65: senders killed before, between and after their requests, answers cut on both sides."""
    server = [] if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3") else [servers.POSTGRES_URL]
    command = [sys.executable, "-m", "tests.journeys.send_kills", "--kills", "6", "--cuts", "6", "--json"]
    command += ["--database", *server] if server else []
    ours = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(command, cwd=ROOT, env=ours, capture_output=True, text=True, timeout=LONGEST_S)
    assert done.stdout, done.stderr[-2000:]
    verdict = json.loads(done.stdout)
    assert verdict["wrong"] == []
    assert (verdict["kills"], verdict["cuts"]) == (6, 6)
