"""Flow: the first mail of a ticket is acknowledged, once, in the transaction that files it.

Chosen before the tickets are saved, so that the entry tells why there was no answer; queued after. A mail that is
filed again finds the answer it had, whatever became of its ticket.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils import timezone

from mailboxes.enqueue import enqueue_send
from mailboxes.models import Mailbox, OutboundMessage
from mailboxes.outbound import senders
from mailboxes.outbound.compose import usable_ids
from mailboxes.outbound.placeholders import fill
from mailboxes.parsing.envelope import bracketed
from mailboxes.parsing.gate import one_line
from mailboxes.transports.out import why_not
from tenants.diagnosis import diagnose_own
from tenants.errors import Misconfigured
from tickets.conversations import Letter
from tickets.models import AutoAnswer, Entry, Queue, ThreadKey, Ticket
from tickets.models.auto_answer import Asked
from tickets.phrases import Voice, footer_of, values_of
from tickets.policies import auto_answers as policy
from tickets.policies.loops import LOOP_HEADER
from tickets.policies.threads import message_key
from tickets.policies.trust import Level
from tickets.replies import people

#: What tells every other program that a program wrote this. Source: RFC 3834 §3.1.7, [MS-OXCMAIL] §2.1.3.2.20.
MARKS = {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A letter that is answered; `known` is the answer it had when it was filed before."""

    letter: Letter
    queue: Queue
    known: OutboundMessage | None = None


def choose(tenant_id: int, letters: Sequence[Letter]) -> list[Chosen]:
    """Decide which of the letters, whose new tickets need not be saved yet, are answered; each learns why not."""
    queues = Queue.objects.filter(tenant_id=tenant_id, answers_automatically=True).in_bulk()
    asked = [(one, queues.get(one.ticket.queue_id)) for one in letters if one.is_new and one.ticket]
    openers = {key_of(letter): (letter, queue) for letter, queue in asked if queue is not None}
    if not openers:
        return []
    known = {row.key: row for row in OutboundMessage.objects.filter(tenant_id=tenant_id, key__in=openers)}
    fresh = [letter for key, (letter, _queue) in openers.items() if key not in known]
    answered = {id(letter) for letter in _allowed(tenant_id, fresh, timezone.now())}
    found = []
    for key, (letter, queue) in openers.items():
        if key in known or id(letter) in answered:
            letter.answer = {"sent": True}
            found.append(Chosen(letter=letter, queue=queue, known=known.get(key)))
    return found


def key_of(letter: Letter) -> str:
    """Give the key of the one answer a mail can have."""
    return hashlib.sha256(f"auto-answer\0{letter.row.pk}".encode()).hexdigest()


def _allowed(tenant_id: int, letters: Iterable[Letter], now: datetime) -> list[Letter]:
    """Keep the letters that may be answered, one per sender, and note that they are."""
    left: dict[str, Letter] = {}
    for letter in letters:
        if _is_eligible(letter, now):
            left.setdefault(letter.sender, letter)
    _leave_out(left, _own(tenant_id, left), "its sender is one of our own mailboxes")
    _leave_out(left, _too_many(left.values(), now), "too many answers to unproven senders within an hour")
    asked = [
        Asked(email=email, mailbox_id=one.mailbox.pk, is_proven=_is_proven(one))
        for email, one in left.items()
    ]
    free = AutoAnswer.objects.claim(tenant_id, asked, now=now, before=now - policy.ONCE_IN)
    _leave_out(left, left.keys() - free, "its sender had one within a day")
    return list(left.values())


def _is_eligible(letter: Letter, now: datetime) -> bool:
    row = letter.row
    circumstances = policy.Circumstances(
        age=now - row.received_at,
        unseen=row.seen_at - row.received_at,
        is_imported=row.is_imported,
        is_forbidden=letter.outcome.is_unanswered,
        is_by_hand=bool(row.wanted),
        flood=letter.flood,
    )
    why = policy.why_silent(
        letter.message, verdict=letter.verdict, trust=letter.trust, circumstances=circumstances
    )
    if not why and letter.request_id is not None:
        why = "it answers a request for approval"
    if not why and (code := why_not(letter.mailbox)):
        why = diagnose_own(code).cause
    if not why and not _can_be_written_to(letter.sender):
        why = "its sender has no usable address"
    # Of several mails of one sender the others keep this.
    letter.answer = {"sent": False, "why": why or "its sender had one within a day"}
    return not why


def _can_be_written_to(address: str) -> bool:
    try:
        return len(people(address)) == 1
    except Misconfigured:
        return False


def _is_proven(letter: Letter) -> bool:
    return letter.trust.level is Level.PASSED


def _leave_out(left: dict[str, Letter], senders: Iterable[str], why: str) -> None:
    for sender in list(senders):
        left.pop(sender).answer = {"sent": False, "why": why}


def _own(tenant_id: int, senders: Iterable[str]) -> set[str]:
    named = list(senders)
    if not named:
        return set()
    is_named = Q(address__in=named) | Q(outbound_from__in=named) | Q(reply_to__in=named) | ~Q(aliases="")
    rows = Mailbox.objects.filter(is_named, tenant_id=tenant_id)
    found = rows.only("address", "aliases", "outbound_from", "reply_to")
    return {one for row in found for one in (*row.addresses, row.outbound_from, row.reply_to)} & set(named)


