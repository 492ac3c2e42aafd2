"""What runs: the description of a part, and the child that is one run of it after another."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import IO, Final

from m365integration.logs import escape

TETHER: Final = Path(__file__).with_name("tether.py")
#: Where the parts find the product, whatever folder the operator stands in.
ROOT: Final = Path(__file__).resolve().parents[2]
#: Waits before a restart, seconds; the last repeats, and a run of STEADY_S starts over.
RESTART_DELAYS_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
STEADY_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A program the supervisor keeps running."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    #: Asked until it says yes before the next part starts.
    is_ready: Callable[[], bool] | None = None
    #: What it gets when the supervisor is killed and nobody is left to be patient with it.
    orphan_signal: signal.Signals = signal.SIGTERM
    #: Others need it while they end, so it is ended after them.
    ends_last: bool = False
    #: Descriptors of ours that every run of it takes over.
    held_fds: tuple[int, ...] = ()


class Child:
    """One part and its present run."""

    def __init__(self, part: Part, *, say: Callable[[str, str], None]) -> None:
        self.part = part
        self.say = say
        self.restart_at_s = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._pump: Thread | None = None
        self._started_s = 0.0
        self._deaths = 0

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start a run in a session of its own, so that Ctrl-C reaches the supervisor alone."""
        tether = (sys.executable, "-S", str(TETHER), str(os.getpid()), str(int(self.part.orphan_signal)))
        self._process = subprocess.Popen(  # noqa: S603 - commands are our own
            tether + self.part.command,
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self.part.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=self.part.held_fds,
        )
        self._started_s = time.monotonic()
        self._pump = Thread(target=self._print, args=(self._process.stdout,), daemon=True)
        self._pump.start()

    def revive(self) -> None:
        """Restart the part when it has died and its delay has passed."""
        if self._process is not None and not self.is_running:
            self._bury()
        if self._process is None and time.monotonic() >= self.restart_at_s:
            self.start()

    def terminate(self) -> None:
        """Ask the run to end itself."""
        if self.is_running and self._process is not None:
            with suppress(ProcessLookupError):
                self._process.terminate()

    def kill(self) -> None:
        """End the run and whatever it left in its session."""
        if self._process is not None:
            sweep(self._process.pid)
            self._process.wait()
            if self._pump is not None:
                self._pump.join(timeout=1)
            self._process = None

    def _bury(self) -> None:
        code = self._process.returncode if self._process else 0
        self.kill()
        if time.monotonic() - self._started_s >= STEADY_S:
            self._deaths = 0
        delay_s = RESTART_DELAYS_S[min(self._deaths, len(RESTART_DELAYS_S) - 1)]
        self._deaths += 1
        self.restart_at_s = time.monotonic() + delay_s
        self.say("serve", f"{self.part.name} ended ({_reason(code)}); starting it again in {delay_s:g} s.")

    def _print(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self.say(self.part.name, escape(line.decode("utf-8", "replace").rstrip("\r\n")))


def sweep(leader_pid: int) -> None:
    """Kill what is left of a session; a killed leader leaves its own children behind."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader_pid, signal.SIGKILL)


def _reason(code: int) -> str:
    if code < 0:
        return signal.Signals(-code).name
    return f"exit {code}"
