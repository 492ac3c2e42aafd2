"""Production refuses to start at every door, and a proper one passes Django's own list (S-103)."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import production

ROOT = Path(__file__).resolve().parents[2]
DOORS = {
    "command": [sys.executable, "manage.py", "migrate"],
    "serve": [sys.executable, "manage.py", "serve"],
    "wsgi": [sys.executable, "-c", "import m365integration.wsgi"],
    "asgi": [sys.executable, "-c", "import m365integration.asgi"],
    "worker": [sys.executable, "-m", "celery", "--app", "m365integration", "worker"],
}


def run(command: list[str], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("door", DOORS)
def test_unsafe_production_starts_through_no_door(door: str, tmp_path: Path) -> None:
    unsafe = production.environment(tmp_path) | {"SECRET_KEY": "", "DEBUG": "true"}
    result = run(DOORS[door], unsafe)
    assert result.returncode != 0
    assert all(name in result.stdout + result.stderr for name in ("house.E002", "house.E008"))


def test_production_makes_up_no_key(tmp_path: Path) -> None:
    unsafe = production.environment(tmp_path)
    del unsafe["SECRET_KEY"], unsafe["FERNET_KEYS"]
    run(DOORS["command"], unsafe)
    assert {path.name for path in tmp_path.iterdir()} <= {"locale"}  # compiled texts, no secret.json


def test_refused_command_prints_sentences_and_no_traceback(tmp_path: Path) -> None:
    result = run(DOORS["command"], production.environment(tmp_path) | {"FERNET_KEYS": ""})
    assert result.stderr.startswith("This deployment is not safe to start, 1 reason(s):")
    assert "Traceback" not in result.stderr


def test_check_reports_each_reason_with_its_hint(tmp_path: Path) -> None:
    unsafe = production.environment(tmp_path) | {"SECRET_KEY": "", "CELERY_BROKER_URL": "memory://"}
    result = run([sys.executable, "manage.py", "check"], unsafe)
    assert result.returncode == 1
    assert [f"(house.E0{number})" in result.stderr for number in ("02", "13")] == [True, True]


def test_proper_production_passes_the_deployment_checklist(tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    result = run(command, production.environment(tmp_path))
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("url", ["https://host/path", "http://host", "https://user@host", "host"])
def test_host_of_the_custom_cloud_with_more_than_an_origin_is_refused(url: str, tmp_path: Path) -> None:
    result = run(DOORS["command"], production.environment(tmp_path) | {"M365_LOGIN_URL": url})
    assert "M365_LOGIN_URL must look like https://host[:port], without a path." in result.stderr
