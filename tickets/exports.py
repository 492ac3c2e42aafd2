"""Tickets, the ledger, the outbox and approvals as JSON lines, oldest first, read in pieces: memory stays small."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Final

from django.db.models import Prefetch, QuerySet

from mailboxes.models import InboundMessage, Mailbox, OutboundMessage
from tenants.console import Fault, Refused, iso
from tenants.models import Tenant
from tickets.models import Approval, ApprovalAnswer, ApprovalRequest, Attachment, Entry, Ticket

#: Tickets read at a time, with all their entries: four statements each time.
CHUNK_TICKETS: Final = 100
CHUNK_MAILS: Final = 1000
_LEDGER: Final = (
    "mailbox__address",
    "remote_id",
    "message_id",
    "received_at",
    "state",
    "reason",
    "entry__ticket__reference",
    "source",
    "sha256",
)


def ticket_lines(*, tenant_name: str | None = None) -> Generator[dict[str, Any], None, None]:
    """Give every ticket with its conversation. Raises Refused when there is no such tenant."""
    tickets = _of_tenant(Ticket.objects.order_by("opened_at", "pk"), tenant_name)
    tickets = tickets.select_related("tenant", "mailbox", "queue", "merged_into")
    tickets = tickets.prefetch_related(_entries(), "tags")
    for ticket in tickets.iterator(chunk_size=CHUNK_TICKETS):
        yield _ticket(ticket)


def ledger_lines(addresses: Sequence[str] = ()) -> Generator[dict[str, Any], None, None]:
    """Give every mail ever seen, of these mailboxes or of all. Raises Refused for an address without mailbox."""
    mails = InboundMessage.objects.order_by("received_at", "pk")
    if addresses:
        mails = mails.filter(mailbox__in=_mailboxes(addresses))
    for values in mails.values_list(*_LEDGER).iterator(chunk_size=CHUNK_MAILS):
        yield _mail(values)


def outbox_lines(addresses: Sequence[str] = ()) -> Generator[dict[str, Any], None, None]:
    """Give every mail of ours, of these mailboxes or of all. Raises Refused for an address without mailbox."""
    mails = OutboundMessage.objects.select_related("mailbox", "entry__ticket").order_by("queued_at", "pk")
    mails = mails.defer(
        "text", "html", "headers", "references", "entry__text", "entry__new_text", "entry__html"
    )
    if addresses:
        mails = mails.filter(mailbox__in=_mailboxes(addresses))
    for row in mails.iterator(chunk_size=CHUNK_MAILS):
        yield outbox_line(row)


def approval_lines(*, tenant_name: str | None = None) -> Generator[dict[str, Any], None, None]:
    """Give every approval with its approvers and all that was answered. Raises Refused when there is no such tenant."""
    approvals = _of_tenant(Approval.objects.order_by("asked_at", "pk"), tenant_name)
    approvals = approvals.select_related("tenant", "ticket__merged_into", "mailbox", "answers_in", "asked_by")
    requests = ApprovalRequest.objects.select_related("outbound").order_by("pk")
    requests = requests.defer("outbound__text", "outbound__html", "outbound__headers", "outbound__references")
    answers = ApprovalAnswer.objects.select_related("request").order_by("noted_at", "pk")
    approvals = approvals.prefetch_related(Prefetch("requests", requests), Prefetch("answers", answers))
    for approval in approvals.iterator(chunk_size=CHUNK_TICKETS):
        yield _approval(approval)


def outbox_line(row: OutboundMessage) -> dict[str, Any]:
    """Give one mail of the outbox as the commands print it."""
    entry = getattr(row, "entry", None)
    return {
        "id": row.pk,
        "mailbox": row.mailbox.address,
        "ticket": entry.ticket.reference if entry else None,
        "to": row.to,
        "subject": row.subject,
        "message_id": row.message_id,
        "state": row.state,
        "attempts": row.tries,
        "error": row.error_as_json(),
        "queued_at": iso(row.queued_at),
        "sent_at": iso(row.sent_at) if row.sent_at else None,
    }


def _entries() -> Prefetch[Any]:
    attachments = Attachment.objects.order_by("pk")
    entries = Entry.objects.order_by("happened_at", "pk").select_related("inbound", "outbound")
    # Of the mail only its state is told; the rest of that wide row stays where it is.
    entries = entries.defer(*(f"inbound__{name}" for name in _MAIL_COLUMNS if name not in ("id", "state")))
    entries = entries.defer(*(f"outbound__{name}" for name in _OUTBOX_COLUMNS if name not in ("id", "state")))
    return Prefetch(
        "entries", queryset=entries.prefetch_related(Prefetch("attachments", queryset=attachments))
    )


_MAIL_COLUMNS: Final = tuple(column.name for column in InboundMessage._meta.concrete_fields)
_OUTBOX_COLUMNS: Final = tuple(column.name for column in OutboundMessage._meta.concrete_fields)


def _ticket(ticket: Ticket) -> dict[str, Any]:
    return {
        "reference": ticket.reference,
        "tenant": ticket.tenant.name,
        "mailbox": ticket.mailbox.address if ticket.mailbox else None,
        "queue": ticket.queue.name,
        "status": ticket.status,
        "priority": Ticket.Priority(ticket.priority).name.lower(),
        "tags": sorted(tag.name for tag in ticket.tags.all()),
        "due_on": ticket.due_on.isoformat() if ticket.due_on else None,
        "merged_into": ticket.merged_into.reference if ticket.merged_into else None,
        "subject": ticket.subject,
        "requester": {"name": ticket.requester_name, "email": ticket.requester_email},
        "opened_at": iso(ticket.opened_at),
        "entries": [_entry(entry) for entry in ticket.entries.all()],
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "message_id": _bracketed(entry.message_id),
        "from": {"name": entry.from_name, "email": entry.from_email},
        "to": entry.to,
        "cc": entry.cc,
        "at": iso(entry.happened_at),
        "text": entry.text,
        "new_text": entry.visible_text(),
        "html": entry.html,
        "attachments": [_attachment(file) for file in entry.attachments.all()],
        "auto_reply": entry.auto_reply,
        "state": _state(entry),
    }


def _state(entry: Entry) -> str | None:
    mail = entry.inbound or entry.outbound
    return mail.state if mail else None


def _attachment(file: Attachment) -> dict[str, Any]:
    return {
        "name": file.name,
        "content_type": file.content_type,
        "bytes": file.size_bytes,
        "sha256": file.sha256,
        "inline": file.is_inline,
    }


def _approval(approval: Approval) -> dict[str, Any]:
    by = approval.asked_by
    return {
        "id": approval.pk,
        "tenant": approval.tenant.name,
        "ticket": approval.ticket.standing_for().reference,
        "question": approval.question,
        "context": approval.context,
        "state": approval.state,
        "quorum": approval.quorum,
        "mailbox": approval.mailbox.address if approval.mailbox else None,
        "answers_in": approval.answers_in.address if approval.answers_in else None,
        "asked_by": by.get_username() if by else None,
        "asked_at": iso(approval.asked_at),
        "deadline_at": iso(approval.deadline_at),
        "ended_at": iso(approval.ended_at) if approval.ended_at else None,
        "approvers": [_approver(one) for one in approval.requests.all()],
        "answers": [_approval_answer(one) for one in approval.answers.all()],
    }


def _approver(request: ApprovalRequest) -> dict[str, Any]:
    return {
        "name": request.name,
        "email": request.address,
        "state": request.state,
        "decided_at": iso(request.decided_at) if request.decided_at else None,
        "reminders": request.reminders,
        "mail": request.outbound.state if request.outbound else None,
    }


def _approval_answer(line: ApprovalAnswer) -> dict[str, Any]:
    return {
        "approver": line.request.address,
        "from": line.sender,
        "received_at": iso(line.happened_at),
        "noted_at": iso(line.noted_at),
        "said": line.said,
        "counted_as": line.counted_as,
        "reason": line.reason,
        "outcome": line.outcome,
        "answered": line.is_answered,
        "ledger_id": line.mail,
    }


def _mail(values: tuple[Any, ...]) -> dict[str, Any]:
    address, remote_id, message_id, received_at, state, reason, ticket, source, sha256 = values
    return {
        "mailbox": address,
        "remote_id": remote_id,
        "message_id": _bracketed(message_id),
        "received_at": iso(received_at),
        "state": state,
        "reason": reason,
        "ticket": ticket,
        "source": source,
        "sha256": sha256,
    }


def _bracketed(message_id: str) -> str | None:
    """Give a Message-ID with its angle brackets; None when the mail has none."""
    bare = message_id.strip().removeprefix("<").removesuffix(">")
    return f"<{bare}>" if bare else None


def _of_tenant(rows: QuerySet[Any], name: str | None) -> QuerySet[Any]:
    if name is None:
        return rows
    found = Tenant.objects.filter(name=name).first()
    if found is None:
        raise Refused(
            [Fault(path="tenant", code="tenant_missing", message=f"There is no tenant named {name}.")]
        )
    return rows.filter(tenant=found)


def _mailboxes(addresses: Sequence[str]) -> QuerySet[Any]:
    wanted = {address.strip().lower(): place for place, address in enumerate(addresses)}
    found = Mailbox.objects.filter(address__in=wanted)
    missing = wanted.keys() - set(found.values_list("address", flat=True))
    if missing:
        raise Refused(
            [_unknown(address, wanted[address]) for address in sorted(missing, key=wanted.__getitem__)]
        )
    return found


def _unknown(address: str, place: int) -> Fault:
    message = f"There is no mailbox {address} in this program."
    return Fault(path=f"addresses[{place}]", code="mailbox_missing", message=message)
