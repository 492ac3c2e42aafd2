"""Flow: take an import back before anybody worked on it, and file it again.

Its tickets go; the mails stay in the ledger with their originals, and at Microsoft wherever they lie. Whatever somebody
has had a hand in stays as it is, and so does a ticket that holds anything but imported mail.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from mailboxes import pausing
from mailboxes.enqueue import enqueue_sync
from mailboxes.models import InboundMessage, Mailbox
from tenants import audit
from tenants.models import AuditEntry
from tenants.whom import for_its_tenant
from tickets.models import AnswerDraft, Entry, Ticket

State = InboundMessage.State
#: By this reason the mails are found again.
UNDONE: Final = "its import was undone"
AT_ONCE: Final = 100
#: A page waits no longer; what is left then takes another click. Seconds.
BUDGET_S: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What was taken back; `kept` tickets were worked on, `is_whole` is False when time was up before the end."""

    tickets: int
    mails: int
    kept: int
    is_whole: bool


def imported(mailbox: Mailbox) -> QuerySet[Any]:
    """Keep the mails that an import has brought and that still wait or stand on a ticket."""
    rows = InboundMessage.objects.filter(mailbox=mailbox, is_imported=True, is_sent=False)
    return rows.filter(state__in=(State.FILED, State.RECEIVED))


def undone(mailbox: Mailbox) -> QuerySet[Any]:
    """Keep the mails of an import that was taken back."""
    return InboundMessage.objects.filter(mailbox=mailbox, state=State.SKIPPED, reason=UNDONE)


def tickets_of(mailbox: Mailbox) -> QuerySet[Any]:
    """Keep the tickets that hold mails of the import alone."""
    own = Q(inbound__mailbox=mailbox, inbound__is_imported=True, kind=Entry.Kind.MAIL_IN)
    entries = Entry.objects.filter(ticket=OuterRef("pk"))
    rows = Ticket.objects.filter(Exists(entries), tenant_id=mailbox.tenant_id, mailbox=mailbox)
    rows = rows.filter(merged_into=None, merged=None)
    return rows.exclude(Exists(entries.exclude(own)))


@for_its_tenant
def undo(mailbox: Mailbox, *, by: audit.Actor, budget_s: float = BUDGET_S) -> Undone:
    """Pause the mailbox, remove the tickets of its import, and set its mails aside. Safe to repeat."""
    pausing.pause(mailbox, by=by)
    pausing.cut_off(Mailbox.objects.filter(pk=mailbox.pk))
    deadline = time.monotonic() + budget_s
    waiting = imported(mailbox).filter(state=State.RECEIVED).exclude(claimed_until__gte=timezone.now())
    mails = _set_aside(waiting)
    tickets = kept = last = 0
    is_whole = True
    while pks := list(
        tickets_of(mailbox).filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]
    ):
        last = pks[-1]
        removed, freed = _remove(mailbox, pks)
        tickets, mails, kept = tickets + removed, mails + freed, kept + len(pks) - removed
        if time.monotonic() > deadline:
            is_whole = False
            break
    audit.note(audit.Action.CHANGED, mailbox, by=by, import_undone=[tickets, mails])
    return Undone(tickets=tickets, mails=mails, kept=kept, is_whole=is_whole)


def _remove(mailbox: Mailbox, pks: Collection[int]) -> tuple[int, int]:
    """Remove those of the tickets that nobody worked on; gives how many, and how many mails that frees."""
    with transaction.atomic():
        # Asked again under the lock: somebody may have written, or a filer added, a moment ago.
        held = Ticket.objects.select_for_update().filter(pk__in=pks).order_by("pk")
        held_pks = [ticket.pk for ticket in held.only("pk")]
        worked_on = AuditEntry.objects.filter(
            tenant_id=mailbox.tenant_id, subject_kind=Ticket._meta.label_lower, subject_id__in=held_pks
        )
        free = tickets_of(mailbox).filter(pk__in=held_pks)
        begun = AnswerDraft.objects.filter(ticket__in=held_pks).values_list("ticket_id", flat=True)
        touched = {*worked_on.values_list("subject_id", flat=True), *begun}
        chosen = set(free.values_list("pk", flat=True)) - touched
        rows = list(Entry.objects.filter(ticket__in=chosen).values_list("inbound_id", flat=True))
        Ticket.objects.filter(pk__in=chosen).delete()
        return len(chosen), _set_aside(InboundMessage.objects.filter(pk__in=rows))


def _set_aside(rows: QuerySet[Any]) -> int:
    """Skip the mails, and leave them where they lie at Microsoft."""
    now = timezone.now()
    settled = {"state": State.SKIPPED, "reason": UNDONE, "error": None, "traceback": "", "retry_at": None}
    return rows.update(filed_at=now, acknowledged_at=Coalesce("acknowledged_at", now), wanted="", **settled)


@for_its_tenant
def file_again(mailbox: Mailbox, *, by: audit.Actor) -> int:
    """Let the mails of an import that was undone become tickets; gives how many there are."""
    with transaction.atomic():
        count: int = undone(mailbox).update(
            state=State.RECEIVED,
            reason="",
            tries=0,
            # Those that undoing alone has settled are still to be moved, marked or deleted.
            acknowledged_at=Case(
                When(acknowledged_at=F("filed_at"), then=None), default=F("acknowledged_at")
            ),
            filed_at=None,
        )
        audit.note(audit.Action.CHANGED, mailbox, by=by, import_filed_again=["", count])
        enqueue_sync(mailbox.pk)
    return count
