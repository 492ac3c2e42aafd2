"""What a row names is on disk before the row is written, content and name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from mailboxes import storage

PATH = storage.attachment_path(7, "ab" * 32)


@pytest.fixture
def forced(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What has been forced to disk, in order, by its name at that moment; the disk is the wire here."""
    settings.MEDIA_ROOT, settings.RAW_FSYNC = tmp_path, True
    found: list[str] = []

    def note(descriptor: int) -> None:
        found.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).relative_to(tmp_path).as_posix())

    monkeypatch.setattr(os, "fdatasync", note)
    monkeypatch.setattr(os, "fsync", note)
    return found


def test_attachment_and_its_name_are_forced_to_disk(forced: list[str]) -> None:
    storage.keep(PATH, [b"crackle"])
    content, folder = forced
    assert content.startswith(f"{PATH}.")
    assert folder == PATH.rpartition("/")[0]


def test_names_of_raw_mails_are_forced_to_disk_once_for_each_folder(forced: list[str]) -> None:
    for name in ("raw/7/day/a.eml", "raw/7/day/b.eml"):
        storage.create(name).close()
    storage.settle_folders(["raw/7/day/a.eml", "raw/7/day/b.eml"])
    assert forced == ["raw/7/day"]


def test_trials_may_do_without(forced: list[str], settings: Settings) -> None:
    settings.RAW_FSYNC = False
    storage.keep(PATH, [b"crackle"])
    assert forced == []