def _too_many(letters: Iterable[Letter], now: datetime) -> list[str]:
    """Name the unproven senders for whom a mailbox has no answer left in this hour."""
    unproven = [letter for letter in letters if not _is_proven(letter)]
    if not unproven:
        return []
    boxes = {letter.mailbox.pk: letter.mailbox for letter in unproven}
    lately = AutoAnswer.objects.filter(
        mailbox__in=list(boxes.values()), is_proven=False, answered_at__gt=now - timedelta(hours=1)
    )
    used = Counter(lately.values_list("mailbox_id", flat=True))
    over = []
    for letter in unproven:
        used[letter.mailbox.pk] += 1
        if used[letter.mailbox.pk] > policy.MAX_UNPROVEN_PER_HOUR:
            over.append(letter.sender)
    return over


def queue(chosen: Sequence[Chosen]) -> None:
    """Put the answers into the outbox and on their tickets, which are saved by now."""
    if not chosen:
        return
    sender_of = _senders(chosen)
    rows = {id(one): one.known or _written(one, sender=sender_of[id(one)]) for one in chosen}
    OutboundMessage.objects.bulk_create([rows[id(one)] for one in chosen if one.known is None])
    told = _untold(chosen)
    Entry.objects.bulk_create([_entry(one, rows[id(one)]) for one in told])
    # A mark that is there already leads to the ticket the mail was on before; it leads to this one now.
    ThreadKey.objects.bulk_create(
        [_mark(one, rows[id(one)]) for one in told],
        update_conflicts=True,
        update_fields=["ticket"],
        unique_fields=["tenant", "key"],
    )
    tickets = [one.letter.ticket.pk for one in told if one.letter.ticket]
    Ticket.objects.filter(pk__in=tickets).update(entry_count=F("entry_count") + 1)
    for mailbox_id in {row.mailbox_id for row in rows.values() if row.pk and row.sent_at is None}:
        enqueue_send(mailbox_id)


def _untold(chosen: Sequence[Chosen]) -> list[Chosen]:
    """Keep those whose answer stands on no ticket."""
    known = [one.known for one in chosen if one.known is not None]
    told = (
        set(Entry.objects.filter(outbound__in=known).values_list("outbound_id", flat=True)) if known else ()
    )
    return [one for one in chosen if one.known is None or one.known.pk not in told]


def _senders(chosen: Sequence[Chosen]) -> dict[int, str]:
    """Choose the addresses the answers leave from; each address mail was written to is looked up once."""
    found: dict[int, str] = {}
    known: dict[tuple[int, str], str] = {}
    for one in chosen:
        message, mailbox = one.letter.message, one.letter.mailbox
        own = senders.own_among(mailbox, [each.email for each in (*message.to, *message.cc)])
        place = (mailbox.pk, own)
        if place not in known:
            known[place] = senders.sender_for(mailbox, written_to=[own] if own else [])
        found[id(one)] = known[place]
    return found


def _written(one: Chosen, *, sender: str) -> OutboundMessage:
    letter, ticket = one.letter, _ticket(one)
    mailbox, message = letter.mailbox, letter.message
    voice = Voice(name=one.queue.name, address=sender, is_to_proven=_is_proven(letter))
    values = values_of(ticket, voice)
    parent = usable_ids([bracketed(message.message_id)])
    before = [bracketed(one) for one in message.references]
    return OutboundMessage(
        tenant_id=ticket.tenant_id,
        mailbox=mailbox,
        key=key_of(letter),
        from_name=one_line(one.queue.name, max_chars=100),
        from_email=sender,
        to=people(letter.sender),
        recipient_count=1,
        subject=one_line(fill(one.queue.auto_answer_subject, values), max_chars=300),
        message_id=f"<{ticket.reply_token}.{uuid.uuid4().hex}@{sender.rpartition('@')[2]}>",
        in_reply_to="".join(parent),
        references=usable_ids([*before, *parent]),
        text=fill(one.queue.auto_answer_text, values),
        footer=footer_of(ticket, mailbox, voice),
        headers={
            **MARKS,
            LOOP_HEADER: str(ticket.tenant_id),
            **senders.marks_of(mailbox, sender=sender),
        },
        queued_at=timezone.now(),
    )


def _entry(one: Chosen, row: OutboundMessage) -> Entry:
    reason = f"acknowledgement of the queue {one.queue.name}"
    return Entry.of_outgoing(row, ticket=_ticket(one), auto_reply=True, reason=reason)


def _mark(one: Chosen, row: OutboundMessage) -> ThreadKey:
    return ThreadKey(tenant_id=row.tenant_id, key=message_key(row.message_id), ticket=_ticket(one))


def _ticket(one: Chosen) -> Ticket:
    """Give the ticket with the names of what it belongs to, which are known here."""
    ticket = one.letter.ticket
    if ticket is None:
        raise ValueError("only letters on a ticket are answered")
    ticket.queue, ticket.tenant = one.queue, one.letter.mailbox.tenant
    return ticket
