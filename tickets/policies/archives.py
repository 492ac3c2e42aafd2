"""Which archives hold something that does harm when it is opened: by the names they list; nothing is unpacked."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Final
from zipfile import BadZipFile, ZipFile

from mailboxes.parsing import Part, Problem
from mailboxes.parsing.filenames import harmless
from tickets.policies.dangers import danger

#: The directory stands at the end; one of 2,000 names fits. Bytes.
MAX_DIRECTORY_BYTES: Final = 256 * 1024
#: Archives of one mail that are looked into.
MAX_ARCHIVES: Final = 20
#: The code of the remark that there is such a name.
HARMFUL: Final = "archive_harmful"


def remarks_on(parts: Sequence[Part]) -> Iterator[Problem]:
    """Say of each ZIP archive what harmful file it names, or that its directory could not be read."""
    archives = [part for part in parts if part.filename.lower().endswith(".zip")]
    for part in archives[:MAX_ARCHIVES]:
        names = _names(part)
        if names is None:
            sentence = f"{part.filename} could not be looked into; it may hold programs."
            yield Problem(code="archive_unread", sentence=sentence)
        elif found := next((name for name in names if danger(name)), ""):
            sentence = f"{part.filename} holds a file that can do harm: {found}. Do not open it."
            yield Problem(code=HARMFUL, sentence=sentence)


def _names(part: Part) -> Iterator[str] | None:
    """Give the names of the files in an archive without their folders; None when its end is no directory."""
    with part.content.open() as file:
        file.seek(max(0, part.size_bytes - MAX_DIRECTORY_BYTES))
        end = BytesIO(file.read(MAX_DIRECTORY_BYTES))
    try:
        with ZipFile(end) as archive:
            names = archive.namelist()
    except (BadZipFile, NotImplementedError, ValueError, OverflowError, OSError, struct.error):
        return None
    return (harmless(name, fallback="") for name in names)
