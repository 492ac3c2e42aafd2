"""Flow: staff answer a ticket. The mail stands in the outbox, and on the ticket, before anything is sent."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import getaddresses
from typing import Any, Final

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from mailboxes import storage
from mailboxes.enqueue import enqueue_send
from mailboxes.models import Mailbox, OutboundMessage
from mailboxes.outbound import senders
from mailboxes.outbound.compose import usable_ids
from mailboxes.outbound.rich import as_text, clean
from mailboxes.outbound.room import MOST_BYTES
from mailboxes.parsing.envelope import bracketed
from mailboxes.parsing.gate import one_line, storable
from mailboxes.parsing.replies import new_text
from mailboxes.transports.out import why_not
from tenants import audit
from tenants.errors import Misconfigured
from tenants.whom import for_its_tenant
from tickets.models import Attachment, Entry, ThreadKey, Ticket
from tickets.models.entry import NOT_OF_APPROVERS
from tickets.phrases import Voice, canned_on, footer_of
from tickets.policies.loops import LOOP_HEADER
from tickets.policies.threads import message_key

#: Longer than anybody types. Characters.
MAX_TEXT: Final = 500_000
MAX_RECIPIENTS: Final = 500
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')

Person = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file to send along; `chunks` gives its bytes in pieces, from the start each time."""

    name: str
    content_type: str
    chunks: Callable[[], Iterable[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What staff want to say. Without `to` it goes to the requester; `key` makes a double click one mail.

    With `html`, which is cleaned, the mail is formatted, and its plain text is written from that. `stored` are files
    that are in storage already, as the outbox has them.
    """

    text: str
    html: str = ""
    to: Sequence[Person] = ()
    cc: Sequence[Person] = ()
    bcc: Sequence[Person] = ()
    files: Sequence[File] = ()
    stored: Sequence[Mapping[str, Any]] = ()
    key: str = field(default_factory=lambda: uuid.uuid4().hex)


def people(text: str) -> list[Person]:
    """Read "Ada <ada@contoso.example>, bob@contoso.example". Raises Misconfigured (recipient_invalid)."""
    line = " ".join(text.replace(";", ",").replace("\n", ",").split()).strip(", ")
    if ":" in _QUOTED.sub("", line):
        # A group, or a header line pasted along: what stands before it would become part of a recipient.
        raise Misconfigured.own("recipient_invalid")
    return [_person(name, email) for name, email in getaddresses([line])] if line else []


def why_no_reply(ticket: Ticket) -> str:
    """Give the code of the reason why a ticket cannot be answered from here, "" when it can."""
    return why_not(ticket.mailbox) if ticket.mailbox is not None else "ticket_without_mailbox"


@for_its_tenant
def reply(ticket: Ticket, answer: Answer, *, by: User | None, hold_s: float = 0) -> OutboundMessage:
    """Queue an answer; `hold_s` leaves time to take it back. The same key twice gives the first mail again.

    Raises Misconfigured with the code of what is missing; nothing is written then.
    """
    ticket = ticket.standing_for()
    if code := why_no_reply(ticket):
        raise Misconfigured.own(code)
    key = key_of(ticket, answer.key)
    if (known := _known(ticket, key)) is not None:
        return known
    answer = _checked(ticket, answer)
    files = list(_stored(ticket.tenant_id, answer))
    try:
        with transaction.atomic():
            row = _queue(ticket, answer, key=key, files=files, by=by, hold_s=hold_s)
            _tell(ticket, row)
            audit.note(audit.Action.ANSWERED, ticket, by=by or "manage.py reply", mail=[row.pk])
    except IntegrityError:
        # The second of two clicks at the same moment: the first one's mail is the mail.
        if (known := _known(ticket, key)) is not None:
            return known
        raise
    return row


def key_of(ticket: Ticket, key: str) -> str:
    """Give the key under which an answer of this page stands in the outbox."""
    return hashlib.sha256(f"reply\0{ticket.standing_for().pk}\0{key}".encode()).hexdigest()


def is_queued(ticket: Ticket, key: str) -> bool:
    """Tell whether the answer of this page stands in the outbox already."""
    return bool(key) and _known(ticket, key_of(ticket, key)) is not None


def _known(ticket: Ticket, key: str) -> OutboundMessage | None:
    found: OutboundMessage | None = OutboundMessage.objects.filter(
        tenant_id=ticket.tenant_id, key=key
    ).first()
    return found


def _checked(ticket: Ticket, answer: Answer) -> Answer:
    html = clean(answer.html) if answer.html else ""
    text = as_text(html) if html else answer.text
    if not text.strip():
        raise Misconfigured.own("reply_empty")
    requester = {"name": ticket.requester_name, "email": ticket.requester_email}
    to = [_person(one["name"], one["email"]) for one in answer.to or [requester] if one["email"]]
    everybody = [one["email"] for one in (*to, *answer.cc, *answer.bcc)]
    if not to:
        raise Misconfigured.own("recipient_missing")
    if len(everybody) > MAX_RECIPIENTS:
        raise Misconfigured.own("recipients_too_many")
    if own_addresses(ticket.tenant_id) & {one.lower() for one in everybody}:
        raise Misconfigured.own("recipient_own")
    return replace(answer, text=text, html=html, to=to)


def own_addresses(tenant_id: int) -> set[str]:
    """Give every address whose mail comes back to this tenant's mailboxes here."""
    rows = Mailbox.objects.filter(tenant_id=tenant_id).only("address", "aliases")
    return {one for row in rows for one in row.addresses}


def sender_of_answer(ticket: Ticket) -> str:
    """Give the address the next answer on a ticket leaves from; "" without a mailbox."""
    if ticket.mailbox is None:
        return ""
    asked = Entry.objects.filter(ticket=ticket, kind=Entry.Kind.MAIL_IN, auto_reply=False)
    asked = asked.filter(NOT_OF_APPROVERS)
    latest = asked.order_by("-happened_at", "-pk").only("to", "cc").first()
    people = [*latest.to, *latest.cc] if latest else []
    written_to = [str(one.get("email", "")) for one in people if isinstance(one, dict)]
    return senders.sender_for(ticket.mailbox, written_to=written_to)


def _person(name: str, email: str) -> Person:
    """Take a recipient whose address can stand in a header; a domain of other letters is written in ASCII."""
    local, _, domain = email.strip().rpartition("@")
    try:
        ascii_domain = domain.encode("idna")
        address = f"{local}@{ascii_domain.decode('ascii')}"
        validate_email(address)
    except (UnicodeError, ValidationError):
        raise Misconfigured.own("recipient_invalid") from None
    # The older rules turn some letters into others, and so one domain into another: those are not guessed at.
    if not address.isascii() or ascii_domain.decode("idna").lower() != domain.lower():
        raise Misconfigured.own("recipient_invalid")
    return {"name": one_line(name, max_chars=100), "email": address}


def _stored(tenant_id: int, answer: Answer) -> Iterator[dict[str, Any]]:
    """Put the files in storage under their hash. Raises Misconfigured (files_too_large)."""
    left, names = MOST_BYTES - sum(one["size_bytes"] for one in answer.stored), set[str]()
    yield from ({**one, "name": unique_name(one["name"], names)} for one in answer.stored)
    for file in answer.files:
        size_bytes, digest = 0, hashlib.sha256()
        for chunk in file.chunks():
            digest.update(chunk)
            size_bytes += len(chunk)
            if size_bytes > left:
                raise Misconfigured.own("files_too_large")
        left -= size_bytes
        sha256 = digest.hexdigest()
        path = storage.attachment_path(tenant_id, sha256)
        storage.keep(path, file.chunks())
        yield {
            "name": unique_name(one_line(file.name, max_chars=150) or "file", names),
            "content_type": one_line(file.content_type, max_chars=100) or "application/octet-stream",
            "size_bytes": size_bytes,
            "sha256": sha256,
            "path": path,
        }


def unique_name(name: str, taken: set[str]) -> str:
    """Give a name no other file of the mail has: a draft's files are recognised by it after a cut."""
    stem, dot, ending = name.rpartition(".")
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{stem} ({number}).{ending}" if dot and stem else f"{name} ({number})"
    taken.add(found)
    return found


def _queue(
    ticket: Ticket, answer: Answer, *, key: str, files: list[dict[str, Any]], by: User | None, hold_s: float
) -> OutboundMessage:
    mailbox = ticket.mailbox
    if mailbox is None:
        raise Misconfigured.own("ticket_without_mailbox")
    sender, now = sender_of_answer(ticket), timezone.now()
    known = _conversation_ids(ticket)
    row: OutboundMessage = OutboundMessage.objects.create(
        tenant_id=ticket.tenant_id,
        mailbox=mailbox,
        key=key,
        from_name=name_of(by) or ticket.queue.name,
        from_email=sender,
        to=list(answer.to),
        cc=list(answer.cc),
        bcc=list(answer.bcc),
        subject=subject_of(ticket),
        message_id=f"<{ticket.reply_token}.{uuid.uuid4().hex}@{sender.rpartition('@')[2]}>",
        in_reply_to=known[-1] if known else "",
        references=known,
        text=storable(answer.text, max_chars=MAX_TEXT),
        html=storable(answer.html, max_chars=MAX_TEXT),
        footer=footer_below(ticket, by=by, sender=sender),
        headers={LOOP_HEADER: str(ticket.tenant_id), **senders.marks_of(mailbox, sender=sender)},
        files=files,
        queued_at=now,
        retry_at=now + timedelta(seconds=hold_s) if hold_s else None,
    )
    return row


def name_of(agent: User | None) -> str:
    """Give the name somebody answers under, "" when it is the queue's."""
    return one_line(agent.get_full_name() if agent else "", max_chars=100)


def footer_below(ticket: Ticket, *, by: User | None, sender: str) -> str:
    """Give what is added below an answer of somebody, "" where the mailbox has no footer."""
    return (
        footer_of(ticket, ticket.mailbox, Voice(name=name_of(by), address=sender)) if ticket.mailbox else ""
    )


def canned_below(ticket: Ticket, *, by: User | None, sender: str) -> list[tuple[str, str]]:
    """Give the canned answers somebody may put into his answer, filled in, by name."""
    return canned_on(ticket, Voice(name=name_of(by), address=sender)) if ticket.mailbox else []


def subject_of(ticket: Ticket) -> str:
    """Give the subject of an answer: the customer's own, marked once as an answer and with the reference."""
    tag = f"[#{ticket.reference}]"
    subject = ticket.subject.replace(tag, "").strip()
    while subject[:3].lower() in ("re:", "aw:"):
        subject = subject[3:].strip()
    return f"Re: {tag} {one_line(subject, max_chars=250)}".strip()


def _conversation_ids(ticket: Ticket) -> list[str]:
    """Give the ids of the conversation, root first; the last is the customer's latest mail."""
    entries = Entry.objects.filter(ticket=ticket, kind__in=(Entry.Kind.MAIL_IN, Entry.Kind.MAIL_OUT))
    entries = entries.filter(NOT_OF_APPROVERS)
    rows = list(entries.order_by("happened_at", "pk").values_list("kind", "auto_reply", "message_id"))
    asked = [bracketed(one) for kind, is_auto, one in rows if kind == Entry.Kind.MAIL_IN and not is_auto]
    ids = usable_ids([bracketed(one) for _kind, _is_auto, one in rows])
    latest = usable_ids(asked)[-1:]
    return [one for one in ids if one not in latest] + latest


def _tell(ticket: Ticket, row: OutboundMessage) -> None:
    """Put the mail on its ticket, with the mark by which the customer's next mail finds it."""
    # Its quote is folded on the page, like that of a mail which came in.
    said = new_text(row.text) if "\n>" in row.text else row.text.strip()
    shortened = "" if said == row.text.strip() else said
    entry = Entry.of_outgoing(row, ticket=ticket, new_text=shortened, html=row.html)
    entry.save()
    Attachment.objects.bulk_create(
        Attachment(tenant_id=ticket.tenant_id, entry=entry, **file) for file in row.files
    )
    ThreadKey.objects.create(tenant_id=ticket.tenant_id, key=message_key(row.message_id), ticket=ticket)
    Ticket.objects.filter(pk=ticket.pk).update(
        entry_count=F("entry_count") + 1,
        last_entry_at=row.queued_at,
        last_entry_by=Ticket.Spoke.STAFF,
        status=Ticket.Status.WAITING,
        waits_since_at=None,
    )
    if row.retry_at is None:
        enqueue_send(row.mailbox_id)
