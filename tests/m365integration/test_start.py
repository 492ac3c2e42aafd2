"""From a fresh checkout to a page one can sign in to (S0-5, S0-11, S0-15)."""

import fcntl
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import override_settings

from m365integration import demo, start
from m365integration.supervisor.parts import Child
from tenants.models import Tenant
from tenants.whom import until_said
from tests.installation import ROOT, Installation, wait_for

pytestmark = pytest.mark.usefixtures("custom_cloud")
TARGETS = ("demo", "demo-reset", "run", "test", "check", "bench")


@pytest.fixture
def custom_cloud() -> Iterator[None]:
    """Name the hosts of the sandbox, as the demo does before it reads its settings."""
    with override_settings(M365_LOGIN_URL="https://localhost:8443", M365_GRAPH_URL="https://localhost:8443"):
        yield


@pytest.mark.django_db
def test_demo_is_provisioned_where_nobody_has_said_for_whom() -> None:
    """The demo starts in a program of its own, not under manage.py."""
    with until_said():
        start.provision_demo()
    assert Tenant.objects.count() == 2


@pytest.mark.django_db
def test_first_start_makes_an_administrator_and_shows_the_password_once(tmp_path: Path) -> None:
    shown = re.search(r"admin with (\S+)", start.first_start(demo_dir=None))
    assert shown
    assert User.objects.get().check_password(shown[1])
    assert start.first_start(demo_dir=None).startswith("Sign in as before.")
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_demo_knows_two_customers_and_its_staff_from_the_first_start(tmp_path: Path) -> None:
    notice = start.first_start(demo_dir=tmp_path)
    assert Tenant.objects.count() == 2
    accounts = re.findall(r"^  (\w+) with (\S+)$", notice, re.MULTILINE)
    assert len(accounts) >= 3
    assert all(User.objects.get(username=name).check_password(word) for name, word in accounts)
    assert not [name for name in os.environ if name.startswith("AGENT")]


@pytest.mark.django_db
def test_notice_says_how_to_get_a_new_password(tmp_path: Path) -> None:
    folder = os.path.relpath(tmp_path, ROOT)
    assert f"VAR_DIR={folder} .venv/bin/python manage.py changepassword admin" in start.first_start(
        demo_dir=tmp_path
    )


@pytest.mark.parametrize("target", TARGETS)
def test_make_knows_the_target(target: str) -> None:
    result = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def test_demo_is_forgotten_only_when_it_does_not_run(tmp_path: Path) -> None:
    lock = tmp_path / "var" / "demo" / "serve.lock"
    lock.parent.mkdir(parents=True)
    # Below another make it would say where it works.
    command = ["make", "--no-print-directory", "--file", str(ROOT / "Makefile"), "demo-reset"]
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        refused = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert refused.stdout == "The demo is running. Stop it with Ctrl-C first.\n"
    assert lock.exists()
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    assert not lock.parent.exists()


def test_port_of_the_sandbox_is_nobody_elses_from_the_beginning_and_through_its_restarts(
    tmp_path: Path,
) -> None:
    with start._listen(0) as door:
        port = int(door.getsockname()[1])
        child = Child(start._sandbox_part(tmp_path, door, callback=""), say=lambda who, text: None)
        ready = child.part.is_ready or bool
        assert not ready()
        for _run in range(2):
            child.revive()
            wait_for(ready, what="the sandbox answers")
            child.terminate()
            wait_for(lambda: not child.is_running, what="the sandbox ends")
            with pytest.raises(OSError, match="in use"):
                socket.create_server(("127.0.0.1", port))
            child.kill()


def test_sandbox_takes_another_port_where_its_own_is_taken() -> None:
    with start._listen(0) as taken, start._listen(start._port(taken)) as door:
        assert start._port(door) not in {0, start._port(taken)}


@pytest.mark.journey
@pytest.mark.slow
def test_demo_turns_the_mail_of_two_customers_into_tickets_until_ctrl_c(tmp_path: Path) -> None:
    foreign = {"DATABASE_URL": "postgres://nobody@nowhere.invalid/real", "DEPLOYMENT": "production"}
    place = Installation(tmp_path / "demo", **foreign)
    arguments = ("demo", "--bind", f"127.0.0.1:{place.port}", "--demo-dir", str(place.folder))
    with place.running("-m", "m365integration.start", *arguments) as running:
        running.until("Ready at ")
        running.until("admin with ")
        wait_for(lambda: filed(place) >= 60, what="sixty mails are filed")
        del place.environment["ENV_FILE"]
        assert place.manage("sync").returncode == 0
        running.process.send_signal(signal.SIGINT)
        running.rest()
    assert running.process.returncode == 0
    assert not (place.folder / "broker" / "broker.sock").exists()
    assert not (place.folder / "db.sqlite3-wal").exists()


def filed(installation: Installation) -> float:
    """Read from the figures how many mails are on tickets."""
    found = re.search(r'm365_mails\{state="filed"\} ([\d.]+)', installation.get("/metrics")[1])
    return float(found[1]) if found else 0


def test_commands_in_another_shell_work_on_the_demo_that_their_folder_names(tmp_path: Path) -> None:
    demo.keep(tmp_path, {"M365_GRAPH_URL": "https://localhost:8443", "PUBLIC_URL": "http://localhost:8001"})
    shell = Installation(tmp_path, DATABASE_URL="postgres://nobody@nowhere.invalid/real")
    del shell.environment["ENV_FILE"]
    shown = shell.manage("diffsettings", "--output", "hash").stdout
    assert "M365_GRAPH_URL = 'https://localhost:8443'" in shown
    assert "PUBLIC_URL = 'http://localhost:8001'" in shown
    assert "nowhere.invalid" not in shown


def test_environment_file_named_by_the_operator_comes_before_a_demo_s(tmp_path: Path) -> None:
    demo.keep(tmp_path, {"PUBLIC_URL": "http://localhost:8001"})
    assert "8001" not in Installation(tmp_path).manage("diffsettings").stdout


def test_what_a_command_makes_is_for_its_own_account_only(tmp_path: Path) -> None:
    keys = {"SECRET_KEY": "s" * 50, "FERNET_KEYS": "f" * 50}
    place = Installation(tmp_path / "var", **keys)
    place.folder.mkdir()
    place.manage("migrate", "--verbosity", "0", "auth", "0001")
    assert (place.folder / "db.sqlite3").stat().st_mode & 0o077 == 0
