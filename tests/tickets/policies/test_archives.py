"""What is in a ZIP archive, by the names in its directory."""

from __future__ import annotations

import struct
import time
from io import BytesIO
from zipfile import ZipFile

import pytest

from mailboxes.parsing import Part, PartContent
from tickets.policies.archives import MAX_ARCHIVES, MAX_DIRECTORY_BYTES, remarks_on

#: One name in a directory, all of it zero; thousands fit where hundreds are usual.
NAMELESS = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", 20, 3, 20, *[0] * 15)


def archive(*names: str, content: bytes = b"x") -> bytes:
    file = BytesIO()
    with ZipFile(file, "w") as made:
        for name in names:
            made.writestr(name, content)
    return file.getvalue()


def part(raw: bytes, *, name: str = "invoice.ZIP") -> Part:
    return Part(
        filename=name,
        content_type="application/octet-stream",
        size_bytes=len(raw),
        sha256="",
        content_id="",
        is_inline=False,
        content=PartContent(raw),
    )


def codes(*parts: Part) -> list[str]:
    return [problem.code for problem in remarks_on(parts)]


@pytest.mark.parametrize(
    "name", ["a/b/invoice.pdf.exe", "scan.docm", "disk.iso", "run.js ", "x\u202egpj.exe"]
)
def test_a_file_that_can_do_harm_is_named(name: str) -> None:
    """MT-128"""
    (problem,) = remarks_on([part(archive("read me.txt", name))])
    assert problem.code == "archive_harmful"
    assert name.split("/")[-1].strip().replace("\u202e", "") in problem.sentence


def test_harmless_files_and_folders_called_like_programs_are_not() -> None:
    assert codes(part(archive("read me.txt", "setup.exe/read me.txt", "photos/1.jpg"))) == []


def test_names_of_an_encrypted_archive_are_read() -> None:
    raw = bytearray(archive("invoice.exe"))
    raw[raw.index(b"PK\1\2") + 8] |= 1
    assert codes(part(bytes(raw))) == ["archive_harmful"]


@pytest.mark.parametrize("raw", [b"", b"PK", b"no archive at all", archive("a.exe")[:-10]])
def test_what_is_no_archive_is_said(raw: bytes) -> None:
    assert codes(part(raw)) == ["archive_unread"]


def test_only_zip_archives_are_looked_into() -> None:
    assert codes(part(archive("a.exe"), name="a.docx"), part(b"", name="a.7z")) == []


def test_the_directory_of_a_large_archive_is_read_from_its_end() -> None:
    """MT-133"""
    assert codes(part(archive("big.bin", "a.exe", content=bytes(5_000_000)))) == ["archive_harmful"]


def test_a_directory_without_end_is_not_read() -> None:
    """MT-133"""
    count = MAX_DIRECTORY_BYTES // len(NAMELESS) + 1
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, count * len(NAMELESS), 0, 0)
    assert codes(part(NAMELESS * count + end)) == ["archive_unread"]


def test_archives_full_of_names_are_read_in_time() -> None:
    """MT-133"""
    count = MAX_DIRECTORY_BYTES // len(NAMELESS) - 1
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, count * len(NAMELESS), 0, 0)
    started = time.perf_counter()
    assert codes(*[part(NAMELESS * count + end)] * 1_000) == []
    assert time.perf_counter() - started < 0.25 * MAX_ARCHIVES
