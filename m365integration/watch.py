"""Whether the parts of this installation are alive, and everything else the operator must hear of, told together."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext_noop

from m365integration import heartbeat
from mailboxes import checkups, radar, scope_proof
from mailboxes import watch as mailbox_watch
from tenants import alerts
from tenants.alerts import Condition
from tenants.models import Alert

#: A part that was heard longer ago than this is silent. Source: reliability F-17, alarm within five minutes.
SILENT_AFTER: Final = timedelta(minutes=2)
_KINDS: Final = {"worker": Alert.Kind.WORKER_SILENT, "beat": Alert.Kind.SCHEDULER_SILENT}
_CAUSES: Final = {
    "worker": gettext_noop(
        "No worker has taken a task for more than two minutes: no mail is fetched, filed or tidied up."
    ),
    "beat": gettext_noop(
        "The scheduler has sent nothing for more than two minutes: mailboxes are only looked at by hand."
    ),
}
_FIX: Final = gettext_noop(
    "Look at the log of `manage.py serve` (or of your own supervisor) and at the broker, and restart."
)


def look(now: datetime) -> None:
    """Open and end alerts about parts and mailboxes, and tell what is due."""
    alerts.reconcile(silent_parts(), list(_KINDS.values()), now)
    alerts.reconcile(mailbox_watch.troubles(now), [Alert.Kind.MAILBOX_TROUBLE], now)
    alerts.reconcile(mailbox_watch.pauses(), [Alert.Kind.MAILBOX_PAUSED], now)
    alerts.tell(now)


def look_for_silence(now: datetime) -> None:
    """Open and end alerts about mailboxes that are unusually quiet; counts a month of mail, so it runs seldom."""
    alerts.reconcile(mailbox_watch.note_silences(now), [Alert.Kind.MAILBOX_QUIET], now)


def look_for_expiry(now: datetime) -> None:
    """Open and end alerts about what runs out, reaches too far, or failed in the night; this runs seldom too."""
    alerts.reconcile(radar.warnings(), [Alert.Kind.EXPIRY], now)
    alerts.reconcile(scope_proof.open_scopes(), [Alert.Kind.SCOPE_OPEN], now)
    alerts.reconcile(checkups.findings(), [Alert.Kind.EXAMINATION], now)


def silent_parts() -> list[Condition]:
    """List the parts that have not been heard for too long; one that was never heard is still starting."""
    silent = [part for part, age in heartbeat.ages().items() if age is not None and age > SILENT_AFTER]
    return [
        Condition(kind=_KINDS[part], subject="", cause=_CAUSES[part], fix=_FIX, path=reverse("admin:index"))
        for part in silent
    ]
