"""One command runs everything, and leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from m365integration.supervisor.broker import answers
from tests.installation import ROOT, Installation, Running, children, wait_for, wait_until_gone

pytestmark = pytest.mark.slow
PARTS = {"broker", "web", "worker", "beat", "watch"}


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "var")


@pytest.fixture
def serve(installation: Installation) -> Iterator[Running]:
    with installation.serving("--concurrency", "1") as running:
        running.until("ready.")
        wait_for(lambda: set(children(running.process.pid)) == PARTS, what="all parts run")
        yield running


def socket_of(installation: Installation) -> Path:
    return installation.folder / "broker" / "broker.sock"


def test_life_of_an_installation_from_start_to_sigterm(installation: Installation, serve: Running) -> None:
    before = children(serve.process.pid)
    assert installation.get("/healthz") == (200, '{"ok": true}')

    os.kill(before["worker"], signal.SIGKILL)
    serve.until("worker ended (SIGKILL); starting it again in 0.5 s.")
    serve.until("ready.")
    after = children(serve.process.pid)
    assert {name for name in PARTS if before[name] != after[name]} == {"worker"}

    serve.process.send_signal(signal.SIGTERM)
    serve.rest()
    wait_until_gone(*after.values())
    assert serve.process.returncode == 0
    assert not socket_of(installation).exists()


def test_it_does_not_matter_from_where_it_is_started(installation: Installation, tmp_path: Path) -> None:
    elsewhere = [str(ROOT / "manage.py"), "serve", "--bind", f"127.0.0.1:{installation.port}"]
    with installation.running(*elsewhere, folder=tmp_path) as serve:
        serve.until("Ready at ")
        serve.until("ready.")


def test_killed_supervisor_leaves_no_process_behind(installation: Installation, serve: Running) -> None:
    parts = children(serve.process.pid)
    serve.process.kill()
    wait_until_gone(*parts.values())
    assert not answers(socket_of(installation))


def test_without_a_broker_one_process_does_all_the_work(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "var", CELERY_BROKER_URL="memory://")
    with installation.serving() as serve:
        assert any("run as threads of the web process" in line for line in serve.lines)
        assert set(children(serve.process.pid)) == {"web", "watch"}
        wait_for(lambda: installation.get("/readyz")[0] == 200, what="worker and beat are heard")


@pytest.mark.parametrize(
    ("bind", "sentence"),
    [
        ("8000", "'8000' is not HOST:PORT"),
        ("localhost:0", "'localhost:0' is not HOST:PORT"),
        ("0.0.0.0:8000", "An embedded deployment listens on loopback only"),
    ],
)
def test_address_that_cannot_be_served_is_refused_in_one_sentence(
    installation: Installation, bind: str, sentence: str
) -> None:
    result = installation.manage("serve", "--bind", bind)
    assert result.returncode == 1
    assert result.stderr.startswith(f"Failed: bind: {sentence}")


def test_script_reads_one_document_when_the_web_answers(installation: Installation) -> None:
    where = f"127.0.0.1:{installation.port}"
    process = subprocess.Popen(
        ["timeout", "60", sys.executable, "manage.py", "serve", "--json", "--bind", where],
        cwd=ROOT, env=installation.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        document = json.loads(process.stdout.readline() if process.stdout else "")
        answer = installation.get("/healthz")
    finally:
        process.terminate()
        rest, _ = process.communicate()
    assert document == {"ok": True, "url": f"http://localhost:{installation.port}", "bind": where}
    assert (answer[0], rest, process.returncode) == (200, "", 0)


def test_script_is_told_as_well_why_nothing_starts(installation: Installation) -> None:
    result = installation.manage("serve", "--json", "--bind", "8000")
    fault = json.loads(result.stdout)["errors"][0]
    assert (result.returncode, fault["path"], fault["code"]) == (1, "bind", "bad_address")


def test_running_serve_is_not_disturbed_by_a_second_one(installation: Installation, serve: Running) -> None:
    same_folder, same_port = Installation(installation.folder), Installation(installation.folder / "other")
    refused = same_folder.manage("serve", "--bind", f"127.0.0.1:{same_folder.port}")
    assert f"Another serve (process {serve.process.pid}) already runs" in refused.stderr
    refused = same_port.manage("serve", "--bind", f"127.0.0.1:{installation.port}")
    assert f"Cannot listen on 127.0.0.1:{installation.port}: Address already in use" in refused.stderr
    assert set(children(serve.process.pid)) == PARTS
