"""Keep parts running in the foreground until a signal says stop."""

import fcntl
import json
import os
import resource
import selectors
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from types import FrameType
from typing import Final

from m365integration.supervisor.parts import Child, Part

#: How long a part may take to become ready, and to end itself, seconds.
READY_S: Final = 30.0
END_S: Final = 9.0
END_LAST_S: Final = 3.0
LOOK_S: Final = 0.2
STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class AlreadyRunning(Exception):
    """Another supervisor works in the same folder."""


class Supervisor:
    """Starts parts in order, restarts the dead ones, and leaves nothing behind.

    Runs in the main thread only: signals arrive there, and the kernel ties a child's life to the thread
    that made it.
    """

    def __init__(self, *, var_dir: Path, says_json: bool = False, is_quiet: bool = False) -> None:
        self.var_dir = var_dir
        #: Leaves standard output to a document of the command's.
        self.is_quiet = is_quiet
        self.says_json = says_json
        self.children: list[Child] = []
        self.is_stopping = False
        self._lock = Lock()
        self._wake_fd = -1

    @contextmanager
    def running(self) -> Iterator["Supervisor"]:
        """Hold the folder and the signals; whatever happens inside, every part has ended at the end."""
        # Nobody but us reads what the parts write, and a crash must not write secrets to disk.
        os.umask(0o077)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with _only_one(self.var_dir), self._signals():
            try:
                yield self
            finally:
                self.stop()

    def start(self, part: Part) -> bool:
        """Start a part and wait until it is ready; False when a signal or its own end came first."""
        child = Child(part, say=self.say)
        self.children.append(child)
        child.start()
        if part.is_ready is None:
            return True
        return self.wait_for(lambda: bool(part.is_ready and part.is_ready()) or not child.is_running) and (
            child.is_running
        )

    def wait_for(self, condition: Callable[[], bool]) -> bool:
        """Look until the condition holds; False after READY_S or when told to stop."""
        until_s = time.monotonic() + READY_S
        while not self.is_stopping and time.monotonic() < until_s:
            if condition():
                return True
            self._rest(LOOK_S / 2)
        return False

    def drop(self, name: str) -> None:
        """End a part for good."""
        dropped = [child for child in self.children if child.part.name == name]
        self.children = [child for child in self.children if child not in dropped]
        _end(dropped, patience_s=END_LAST_S)

    def watch(self) -> None:
        """Restart what dies until told to stop."""
        while not self.is_stopping:
            for child in self.children:
                child.revive()
            self._rest(LOOK_S)

    def stop(self) -> None:
        """End every part: first those that work, then those the others need while they end."""
        self.is_stopping = True
        _end([child for child in self.children if not child.part.ends_last], patience_s=END_S)
        _end([child for child in self.children if child.part.ends_last], patience_s=END_LAST_S)
        self.children = []

    def say(self, who: str, text: str) -> None:
        """Print a line of a part; the lock keeps lines of several parts whole."""
        line = as_json(who, text) if self.says_json else f"{who:<8}| {text}"
        with self._lock, suppress(BrokenPipeError, ValueError):
            print(line, file=sys.stderr if self.is_quiet else sys.stdout, flush=True)

    def _rest(self, seconds: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake_fd, selectors.EVENT_READ)
            if selector.select(seconds):
                os.read(self._wake_fd, 64)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        if self.is_stopping:
            # The second Ctrl-C: somebody is in a hurry, and rows do not mind.
            for child in self.children:
                child.kill()
        self.is_stopping = True

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Turn signals into bytes of a pipe, so that waiting ends at once."""
        self._wake_fd, wake = os.pipe()
        os.set_blocking(wake, False)
        before = {number: signal.signal(number, self._heard) for number in STOP_SIGNALS}
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda number, frame: None)
        old_fd = signal.set_wakeup_fd(wake)
        try:
            yield
        finally:
            signal.set_wakeup_fd(old_fd)
            for number, action in before.items():
                signal.signal(number, action)
            os.close(wake)
            os.close(self._wake_fd)


def _end(children: Sequence[Child], *, patience_s: float) -> None:
    for child in children:
        child.terminate()
    until_s = time.monotonic() + patience_s
    while any(child.is_running for child in children) and time.monotonic() < until_s:
        time.sleep(LOOK_S / 4)
    for child in children:
        child.kill()


@contextmanager
def _only_one(var_dir: Path) -> Iterator[None]:
    """Hold the folder's lock; the kernel lets go of it when we die, however we die."""
    var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (var_dir / "serve.lock").open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise AlreadyRunning(
                f"Another serve (process {file.read().strip() or 'unknown'}) already runs in {var_dir}. "
                "Stop it first, or give this one another VAR_DIR."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
        file.truncate(0)


def as_json(who: str, text: str) -> str:
    """Keep every line a JSON document: those of our parts are, those of their libraries become one."""
    return text if text.startswith("{") else json.dumps({"logger": who, "text": text})


def command(*arguments: str) -> tuple[str, ...]:
    """Name a command that runs in this very Python."""
    return (sys.executable, *arguments)
