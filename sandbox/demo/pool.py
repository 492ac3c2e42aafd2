"""The demo's mails: those that are there at the start, and those that arrive while it runs."""

import tomllib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.demo.letter import Letter, read_letter
from sandbox.demo.render import render

FOLDER = Path(__file__).parent
NAMES = ("contoso_help", "contoso_billing", "fabrikam_service")
FIRST_NUMBER, NUMBER_STEP = 1207, 13
SECONDS_IN_TRANSIT = 4


@dataclass(frozen=True, slots=True)
class DemoMail:
    mime: bytes
    received_at: datetime
    folder: str


@cache
def _source(name: str) -> dict[str, Any]:
    # Only our own names become paths. Raises KeyError for any other.
    if name not in NAMES:
        raise KeyError(name)
    return tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))


def _seeded(name: str, now: datetime) -> dict[str, Letter]:
    """Give the letters that are there at the start by their id; a letter stands after the one it answers."""
    source, letters = _source(name), dict[str, Letter]()
    for row in source["mail"]:
        sent_at = now.replace(microsecond=0) - timedelta(hours=row["h"])
        letter = read_letter(row, mailbox=source["address"], key=row["id"], sent_at=sent_at)
        letters[row["id"]] = replace(letter, parent=letters.get(row.get("answers", "")))
    return letters


def demo_mails(name: str, now: datetime) -> list[DemoMail]:
    """Make the mails of a demo mailbox, dated relative to now. Raises KeyError for an unknown name."""
    letters = _seeded(name, now)
    return [_mail(letters[row["id"]], row.get("folder", "inbox")) for row in _source(name)["mail"]]


def _mail(letter: Letter, folder: str) -> DemoMail:
    received_at = letter.sent_at + timedelta(seconds=SECONDS_IN_TRANSIT)
    return DemoMail(render(letter), received_at, folder)


def next_arrival(name: str, count: int, now: datetime) -> bytes:
    """Make the mail that arrives now; count is how many arrived in this mailbox before."""
    return render(_arrival(name, count, now))


def _arrival(name: str, count: int, now: datetime) -> Letter:
    source = _source(name)
    rows = source["arrival"]
    cycle, place = divmod(count, len(rows))
    row = rows[place]
    sent_at = now.replace(microsecond=0) - timedelta(seconds=SECONDS_IN_TRANSIT)
    letter = read_letter(
        row, mailbox=source["address"], key=f"{row['id']}-{cycle}", sent_at=sent_at,
        number=FIRST_NUMBER + cycle * NUMBER_STEP,
    )  # fmt: skip
    return replace(letter, parent=_answered(name, row.get("answers", ""), cycle, now))


def _answered(name: str, wanted: str, cycle: int, now: datetime) -> Letter | None:
    """Find what an arrival answers: an arrival of the same cycle, or a mail that was there at the start."""
    rows = _source(name)["arrival"]
    for place, row in enumerate(rows):
        if row["id"] == wanted:
            return _arrival(name, cycle * len(rows) + place, now - timedelta(minutes=1))
    return _seeded(name, now).get(wanted)
