"""A question to approvers, and what has to be right before anybody is asked."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from mailboxes.models import Mailbox
from mailboxes.outbound.room import Room, room_of
from mailboxes.parsing.gate import one_line
from tenants.errors import Misconfigured
from tickets.models import Attachment, Ticket
from tickets.replies import Person, own_addresses, unique_name

MAX_APPROVERS: Final = 20
#: Time enough for a mail to arrive and to be answered, and longer than anybody plans.
SOONEST: Final = timedelta(minutes=10)
LATEST: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What staff want to know of whom. `files` are attachments of the ticket; `key` makes a double click one question.

    Answers come to the mailbox behind the from address unless `answers_in` names another one.
    """

    question: str
    approvers: Sequence[Person]
    deadline_at: datetime | None
    context: str = ""
    quorum: int = 1
    remind_every_h: int = 0
    files: Collection[int] = ()
    answers_in: Mailbox | None = None
    #: What the mails are written in, and the zone they tell the deadline in.
    language: str = "en"
    zone: str = "UTC"
    key: str = field(default_factory=lambda: uuid.uuid4().hex)


def checked(question: Question, *, tenant_id: int) -> list[Person]:
    """Give the approvers, each once. Raises Misconfigured with the code of what is wrong."""
    if not question.question.strip():
        raise Misconfigured.own("approval_question_missing")
    approvers = list({one["email"].lower(): one for one in question.approvers}.values())
    if not approvers:
        raise Misconfigured.own("approval_nobody_asked")
    if len(approvers) > MAX_APPROVERS:
        raise Misconfigured.own("approval_too_many")
    if own_addresses(tenant_id) & {one["email"].lower() for one in approvers}:
        raise Misconfigured.own("recipient_own")
    if not 1 <= question.quorum <= len(approvers):
        raise Misconfigured.own("approval_quorum")
    return approvers


def deadline_of(question: Question) -> datetime:
    now = timezone.now()
    if question.deadline_at is None or not now + SOONEST <= question.deadline_at <= now + LATEST:
        raise Misconfigured.own("approval_deadline")
    return question.deadline_at


def files_of(ticket: Ticket, wanted: Collection[int]) -> Iterator[dict[str, Any]]:
    """Give files of the ticket as the outbox takes them. Raises Misconfigured (too large, and for what)."""
    room, names = room_of(ticket.mailbox) if ticket.mailbox else Room(), set[str]()
    left = room.most_bytes
    for file in Attachment.objects.filter(entry__ticket=ticket, pk__in=list(wanted)).order_by("pk"):
        left -= file.size_bytes
        if left < 0:
            raise Misconfigured.own(room.code)
        yield {
            "name": unique_name(one_line(file.name, max_chars=150) or "file", names),
            "content_type": file.content_type or "application/octet-stream",
            "size_bytes": file.size_bytes,
            "sha256": file.sha256,
            "path": file.path,
        }
