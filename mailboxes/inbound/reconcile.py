"""Compare a folder with the ledger: what lies there that no line knows of. Nothing is fetched and nothing is filed.

After a restored backup, or when somebody restored a mailbox, the same walk as the first one files what is missing; the
ledger keeps it from doubling a mail, and what is filed that way counts as imported: nothing of it is answered.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from mailboxes.enqueue import enqueue_sync
from mailboxes.governor import visit
from mailboxes.models import Folder, InboundMessage, Mailbox
from mailboxes.models.folder import BEGUN_ANEW
from mailboxes.models.inbound import remote_key_of
from mailboxes.parsing.gate import one_line
from mailboxes.transports import open_inbound
from mailboxes.transports.base import Ref
from tenants import audit
from tenants.errors import CursorExpired, IntegrationError
from tenants.whom import for_its_tenant

#: A longer listing is compared in several runs; the page says how far it is. Seconds; a visitor's seat is held twice
#: as long.
BUDGET_S: Final = 45.0
#: Mails the page names.
MOST_NAMED: Final = 10
#: A comparison that is not done goes on after this.
GOES_ON_AFTER: Final = timedelta(minutes=5)
#: A mail this new may be on its way into the ledger at this moment.
TOO_NEW: Final = timedelta(minutes=5)
#: Keys looked up at a time.
KEYS_AT_ONCE: Final = 500


@dataclass(slots=True, kw_only=True)
class Survey:
    """What lies in a folder; `total` is Microsoft's own count, `is_whole` False when time was up before the end."""

    total: int
    listed: int = 0
    missing: int = 0
    #: Received before the bound from which mail is wanted.
    too_old: int = 0
    oldest_at: datetime | None = None
    newest_at: datetime | None = None
    is_whole: bool = False
    #: Where to go on listing when it is not whole.
    cursor: str = ""
    #: The newest of those that are missing.
    named: list[Ref] = field(default_factory=list)


@for_its_tenant
def survey(
    mailbox: Mailbox, *, before: datetime | None = None, budget_s: float = BUDGET_S, cursor: str = ""
) -> Survey:
    """List the folder a mailbox is read from and look each mail up. Raises IntegrationError.

    With `before`, mails received later are left out; with the cursor of an earlier survey it goes on behind that one.
    """
    deadline = time.monotonic() + budget_s
    with visit(mailbox) as gate, closing(open_inbound(mailbox, gate)) as transport:
        seen = transport.find_folder(mailbox.folder)
        found = Survey(total=seen.total)
        for batch in transport.fetch(seen.remote_id, cursor):
            _count(mailbox, found, batch.refs, before=before)
            found.is_whole, found.cursor = batch.is_last, batch.cursor
            if batch.is_last or time.monotonic() > deadline:
                break
    return found


def _count(mailbox: Mailbox, found: Survey, refs: Sequence[Ref], *, before: datetime | None) -> None:
    since = mailbox.since_at.replace(microsecond=0) if mailbox.since_at else None
    wanted = [ref for ref in refs if before is None or ref.received_at < before]
    found.listed += len(wanted)
    for ref in wanted:
        found.oldest_at = min(found.oldest_at or ref.received_at, ref.received_at)
        found.newest_at = max(found.newest_at or ref.received_at, ref.received_at)
    recent = [ref for ref in wanted if since is None or ref.received_at >= since]
    found.too_old += len(wanted) - len(recent)
    missing = list(_missing(mailbox, recent))
    found.missing += len(missing)
    found.named = sorted([*found.named, *missing], key=lambda ref: ref.received_at, reverse=True)[:MOST_NAMED]


def _missing(mailbox: Mailbox, refs: Sequence[Ref]) -> Iterator[Ref]:
    for start in range(0, len(refs), KEYS_AT_ONCE):
        keys = {remote_key_of(ref.remote_id): ref for ref in refs[start : start + KEYS_AT_ONCE]}
        rows = InboundMessage.objects.filter(mailbox=mailbox, remote_key__in=keys)
        known = set(rows.values_list("remote_key", flat=True))
        yield from (ref for key, ref in keys.items() if key not in known)


