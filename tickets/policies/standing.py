"""How a conversation stands, reckoned from its mails: who had the last word, and since when the customer waits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Mail:
    happened_at: datetime
    is_ours: bool = False
    is_automatic: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """`by` is staff, customer or machine; `waits_since` the oldest mail of a person behind our last one."""

    last_at: datetime
    by: str
    waits_since: datetime | None = None


def standing(mails: Iterable[Mail]) -> Standing | None:
    """Reckon it; the mails come in any order. None for a conversation without any."""
    found: Standing | None = None
    for mail in sorted(mails, key=lambda mail: mail.happened_at):
        waits_since = found.waits_since if found else None
        if mail.is_ours and mail.is_automatic:
            continue  # an acknowledgement is nobody's word
        if mail.is_ours:
            found = Standing(mail.happened_at, "staff")
        elif mail.is_automatic:
            found = Standing(mail.happened_at, "machine", waits_since)
        else:
            found = Standing(mail.happened_at, "customer", waits_since or mail.happened_at)
    return found
