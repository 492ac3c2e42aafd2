"""File a mail again: one that was put aside, or one that ended on the wrong ticket. Its bytes stay in storage."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from mailboxes import storage
from mailboxes.models import InboundMessage, Mailbox
from mailboxes.parsing import Unparseable, parse
from tenants import audit
from tenants.models import Tenant
from tenants.whom import for_its_tenant
from tickets.filing import Filer
from tickets.foreground import Patience, file_all
from tickets.merging import reckon
from tickets.models import Entry, ThreadKey, Ticket
from tickets.policies import threads

log = logging.getLogger(__name__)

State = InboundMessage.State
#: Why a mail cannot be filed again, by code.
REFUSALS: Final = {
    "mail_gone": "It was moved or deleted by somebody before it could be fetched, so there is nothing to file.",
    "mail_busy": "A worker is filing this mail at this moment. Try again in a minute.",
    "mail_unfetched": "Its bytes were never handed over by Microsoft, so there is nothing a ticket could show.",
    "mail_is_ours": "It was sent from this mailbox. Only what comes in opens a ticket; once the mail it answers is "
    "on one, “Try again” puts it there.",
    "mail_missing": "There is no such mail in the ledger.",
}
#: Entries of one ticket whose marks are looked at, newest first.
MOST_NEIGHBOURS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What became of one mail. `refusal` is a code of REFUSALS, "" when it was taken up.

    A state of received means that a worker, or for a mail never fetched the next sync, goes on with it.
    """

    pk: int
    state: str = ""
    reason: str = ""
    #: Reference of the ticket it is on now; None when it is on none.
    ticket: str | None = None
    #: Code, cause, who and fix, when filing has failed again.
    error: dict[str, Any] | None = None
    refusal: str = ""

    @property
    def has_failed(self) -> bool:
        return bool(self.refusal) or self.error is not None


@for_its_tenant
def make_tickets(rows: Iterable[InboundMessage], *, by: object = None) -> list[Replayed]:
    """File mails on tickets whatever was decided about them: suspended, discarded, or in quarantine.

    A mail that could not be read is not opened again; its ticket says so and leads to the original.
    """
    wanted = {row.pk: _wanted(row) for row in rows}
    return replay_ids(wanted, by=by, wanted=wanted)


def _wanted(row: InboundMessage) -> str:
    is_unread = row.state == State.QUARANTINED
    return InboundMessage.Wanted.STUB if is_unread else InboundMessage.Wanted.TICKET


@for_its_tenant
def replay(
    rows: Iterable[InboundMessage], *, by: object = None, patience: Patience | None = None
) -> list[Replayed]:
    """Take mails off their tickets and out of quarantine, and file them at once; one answer for each, in order.

    Safe beside running workers, and to be repeated. `by` is the user who asked; the log names his id. With patience
    it waits for another filer of the tenant, else that one, or the schedule, files what is left.
    """
    return replay_ids([row.pk for row in rows], by=by, patience=patience)


def replay_ids(
    pks: Iterable[int],
    *,
    by: object = None,
    patience: Patience | None = None,
    wanted: Mapping[int, str] | None = None,
) -> list[Replayed]:
    """Do the same for ids, of which some may not exist. `wanted` is what staff decided over the verdict, by id."""
    asked = list(dict.fromkeys(pks))
    refusals = {pk: _take_up(pk, (wanted or {}).get(pk, InboundMessage.Wanted.NO)) for pk in asked}
    taken = InboundMessage.objects.filter(pk__in=[pk for pk in asked if not refusals[pk]])
    patience = patience or Patience(0.0)
    for tenant_id in taken.order_by().values_list("tenant_id", flat=True).distinct():
        _tell(
            tenant_id, [row for row in taken.filter(tenant_id=tenant_id).values_list("pk", flat=True)], by=by
        )
        file_all(taken.filter(tenant_id=tenant_id), file=Filer(tenant_id).file_due, patience=patience)
    log.info(
        "%d mails filed again",
        sum(not code for code in refusals.values()),
        extra={"by": getattr(by, "pk", None)},
    )
    return _outcomes(asked, refusals)


