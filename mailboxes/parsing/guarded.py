"""Parsing that cannot take the worker along: small ordinary mail is read here, any other by a child with limits.

What is small, within the limits and of a usual kind cannot explode, and the way to the child and back would cost
nearly as much again as reading it (measured: 1.5 ms beside 1.8 ms), however many went together. Reading gives way as
soon as it meets anything else. One child serves a worker process; it is started when first needed and replaced when
it dies.
"""

import os
import select
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

from .limits import DEFAULT, KB, Limits
from .parse import parse_here
from .values import Exploded, GiveWay, ParsedMessage, Unparseable
from .wire import read_frame, unpacked, write_frame

#: The largest mail that is read here.
SMALL_BYTES: Final = 512 * KB
#: By the clock, for a child that waits for something; processor time is the child's own limit. Seconds.
PATIENCE_S: Final = 30.0
#: After so many mails a child is replaced, whatever it has gathered.
MAILS_PER_CHILD: Final = 500
_HERE: Final = replace(DEFAULT, gives_way=True)
_ROOT: Final = Path(__file__).resolve().parents[2]


def parse(
    source: bytes | Path,
    *,
    received_at: datetime | None = None,
    scratch: Path | None = None,
    limits: Limits = DEFAULT,
) -> ParsedMessage:
    """Read a mail, however broken; the problems met on the way are listed in the result.

    Of a Path over 10 MB, big bodies are decoded into files in `scratch` (the system's temporary folder when None):
    they are the caller's to remove with `PartContent.discard`. `received_at` bounds the Date header; default now.
    Raises Unparseable for bytes without any readable header, Exploded for a mail that would take more time or memory
    than one mail may, and OSError of the disk.
    """
    if sys.platform == "win32":
        return parse_here(source, received_at=received_at, scratch=scratch, limits=limits)
    size_bytes = len(source) if isinstance(source, bytes) else source.stat().st_size
    with suppress(GiveWay):
        if size_bytes <= SMALL_BYTES:
            here = _HERE if limits is DEFAULT else replace(limits, gives_way=True)
            return parse_here(source, received_at=received_at, scratch=scratch, limits=here)
    asked = {
        "path": str(source.resolve()) if isinstance(source, Path) else "",
        "received_at": received_at.isoformat() if received_at else "",
        "scratch": str(scratch.resolve()) if scratch else "",
        "limits": asdict(limits) if limits is not DEFAULT else None,
    }
    return CHILDREN.ask(asked, b"" if isinstance(source, Path) else source)


class _Answer:
    """The pipe from the child, read until a moment at the latest."""

    def __init__(self, pipe: IO[bytes], until: float) -> None:
        self._descriptor = pipe.fileno()
        self._until = until

    def read(self, size: int) -> bytes:
        pieces: list[bytes] = []
        while size:
            left = self._until - time.monotonic()
            if left <= 0 or not select.select([self._descriptor], [], [], left)[0]:
                raise TimeoutError
            piece = os.read(self._descriptor, min(size, 1024 * 1024))
            if not piece:
                raise EOFError
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)


class Children:
    """The child of this process, one exchange at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._asked = 0

    def ask(self, words: dict[str, Any], content: bytes) -> ParsedMessage:
        with self._lock:
            try:
                answer, parts = self._exchange(words, content)
            except _LeftByItself:
                answer, parts = self._exchange(words, content)
            if answer["outcome"] in ("memory", "failed"):
                self.end()
        if answer["outcome"] == "parsed":
            return unpacked(answer["message"], parts)
        if answer["outcome"] == "failed":
            raise ChildFailed(answer["trace"])
        if answer["outcome"] == "disk":
            raise OSError(answer["errno"], answer["words"])
        raise Unparseable if answer["outcome"] == "unparseable" else Exploded("memory")

    def forget(self) -> None:
        """After a fork: the child is that of the other process."""
        self.__init__()  # type: ignore[misc]

    def _exchange(self, words: dict[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
        child = self._running()
        assert child.stdin is not None and child.stdout is not None  # noqa: S101, PT018
        try:
            write_frame(child.stdin, words, content)  # type: ignore[arg-type]
            return read_frame(_Answer(child.stdout, time.monotonic() + PATIENCE_S))  # type: ignore[arg-type]
        except TimeoutError:
            self.end()
            raise Exploded("time") from None
        except (EOFError, BrokenPipeError, ValueError):  # ValueError: the pipe was closed by us
            code = self.end()
        if code == 0:
            raise _LeftByItself
        if code > 0:
            raise ChildFailed(f"The process that reads mail ended with code {code}.")
        raise Exploded("time" if code == -signal.SIGXCPU else "memory")

    def _running(self) -> subprocess.Popen[bytes]:
        if self._asked >= MAILS_PER_CHILD:
            self.end()
        if self._child is None:
            # No variable of ours goes along: a reader of mail needs no secret. Nothing of a mail is on this line.
            self._child = subprocess.Popen(
                [sys.executable, "-m", "mailboxes.parsing.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=_ROOT,
                env={"LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1"},
            )
            self._asked = 0
        self._asked += 1
        return self._child

    def end(self) -> int:
        """End the child, if it has not ended; gives how it did."""
        child, self._child = self._child, None
        if child is None:
            return 0
        for pipe in (child.stdout, child.stdin):
            with suppress(BrokenPipeError):
                pipe.close() if pipe is not None else None
        try:
            return child.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            child.kill()
            return child.wait()


class ChildFailed(Exception):
    """A fault of ours in the child; its trace is the text."""


class _LeftByItself(Exception):
    """The child had not been asked for a while and went; nothing is wrong with the mail."""


CHILDREN: Final = Children()
os.register_at_fork(after_in_child=CHILDREN.forget)
