"""How many mails are asked for in one go over a connection that can only do one thing at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from mailboxes.transports.base import Ref

BUNCH: Final = 100
#: A bunch ends with the mail that fills it, so that a lease is renewed and a broken line costs little. Bytes.
BUNCH_BYTES: Final = 8 * 1024 * 1024
#: Taken for a mail whose size the listing did not tell.
UNKNOWN_BYTES: Final = 512 * 1024


def bunches(refs: Sequence[Ref]) -> Iterator[Sequence[Ref]]:
    """Divide mails into bunches bounded in number and in bytes, in their order."""
    bunch: list[Ref] = []
    size_bytes = 0
    for ref in refs:
        bunch.append(ref)
        size_bytes += ref.size_bytes or UNKNOWN_BYTES
        if len(bunch) == BUNCH or size_bytes >= BUNCH_BYTES:
            yield bunch
            bunch, size_bytes = [], 0
    if bunch:
        yield bunch