@for_its_tenant
def compare(mailbox: Mailbox, *, budget_s: float = BUDGET_S) -> dict[str, Any]:
    """Compare the folder with the ledger and keep the answer for the mailbox's page. Raises IntegrationError.

    A folder that takes longer than one run may is compared in several; each goes on where the last one stopped.
    """
    now = timezone.now()
    before = (mailbox.last_success_at or now) - TOO_NEW
    begun = _begun(mailbox)
    try:
        found = survey(mailbox, before=before, budget_s=budget_s, cursor=begun.get("cursor", ""))
    except CursorExpired:
        begun, found = {}, survey(mailbox, before=before, budget_s=budget_s)
    answer = {
        "listed": found.listed + begun.get("listed", 0),
        "missing": found.missing + begun.get("missing", 0),
        "is_whole": found.is_whole,
        "named": _newest([*begun.get("named", []), *map(_told, found.named)]),
    }
    if not found.is_whole:
        answer["cursor"] = found.cursor
    _inbox(mailbox).update(compared_at=now, comparison=answer)
    return answer


def _begun(mailbox: Mailbox) -> dict[str, Any]:
    """Give the comparison that was not done when its time was up, if there is one."""
    kept = _inbox(mailbox).values_list("comparison", flat=True).first() or {}
    return kept if kept.get("cursor") else {}


def _told(ref: Ref) -> dict[str, str]:
    return {
        "subject": one_line(ref.subject, max_chars=200),
        "sender": one_line(ref.sender, max_chars=200),
        "received_at": ref.received_at.isoformat(),
    }


def _newest(named: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    return sorted(named, key=lambda one: one["received_at"], reverse=True)[:MOST_NAMED]


def compare_as_due(mailbox_id: int) -> None:
    """Compare one mailbox as the schedule asks; what stands in the way is told by the regular look."""
    mailbox = Mailbox.objects.select_related("tenant", "registration__tenant").get(pk=mailbox_id)
    try:
        compare(mailbox)
    except IntegrationError:
        # Tomorrow again: the trouble of a mailbox is written down by its runs.
        _inbox(mailbox).update(compared_at=timezone.now())


def due(now: datetime) -> list[int]:
    """Name the mailboxes that were not compared for a day, or not to the end: idle, in good health, walked once."""
    every = timedelta(hours=settings.COMPARE_EVERY_H)
    rows = Mailbox.objects.working().filter(
        paused=Mailbox.Pause.NONE, trouble__isnull=True, last_success_at__isnull=False
    )
    rows = rows.filter(
        Q(folders__compared_at=None)
        | Q(folders__compared_at__lt=now - every)
        | Q(folders__compared_at__lt=now - GOES_ON_AFTER, folders__comparison__is_whole=False),
        folders__purpose=Folder.Purpose.INBOX,
        folders__is_walking=False,
        created_at__lt=now - every,
    )
    return list(
        rows.order_by("folders__compared_at", "pk").values_list("pk", flat=True)[: settings.COMPARE_AT_ONCE]
    )


@for_its_tenant
def file_missing(mailbox: Mailbox, *, by: audit.Actor) -> None:
    """Walk the folder from its start: what the ledger does not know is fetched and filed, and answered never."""
    with transaction.atomic():
        # A run under way loses its claim and writes no cursor any more.
        Mailbox.objects.filter(pk=mailbox.pk).update(claim_number=F("claim_number") + 1, is_settled=False)
        _inbox(mailbox).update(**BEGUN_ANEW, imported_until=timezone.now(), comparison=None, compared_at=None)
        audit.note(audit.Action.CHANGED, mailbox, by=by, filed_missing=["", "yes"])
        enqueue_sync(mailbox.pk)


def _inbox(mailbox: Mailbox) -> Any:
    return Folder.objects.filter(mailbox=mailbox, purpose=Folder.Purpose.INBOX)