def _tell(tenant_id: int, pks: Sequence[int], *, by: object) -> None:
    who = by if isinstance(by, AbstractBaseUser) else "manage.py replay"
    audit.note(audit.Action.REPLAYED, Tenant.objects.get(pk=tenant_id), by=who, mails=list(pks)[:500])


def _outcomes(pks: Sequence[int], refusals: Mapping[int, str]) -> list[Replayed]:
    rows = InboundMessage.objects.select_related("entry__ticket").in_bulk(pks)
    return [
        _outcome(rows[pk], refusals[pk]) if pk in rows else Replayed(pk=pk, refusal="mail_missing")
        for pk in pks
    ]


def _outcome(row: InboundMessage, refusal: str) -> Replayed:
    entry: Entry | None = getattr(row, "entry", None)
    return Replayed(
        pk=row.pk,
        state=row.state,
        reason=row.reason,
        ticket=entry.ticket.reference if entry is not None else None,
        error=row.error_as_json(),
        refusal=refusal,
    )


def _take_up(pk: int, wanted: str) -> str:
    """Make a mail wait for filing as if it had just arrived; gives why not, or ""."""
    with transaction.atomic():
        row = InboundMessage.objects.select_for_update().filter(pk=pk).first()
        if row is None:
            return "mail_missing"
        if row.state == State.GONE:
            return "mail_gone"
        if wanted and not row.raw_path:
            return "mail_unfetched"
        if wanted and row.is_sent:
            return "mail_is_ours"
        if row.claimed_until is not None and row.claimed_until >= timezone.now():
            return "mail_busy"
        _take_off_ticket(row)
        _start_over(row, wanted)
    return ""


def _start_over(row: InboundMessage, wanted: str) -> None:
    InboundMessage.objects.filter(pk=row.pk).update(
        state=State.RECEIVED,
        wanted=wanted,
        tries=0,
        retry_at=None,
        claimed_until=None,
        filed_at=None,
        reason="",
        error=None,
        traceback="",
    )
    if not row.raw_path:
        # Microsoft never handed it over: the next run asks for it once more.
        Mailbox.objects.filter(pk=row.mailbox_id).update(is_settled=False, next_sync_at=timezone.now())


def _take_off_ticket(row: InboundMessage) -> None:
    entry = Entry.objects.filter(inbound=row).first()
    if entry is None:
        return
    # A filer that is about to add to this ticket waits here, or has to have committed: then its entry is counted.
    ticket = Ticket.objects.select_for_update().get(pk=entry.ticket_id)
    others = ticket.entries.exclude(pk=entry.pk).order_by("-happened_at", "-pk")
    if not others.exclude(kind=Entry.Kind.MAIL_OUT, auto_reply=True).exists():
        # An acknowledgement alone is no conversation; it stays in the outbox, and filing finds it again there.
        ticket.delete()
        return
    neighbours = others.select_related("inbound").defer("text", "new_text", "html")
    _forget_marks(ticket, row, list(neighbours[:MOST_NEIGHBOURS]))
    entry.delete()
    reckon(ticket)


def _forget_marks(ticket: Ticket, row: InboundMessage, others: Sequence[Entry]) -> None:
    """Remove the marks that only this mail has left: they would lead it straight back to the same ticket."""
    kept = {threads.message_key(other.message_id) for other in others if other.message_id}
    for other in others:
        kept |= _marks(other.inbound) if other.inbound is not None else set()
    ThreadKey.objects.filter(ticket=ticket, key__in=_marks(row) - kept).delete()


def _marks(row: InboundMessage) -> set[str]:
    """Read the marks a mail leaves for later ones; none when its bytes cannot be read any more."""
    try:
        message = parse(storage.full_path(row.raw_path), received_at=row.received_at)
    except (Unparseable, OSError):
        return set()
    for part in message.parts:
        part.content.discard()
    return {*threads.leaves(message), threads.content_key(row.mailbox_id, message, row.received_at)}
