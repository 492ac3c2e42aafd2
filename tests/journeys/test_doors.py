"""Each door outside of requests says by itself that the machine is at work.

The tests are the machine themselves, so none of them would miss a door that forgets. Here everything runs in
processes of its own, as it does for an operator.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from subprocess import run

import pytest
from django.conf import settings
from django.core.management import get_commands

from sandbox import process
from tests.installation import ROOT, Installation

pytestmark = [pytest.mark.journey, pytest.mark.slow]

DEMO = ROOT / "sandbox" / "demo"
ADDRESS = "service@fabrikam.example"
#: `serve` runs in tests/m365integration, over real connections.
ELSEWHERE = {"serve"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation whose mail is filed, beside its sandbox."""
    folder = tmp_path_factory.mktemp("doors")
    with process.start(folder / "m365", scenario=DEMO / "scenario.json") as microsoft:
        place = Installation(
            folder / "var",
            M365_LOGIN_URL=microsoft.url,
            M365_GRAPH_URL=microsoft.url,
            REQUESTS_CA_BUNDLE=str(microsoft.ca_path),
            AGENT1_PASSWORD="only-for-this-test-1",
            AGENT2_PASSWORD="only-for-this-test-2",
        )
        done(place, "migrate", "--verbosity=0")
        done(place, "provision", str(DEMO / "provision.json"))
        done(place, "sync", ADDRESS)
        yield place


def done(place: Installation, *arguments: str) -> str:
    result = place.manage(*arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_commands(desk: Installation) -> None:
    ticket = json.loads(done(desk, "export", "tickets").splitlines()[0])["reference"]
    commands: dict[str, list[str]] = {
        "provision": [str(DEMO / "provision.json"), "--json"],
        "sync": ["--json"],
        "doctor": ["--json"],
        "export": ["ledger"],
        "reply": [ticket, "--text", "We look into it."],
        "replay": ["1"],
        "rotate_keys": [],
        "watch": ["--once"],
    }
    rooms = {"m365integration", "tenants", "mailboxes", "tickets"}
    assert {name for name, room in get_commands().items() if room in rooms} == commands.keys() | ELSEWHERE
    for name, arguments in commands.items():
        done(desk, name, *arguments)
    assert '"state": "queued"' in done(desk, "export", "outbox")


def test_tasks(desk: Installation) -> None:
    command = [sys.executable, "-m", "tests.journeys.tasks"]
    result = run(command, cwd=ROOT, env=desk.environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert set(result.stdout.split()) >= {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}


def test_watch_as_a_process_of_its_own(desk: Installation) -> None:
    """As `serve` starts it: not by manage.py, which speaks for its commands."""
    command = [sys.executable, "-m", "django", "watch", "--once"]
    result = run(command, cwd=ROOT, env=desk.environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
