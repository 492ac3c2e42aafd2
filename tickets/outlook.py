"""Mails that people sent from Outlook, found in Sent Items: put on the ticket they answer; none opens a ticket.

Loops and rules have no say about them, and nobody has to prove who he is: they lie in the tenant's own mailbox.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from email.utils import parseaddr
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Greatest

from mailboxes.models import InboundMessage
from mailboxes.outbound.seen import is_ours
from mailboxes.parsing.gate import one_line
from tickets import records
from tickets.conversations import Conversations, Letter
from tickets.models import Entry, Ticket
from tickets.policies.loops import LOOP_HEADER
from tickets.unsent import standing_of

State = InboundMessage.State


def end_of(letter: Letter, conversations: Conversations) -> tuple[State, str]:
    """Give the state a mail from Sent Items ends in, and its reason."""
    message = letter.message
    if message.headers.get(LOOP_HEADER) or is_ours(letter.row.tenant_id, message.message_id):
        return State.SKIPPED, "our own answer, sent from here"
    if message.is_auto_reply:
        return State.SKIPPED, "sent by the mailbox itself, not by a person"
    if conversations.ticket_of_copy(letter):
        return State.SKIPPED, "the same mail is filed already"
    ticket = conversations.ticket_of(letter)
    if ticket is None:
        return State.SKIPPED, "sent from Outlook, and belongs to no ticket"
    message_id = one_line(message.message_id, max_chars=998)
    if message_id and (message_id in conversations.answers or _is_there(ticket, message_id)):
        # Exchange may keep a copy both with the shared mailbox and with whoever wrote it.
        return State.SKIPPED, "the same mail is filed already"
    conversations.answers.add(message_id)
    return State.FILED, ""


def _is_there(ticket: Ticket, message_id: str) -> bool:
    # One opened by this batch has no number yet, and nothing on it.
    return ticket.pk is not None and Entry.objects.filter(ticket=ticket, message_id=message_id).exists()


def build_entry(letter: Letter, ticket: Ticket) -> Entry:
    """Make the entry of an answer; where somebody wrote for the mailbox, it bears his name."""
    entry = records.build_entry(letter, ticket)
    writer, _address = parseaddr(letter.message.headers.first("sender"))
    entry.kind = Entry.Kind.MAIL_OUT
    entry.from_name = one_line(writer, max_chars=320) or entry.from_name
    entry.auto_reply, entry.reason, entry.decisions = False, "", {"outlook": True}
    return entry


def bring_up_to_date(pairs: Iterable[tuple[Letter, Ticket]], entries: Sequence[Entry]) -> None:
    """Write what saved answers change on their tickets: the last word is ours, and the customer's turn has come."""
    added: dict[Ticket, list[Entry]] = {}
    for (letter, ticket), entry in zip(pairs, entries, strict=True):
        if letter.row.is_sent:
            added.setdefault(ticket, []).append(entry)
    for ticket, answers in added.items():
        Ticket.objects.filter(pk=ticket.pk).update(entry_count=F("entry_count") + len(answers))
        if to_customer := _to_customer(ticket, answers):
            _settle(ticket, to_customer)


def _to_customer(ticket: Ticket, answers: Sequence[Entry]) -> list[Entry]:
    """Keep the answers that reach somebody who has written; a mail forwarded to a colleague answers nobody."""
    spoke = Entry.objects.filter(ticket=ticket, kind=Entry.Kind.MAIL_IN).values_list("from_email", flat=True)
    customers = {address.lower() for address in (*spoke, ticket.requester_email) if address}
    reached: list[Entry] = []
    past: list[Entry] = []
    for answer in answers:
        recipients = {one["email"].lower() for one in (*answer.to, *answer.cc)}
        (reached if recipients & customers else past).append(answer)
    for answer in past:
        Entry.objects.filter(pk=answer.pk).update(decisions={"outlook": True, "past_customer": True})
    return reached


def _settle(ticket: Ticket, answers: Sequence[Entry]) -> None:
    stands = standing_of(ticket)
    if stands is None:
        return
    values: dict[str, Any] = {
        "last_entry_at": Greatest(F("last_entry_at"), Value(stands.last_at)),
        "last_entry_by": stands.by,
        "waits_since_at": stands.waits_since,
    }
    Ticket.objects.filter(pk=ticket.pk).update(**values)
    if stands.by == Ticket.Spoke.STAFF:
        # It may be seen minutes after it was written: whoever closed the ticket since then knew of it.
        answered_at = max(answer.happened_at for answer in answers)
        rows = Ticket.objects.filter(pk=ticket.pk).exclude(closed_at__gte=answered_at)
        rows.update(status=Ticket.Status.WAITING, closed_at=None)
