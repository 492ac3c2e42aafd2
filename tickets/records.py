"""From parsed mails to rows: tickets, entries, attachments, all written in bulk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from django.db.models import Case, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Greatest

from mailboxes import storage
from mailboxes.parsing import Address, Part
from mailboxes.parsing.gate import one_line, storable
from tickets import cards
from tickets.conversations import Letter
from tickets.models import Attachment, Entry, Ticket
from tickets.models.ticket import new_reference
from tickets.policies import archives
from tickets.policies.loops import Treatment
from tickets.sorting import decisions_on, settle_on

#: How much of a text stays on the entry; the original holds the rest. Characters.
MAX_TEXT: Final = 1_000_000
#: A mail of a person opens these again; automatic mail never does.
RESTING: Final = (Ticket.Status.WAITING, Ticket.Status.SOLVED, Ticket.Status.CLOSED)
_IS_RESTING: Final = Q(status__in=RESTING)
_NEWEST_MAIL: Final = Subquery(
    Entry.objects.filter(ticket=OuterRef("pk"), kind=Entry.Kind.MAIL_IN)
    .order_by("-happened_at")
    .values("happened_at")[:1]
)
_WOKEN: Final = {
    "status": Case(When(_IS_RESTING, then=Value(Ticket.Status.OPEN)), default=F("status")),
    "closed_at": Case(When(_IS_RESTING, then=Value(None)), default=F("closed_at")),
    # What was left unanswered when it came to rest is settled.
    "waits_since_at": Case(
        When(_IS_RESTING, then=_NEWEST_MAIL), default=Coalesce(F("waits_since_at"), _NEWEST_MAIL)
    ),
}
CHUNK_BYTES: Final = 1024 * 1024


def open_ticket(letter: Letter, queue_id: int, tenant_name: str) -> Ticket:
    """Make a new ticket from its first mail; it is not saved yet."""
    message, row = letter.message, letter.row
    ticket = Ticket(
        tenant_id=row.tenant_id,
        reference=new_reference(tenant_name),
        queue_id=queue_id,
        mailbox_id=row.mailbox_id,
        subject=one_line(message.subject, max_chars=998),
        requester_name=one_line(message.sender.name, max_chars=320),
        requester_email=one_line(letter.sender, max_chars=320),
        opened_at=row.received_at,
        last_entry_at=row.received_at,
    )
    settle_on(ticket, letter.outcome)
    return ticket


def note_entry(ticket: Ticket, letter: Letter) -> None:
    """Note one more mail on a ticket in memory; `bring_up_to_date` wakes one that was there before and rests."""
    is_automatic = letter.verdict.treatment is Treatment.ACCEPT_SILENTLY
    ticket.entry_count += 1
    ticket.last_entry_at = max(ticket.last_entry_at, letter.row.received_at)
    ticket.last_entry_by = Ticket.Spoke.MACHINE if is_automatic else Ticket.Spoke.CUSTOMER
    if not is_automatic:
        ticket.waits_since_at = ticket.waits_since_at or letter.row.received_at


def bring_up_to_date(added: Mapping[Ticket, Sequence[Letter]]) -> None:
    """Write what new mails, whose entries are saved, change on tickets that were there before.

    Every value is reckoned from the row, over nothing that staff may be writing just now; tickets that change alike
    change in one statement. A mail of a person opens a ticket that rests, automatic mail never does.
    """
    alike: dict[tuple[int, str, bool], list[int]] = {}
    for ticket, letters in added.items():
        is_woken = any(letter.verdict.treatment is not Treatment.ACCEPT_SILENTLY for letter in letters)
        alike.setdefault((len(letters), ticket.last_entry_by, is_woken), []).append(ticket.pk)
    for (count, spoke, is_woken), pks in alike.items():
        Ticket.objects.filter(pk__in=pks).update(
            entry_count=F("entry_count") + count,
            last_entry_at=Greatest(F("last_entry_at"), _NEWEST_MAIL),
            last_entry_by=spoke,
            **(_WOKEN if is_woken else {}),
        )


def build_entry(letter: Letter, ticket: Ticket) -> Entry:
    """Make the entry of a mail; every text from outside passes the gate."""
    message, row = letter.message, letter.row
    found = (*message.problems, *archives.remarks_on(message.parts))
    problems = [{"code": problem.code, "text": problem.sentence} for problem in found]
    if row.is_truncated:
        problems.append(
            {"code": "mail_cut", "text": "This mail is over the size limit; the rest of it is in Outlook."}
        )
    if letter.reuses_id:
        sentence = "Another mail with other content bears the same Message-ID; one of them may be forged."
        problems.append({"code": "id_reused", "text": sentence})
    text = storable(message.text, max_chars=MAX_TEXT)
    new_text = storable(message.new_text, max_chars=MAX_TEXT)
    return Entry(
        tenant_id=row.tenant_id,
        ticket=ticket,
        kind=Entry.Kind.MAIL_IN,
        happened_at=row.received_at,
        inbound_id=row.pk,
        message_id=one_line(message.message_id, max_chars=998),
        from_name=one_line(message.sender.name, max_chars=320),
        from_email=one_line(letter.sender, max_chars=320),
        to=_people(message.to),
        cc=_people(message.cc),
        subject=one_line(message.subject, max_chars=998),
        text=text,
        new_text="" if new_text == text else new_text,
        html=storable(message.html, max_chars=MAX_TEXT * 3),
        auto_reply=letter.verdict.treatment is Treatment.ACCEPT_SILENTLY,
        reason=letter.verdict.reason,
        problems=problems,
        decisions=decisions_on(letter),
        cards=cards.as_json(message),
    )


def build_attachments(letter: Letter, entry: Entry) -> list[Attachment]:
    """Make the rows of a mail's files, whose bytes `store_files` has put in place."""
    return [
        Attachment(
            tenant_id=letter.row.tenant_id,
            entry=entry,
            name=one_line(part.filename, max_chars=200) or "unnamed",
            content_type=one_line(part.content_type, max_chars=100),
            size_bytes=part.size_bytes,
            sha256=part.sha256,
            is_inline=part.is_inline,
            content_id=one_line(part.content_id, max_chars=500),
            path=storage.attachment_path(letter.row.tenant_id, part.sha256),
        )
        for part in letter.message.parts
    ]


def store_files(tenant_id: int, parts: Sequence[Part]) -> None:
    """Put the bytes of the parts in storage, once per content, before any row names them."""
    for part in parts:
        storage.keep(storage.attachment_path(tenant_id, part.sha256), _chunks(part))


def _chunks(part: Part) -> Iterator[bytes]:
    with part.content.open() as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _people(addresses: Sequence[Address]) -> list[dict[str, str]]:
    return [
        {"name": one_line(one.name, max_chars=320), "email": one_line(one.email, max_chars=320)}
        for one in addresses
    ]
