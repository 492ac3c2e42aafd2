"""What all commands share: faults, the bar, moments, and an end that says no more than it should."""

import io
import json
import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError

from tenants.console import ConsoleCommand, Failed, Fault, Progress, Refused, iso


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Told(ConsoleCommand):
    """A command whose outcome the test chooses."""

    requires_system_checks = ()

    def __init__(self, outcome: Exception | None = None) -> None:
        super().__init__(stdout=io.StringIO(), stderr=io.StringIO())
        self.outcome = outcome

    def run(self, *args: Any, **options: Any) -> None:
        if self.outcome is not None:
            raise self.outcome
        self.answer({"ok": True}, "Done.")


FAULT = Fault(path="tenants[0].name", code="missing", message="This value is required.")


def said(command: Told, *options: str) -> str:
    call_command(command, *options)
    return command.stdout.getvalue()


def test_answer_is_a_document_for_scripts_and_sentences_for_people() -> None:
    assert said(Told(), "--json") == '{"ok": true}\n'
    assert said(Told()) == "Done.\n"


def test_refusal_is_answered_with_its_faults_and_exit_code_1() -> None:
    command = Told(Refused([FAULT]))
    with pytest.raises(Failed, match="name: This value is required") as failed:
        call_command(command, "--json")
    told = {"path": "tenants[0].name", "code": "missing", "message": "This value is required."}
    assert json.loads(command.stdout.getvalue()) == {"ok": False, "errors": [told]}
    assert failed.value.returncode == 1


def test_database_that_does_not_answer_is_a_sentence_without_its_own_words() -> None:
    command = Told(OperationalError("password authentication failed for user desk"))
    with pytest.raises(Failed, match="Check DATABASE_URL") as failed:
        call_command(command, "--json")
    assert "desk" not in str(failed.value) + command.stdout.getvalue()


def test_reader_that_went_away_ends_the_command_without_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    command = Told(BrokenPipeError())
    with pytest.raises(SystemExit) as ended:
        call_command(command)
    assert (ended.value.code, command.stderr.getvalue()) == (1, "")


def test_bar_is_drawn_on_a_terminal_and_wiped_at_the_end() -> None:
    terminal = Terminal()
    with Progress("Reading", total=4, stream=terminal) as progress:
        progress.advance(1)
    assert "Reading [######..................] 1 of 4" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_nothing_is_drawn_into_a_pipe_or_a_log() -> None:
    stream = io.StringIO()
    with Progress("Reading", total=4, stream=stream) as progress:
        progress.advance(4)
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("done", "total", "bar"),
    [(1234, None, "1,234"), (0, 0, "0"), (9, 4, f"[{'#' * 24}] 9 of 4"), (0, 4, f"[{'.' * 24}] 0 of 4")],
)
def test_bar_fits_any_count(done: int, total: int | None, bar: str) -> None:
    progress = Progress("", total=total, stream=io.StringIO())
    progress.done = done
    assert progress.bar() == bar


NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
MOMENTS = [
    (None, None),
    (NOON, "2026-11-02T12:00:00Z"),
    (NOON.astimezone(timezone(timedelta(hours=5, minutes=30))), "2026-11-02T12:00:00Z"),
    (NOON.replace(microsecond=999_999), "2026-11-02T12:00:00Z"),
]


@pytest.mark.parametrize(("moment", "written"), MOMENTS)
def test_moments_are_written_in_utc_with_z(moment: datetime | None, written: str | None) -> None:
    assert iso(moment) == written
