"""A whole installation in a folder of its own, as an operator runs it: other processes, real sockets."""

import os
import select
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
#: Longer than anything here takes; what hangs is killed, and its reader gets the end of the output.
LONGEST_S: Final = 300.0


def free_port() -> int:
    """Find a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], object], *, what: str) -> None:
    """Look until it holds; fails with `what` after LONGEST_S."""
    until_s = time.monotonic() + LONGEST_S
    while not condition():
        if time.monotonic() > until_s:
            raise AssertionError(f"It did not happen: {what}")
        select.select([], [], [], 0.05)


def wait_until_gone(*pids: int) -> None:
    """Wait until processes that are not our children have ended."""
    for pid in pids:
        with suppress(ProcessLookupError):
            watch = os.pidfd_open(pid)
            ended, _, _ = select.select([watch], [], [], LONGEST_S)
            os.close(watch)
            assert ended, f"process {pid} goes on"


def children(pid: int) -> dict[str, int]:
    """Give the direct children of a process, by what their command line contains."""
    listing = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    words = {"valkey-server": "broker", "gunicorn": "web", "django watch": "watch"}
    words |= {"--quiet worker": "worker", "--quiet beat": "beat"}
    found = {}
    for line in listing.stdout.splitlines():
        number, _, command = line.strip().partition(" ")
        found |= {name: int(number) for word, name in words.items() if word in command}
    return found


class Running:
    """A process whose lines are read as they come."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []

    def until(self, text: str) -> str:
        """Read on to the first line with the text."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if text in line:
                return line
        raise AssertionError(f"{text!r} was never printed:\n{''.join(self.lines[-40:])}")

    def rest(self) -> str:
        """Read to the end and wait for it."""
        assert self.process.stdout is not None
        self.lines.extend(self.process.stdout)
        self.process.wait()
        return "".join(self.lines)


class Installation:
    """Settings, folder and port of one installation; nothing runs before it is told to."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.port = free_port()
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = kept | {
            "ENV_FILE": os.devnull,
            "DJANGO_SETTINGS_MODULE": "m365integration.settings",
            "VAR_DIR": str(folder),
            **environment,
        }

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one management command to its end."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )

    @contextmanager
    def running(self, *command: str, folder: Path = ROOT) -> Iterator[Running]:
        """Run a Python command beside the test; it is ended, at the latest, when the test is."""
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        watchdog = threading.Timer(LONGEST_S, process.kill)
        watchdog.start()
        try:
            yield Running(process)
        finally:
            watchdog.cancel()
            process.terminate()
            process.communicate()

    @contextmanager
    def serving(self, *arguments: str) -> Iterator[Running]:
        """Run `serve` until the web answers."""
        with self.running("manage.py", "serve", "--bind", f"127.0.0.1:{self.port}", *arguments) as serve:
            serve.until("Ready at ")
            yield serve

    def get(self, path: str) -> tuple[int, str]:
        """Ask the web; status and body."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
