"""How much of what Microsoft allows one application in one mailbox has been used, over all workers.

Source: Graph throttling limits, Outlook service: 10,000 requests in 10 minutes per application and mailbox.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Case, F, Value, When

from mailboxes.models import Mailbox

WINDOW: Final = timedelta(minutes=10)
MOST: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    used: int
    most: int = MOST

    @property
    def percent(self) -> int:
        return 100 * self.used // self.most


def spent(requests: int, now: datetime) -> dict[str, Any]:
    """Give the columns that note requests in a window of ours; Microsoft's own slides, so this is a little behind."""
    lasts = {"requests_since_at__gt": now - WINDOW}
    return {
        "requests_used": Case(When(**lasts, then=F("requests_used") + requests), default=Value(requests)),
        "requests_since_at": Case(When(**lasts, then=F("requests_since_at")), default=Value(now)),
    }


def budget_of(mailbox: Mailbox, now: datetime) -> Budget | None:
    """Say what was used in the last window; None over a wire that has no such limit."""
    if mailbox.inbound_transport != Mailbox.Inbound.GRAPH:
        return None
    is_lasting = mailbox.requests_since_at is not None and mailbox.requests_since_at > now - WINDOW
    return Budget(used=mailbox.requests_used if is_lasting else 0)
