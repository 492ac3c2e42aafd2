"""Where the bytes lie: raw mail by itself, attachments by their hash; nothing here is ever served as a file.

Names are ours alone (numbers, random ids, hashes): nothing a mail says reaches a path.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, BinaryIO

from django.conf import settings

FOLDER_MODE = 0o700
FILE_MODE = 0o600
#: What there is a folder of each tenant in.
ROOMS = ("raw", "attachments")


def full_path(relative: str) -> Path:
    """Turn the path a row names into a path on disk."""
    return Path(settings.MEDIA_ROOT) / relative


def new_raw_path(tenant_id: int, now: datetime) -> str:
    """Name a place for a mail that is about to be downloaded; folders hold one day of one tenant."""
    return f"raw/{tenant_id}/{now:%Y%m%d}/{uuid.uuid4().hex}.eml"


def create(relative: str) -> BinaryIO:
    """Open a new file for writing; fails when it exists."""
    path = full_path(relative)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        descriptor = os.open(path, flags, FILE_MODE)
    except FileNotFoundError:
        make_folder(path.parent)
        descriptor = os.open(path, flags, FILE_MODE)
    return open(descriptor, "wb", buffering=0)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, all of them ours alone; mkdir would give the upper ones the usual mode."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(mode=FOLDER_MODE, exist_ok=True)


def settle(file: IO[bytes]) -> None:
    """Force the bytes to disk, so that a row never outlives its mail in a power cut."""
    if settings.RAW_FSYNC:
        os.fdatasync(file.fileno())


def settle_folders(relatives: Iterable[str]) -> None:
    """Force the names of new files to disk, once per folder."""
    if not settings.RAW_FSYNC:
        return
    for folder in {relative.rpartition("/")[0] for relative in relatives}:
        descriptor = os.open(full_path(folder), os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def discard(relative: str) -> None:
    """Remove a file that no row names; one that is gone already is fine."""
    with suppress(FileNotFoundError, NotADirectoryError):
        full_path(relative).unlink()


def attachment_path(tenant_id: int, sha256: str) -> str:
    """Name the place of an attachment: the same bytes lie there once per tenant."""
    return f"attachments/{tenant_id}/{sha256[:2]}/{sha256}"


def keep(relative: str, chunks: Iterable[bytes]) -> None:
    """Store content under its hash unless it is there already, and on disk before any row names it.

    A half-written file is never found under the name.
    """
    path = full_path(relative)
    with suppress(FileNotFoundError):
        # Young again: its row is about to be written, and the sweep leaves young files alone.
        os.utime(path)
        return
    draft = f"{relative}.{uuid.uuid4().hex}"
    try:
        with create(draft) as file:
            for chunk in chunks:
                file.write(chunk)
            settle(file)
        full_path(draft).replace(path)
        settle_folders([relative])
    except BaseException:
        discard(draft)
        raise


def tenants_with_files(*, older_than: datetime) -> set[int]:
    """Name the tenants, by id, that have a folder nothing was put into since, whether or not they still exist."""
    folders = (path for room in ROOMS for path in full_path(room).glob("*") if path.name.isdecimal())
    return {int(path.name) for path in folders if path.stat().st_mtime < older_than.timestamp()}


def remove_tenant(tenant_id: int) -> None:
    """Remove all mails and attachments of a tenant; what is gone already is fine."""
    for room in ROOMS:
        shutil.rmtree(full_path(f"{room}/{tenant_id}"), ignore_errors=True)


def stored_files(room: str, tenant_id: int) -> Iterator[Path]:
    """Walk the files of a tenant in `raw` or `attachments`."""
    for folder, _folders, names in os.walk(full_path(f"{room}/{tenant_id}")):
        yield from (Path(folder) / name for name in names)
