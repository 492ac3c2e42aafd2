"""What all commands share: one JSON document or sentences, faults with a path, exit 1 on failure, a progress bar."""

from __future__ import annotations

import codecs
import json
import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self, TextIO

from django.core.management import BaseCommand, CommandError
from django.db import OperationalError, ProgrammingError

#: How often a bar is drawn, and how wide it is.
REDRAW_S: Final = 0.1
BAR_CHARS: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong with what a command was given; never holds the value itself.

    `path` leads to it: `tenants[0].mailboxes[1].registration`, or the argument, such as `addresses[0]`.
    """

    path: str
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


_NO_DATABASE: Final = Fault(
    path="",
    code="database_unusable",
    message="The database does not answer, or has not been prepared. Check DATABASE_URL and run: manage.py migrate",
)


class Refused(Exception):
    """A command cannot do what it was asked; nothing has been changed."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


class Failed(CommandError):
    """The end of a command that did not succeed: exit code 1, the sentences on standard error."""


class ConsoleCommand(BaseCommand):
    """A command with --json. Subclasses write `run`; a Refused that leaves it is answered here."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="one JSON document, for scripts"
        )
        return parser

    def handle(self, *args: Any, as_json: bool = False, **options: Any) -> None:
        self.as_json = as_json
        try:
            self.run(**options)
        except Refused as refused:
            raise self._failed(refused) from None
        except (OperationalError, ProgrammingError) as error:
            # Its own words may quote a row; --traceback shows them to whoever asks.
            raise self._failed(Refused([_NO_DATABASE])) from error
        except BrokenPipeError:
            self._stop_writing()

    def run(self, *args: Any, **options: Any) -> None:
        raise NotImplementedError("A command says in run() what it does.")

    def answer(self, document: dict[str, Any], *sentences: str) -> None:
        """Print the document under --json, else the sentences."""
        if self.as_json:
            self.print_json(document)
            return
        for sentence in sentences:
            self.stdout.write(sentence)

    def print_json(self, document: dict[str, Any]) -> None:
        """Print one document on a line of its own."""
        self.stdout.write(json.dumps(document, ensure_ascii=not _takes_unicode(self.stdout)))

    def print_at_once(self, document: dict[str, Any]) -> None:
        """Print one document that a script waits for while the command goes on."""
        self.print_json(document)
        self.stdout.flush()

    def _failed(self, refused: Refused) -> Failed:
        if self.as_json:
            self.print_json({"ok": False, "errors": [asdict(fault) for fault in refused.faults]})
        return Failed(str(refused))

    def _stop_writing(self) -> None:
        # `export … | head`: the reader has what it wanted. Nothing is left to say, also for Python.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1)


class Progress:
    """A bar on standard error while a person is watching; nothing at all in a pipe or a log."""

    def __init__(self, label: str, *, total: int | None = None, stream: TextIO | None = None) -> None:
        self.label = label
        self.total = total
        self.done = 0
        self.stream = stream or sys.stderr
        self.is_shown = self.stream.isatty()
        self._drawn_at_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.is_shown and self._drawn_at_s:
            self.stream.write("\r\x1b[K")
            self.stream.flush()

    def advance(self, count: int = 1) -> None:
        """Count on, and draw when the last drawing is old enough."""
        self.done += count
        if self.is_shown and time.monotonic() - self._drawn_at_s >= REDRAW_S:
            self._drawn_at_s = time.monotonic()
            self.stream.write(f"\r\x1b[K{self.label} {self.bar()}")
            self.stream.flush()

    def bar(self) -> str:
        """Give the bar as text; only the count where nobody knows the end."""
        if not self.total:
            return f"{self.done:,}"
        filled = min(BAR_CHARS, BAR_CHARS * self.done // self.total)
        return f"[{'#' * filled}{'.' * (BAR_CHARS - filled)}] {self.done:,} of {self.total:,}"


def iso(moment: datetime | None) -> str | None:
    """Write a moment as every command does: ISO 8601 in whole seconds, UTC, with Z."""
    return (
        None
        if moment is None
        else moment.astimezone(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"
    )


def _takes_unicode(stream: Any) -> bool:
    """Tell whether a stream is UTF-8; in any other encoding JSON is written with escapes."""
    try:
        return codecs.lookup(stream.encoding or "utf-8").name == "utf-8"
    except (AttributeError, LookupError):
        return True


def add_addresses(parser: ArgumentParser) -> None:
    """Let a command be narrowed to some mailboxes."""
    parser.add_argument("addresses", nargs="*", metavar="ADDRESS", help="mailboxes; all when none is named")
