"""How a mailbox is, in one word and one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mailboxes.models import Folder, InboundMessage, Mailbox

#: Longer than any run may take.
ENDLESS: Final = timedelta(minutes=30)
#: What is the matter where the row itself knows of nothing.
NEVER_ENDS: Final = {
    "code": "look_never_ends",
    "who": "operator",
    "cause": gettext_noop(
        "Looks into it begin and none comes to an end: an error of this program, which stands in the log."
    ),
    "fix": gettext_noop(
        "Look for sync_mailbox in the log of the workers, and report what it says. Its mail waits at Microsoft."
    ),
}
#: Mails seen last, by which the speed of a walk is measured; no mail for so long, and it rests.
MEASURED: Final = 500
RESTS_AFTER: Final = timedelta(minutes=5)
#: Over less time no speed can be told.
SHORTEST: Final = timedelta(seconds=5)


class Health(StrEnum):
    WORKING = "working"
    FRESH = "fresh"  #: no look has been made yet
    WAITING = "waiting"  #: Microsoft asked for patience
    TROUBLE = "trouble"
    PAUSED = "paused"
    OFF = "off"

    @property
    def level(self) -> str:
        """Name the colour it is shown in."""
        return {"working": "success", "fresh": "info", "waiting": "warning", "trouble": "danger"}.get(
            self, "calm"
        )

    @property
    def label(self) -> str:
        return {
            Health.WORKING: _("working"),
            Health.FRESH: _("not looked at yet"),
            Health.WAITING: _("waiting for Microsoft"),
            Health.TROUBLE: _("in trouble"),
            Health.PAUSED: _("paused"),
            Health.OFF: _("off"),
        }[self]


def health_of(mailbox: Mailbox, now: datetime) -> Health:
    """Judge a mailbox by its row and its tenant's; what people chose comes before what went wrong."""
    is_receiving = mailbox.inbound_transport != Mailbox.Inbound.NONE
    if not (mailbox.is_active and mailbox.tenant.is_active and is_receiving):
        return Health.OFF
    if mailbox.paused == Mailbox.Pause.STAFF:
        return Health.PAUSED
    if mailbox.retry_after_until and mailbox.retry_after_until > now:
        return Health.WAITING
    if mailbox.trouble or is_endless(mailbox, now):
        return Health.TROUBLE
    return Health.WORKING if mailbox.last_success_at else Health.FRESH


def endless(now: datetime) -> Q:
    """Keep the mailboxes whose looks begin and never end: what fails in this program itself stands on no row.

    What stands there is since when each look has found the one before it unended. The first one after a pause or a
    downtime may be long since the last success, and is no such thing.
    """
    limit = _endless_since(now)
    return Q(trouble__isnull=True, trouble_since_at__lt=limit, last_attempt_at__gte=limit)


def is_endless(mailbox: Mailbox, now: datetime) -> bool:
    limit, began_at = _endless_since(now), mailbox.last_attempt_at
    is_long_ago = mailbox.trouble_since_at is not None and mailbox.trouble_since_at < limit
    return is_long_ago and not mailbox.trouble and began_at is not None and began_at >= limit


def _endless_since(now: datetime) -> datetime:
    return now - max(ENDLESS, timedelta(seconds=2 * settings.SYNC_INTERVAL_S))


def trouble_of(mailbox: Mailbox, now: datetime) -> dict[str, Any] | None:
    """Give what is the matter with a mailbox, as its row keeps it or would; None when all is well."""
    trouble: dict[str, Any] | None = mailbox.trouble
    return NEVER_ENDS if trouble is None and is_endless(mailbox, now) else trouble


def is_quiet(mailbox: Mailbox, health: Health) -> bool:
    """Tell whether a mailbox that fetches mail is silent against its own habit."""
    return mailbox.quiet_since_at is not None and health in {Health.WORKING, Health.WAITING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """How far the first walk through a folder has come; `left` is 0 when Microsoft's count was too low.

    `total` is 0 where mail is taken from a date on.
    """

    total: int
    seen: int
    settled: int
    #: When it will have come to its end at its present speed; None while it rests.
    ends_at: datetime | None = None

    @property
    def left(self) -> int:
        return max(0, self.total - self.seen)

    @property
    def percent(self) -> int:
        return min(100, 100 * self.settled // self.total) if self.total else 0


def backfill_of(mailbox: Mailbox, counts: dict[str, int]) -> Backfill | None:
    """Measure the first walk while it is under way; `counts` are the mailbox's mails by state."""
    walking = Folder.objects.filter(mailbox=mailbox, purpose=Folder.Purpose.INBOX, is_walking=True)
    seen = sum(counts.values())
    # With a bound nobody knows beforehand how many there are, only how many have come.
    total = mailbox.backlog_total or 0
    if not (total or seen) or not walking.exists():
        return None
    left = max(0, total - seen)
    return Backfill(
        total=total,
        seen=seen,
        settled=seen - counts.get(InboundMessage.State.RECEIVED, 0),
        ends_at=_end_of(mailbox, left, timezone.now()),
    )


def _end_of(mailbox: Mailbox, left: int, now: datetime) -> datetime | None:
    """Reckon from the mails seen last when the rest will have been seen."""
    rows = InboundMessage.objects.filter(mailbox=mailbox).order_by("-pk")
    moments = list(rows.values_list("seen_at", flat=True)[:MEASURED])
    if not left or not moments or now - moments[0] > RESTS_AFTER:
        return None
    took = moments[0] - moments[-1]
    return now + took / len(moments) * left if took >= SHORTEST else None
