"""How the ledger names a mail of IMAP: UIDVALIDITY, UID and the folder, for each folder counts for itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_ID: Final = re.compile(r"([0-9]{1,10})\.([0-9]{1,10})\.([\x20-\x7e]{1,900})")

#: The wire's name of a folder and the UIDVALIDITY it had.
Place = tuple[str, int]


def write_id(place: Place, uid: int) -> str:
    folder, validity = place
    return f"{validity}.{uid}.{folder}"


def by_folder(remote_ids: Iterable[str]) -> tuple[dict[Place, list[int]], list[str]]:
    """Sort ids by the folder they lie in; those of another wire, used before, come second."""
    known: dict[Place, list[int]] = {}
    strange: list[str] = []
    for remote_id in remote_ids:
        if found := _ID.fullmatch(remote_id):
            known.setdefault((found[3], int(found[1])), []).append(int(found[2]))
        else:
            strange.append(remote_id)
    return known, strange
