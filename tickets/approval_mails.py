"""The mails of an approval: the request, its reminders, and what is said to an answer that did not count.

There is no link in any of them: a decision is made by writing an answer and in no other way, so that nothing that
opens links on the way (scanners, previews) can decide anything. They are in English, with words of decision in other
languages: what an approver speaks is not known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any, Final

from mailboxes.enqueue import enqueue_send
from mailboxes.models import Mailbox, OutboundMessage
from mailboxes.outbound.compose import usable_ids
from mailboxes.outbound.senders import marks_of
from mailboxes.parsing.gate import one_line, storable
from mailboxes.transports.out import sender_of
from tickets.models import Approval, ApprovalRequest, ThreadKey
from tickets.models.ticket import new_reply_token
from tickets.policies.approvals import LINE, Counts
from tickets.policies.loops import LOOP_HEADER
from tickets.policies.threads import message_key

#: Longer than anybody reads before he decides. Characters.
MAX_CONTEXT: Final = 20_000
#: Marks by which no machine answers a mail that was written by one (RFC 3834).
_BY_MACHINE: Final = {"X-Auto-Response-Suppress": "All"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A mail about an approval, before it has a row. `key` says which one it is, for good."""

    key: str
    to: Mapping[str, str]
    subject: str
    text: str
    references: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[Mapping[str, Any]] = ()


def request_mail(
    request: ApprovalRequest, *, key: str, files: Sequence[Mapping[str, Any]]
) -> OutboundMessage:
    """Queue the mail that asks; its own Message-ID is the one-time mark the answer has to refer to."""
    approval = request.approval
    draft = Draft(
        key=key,
        to={"name": request.name, "email": request.address},
        subject=_subject(approval),
        text="\n\n".join(_request_text(request)),
        files=files,
    )
    return _marked(request, draft)


def reminder_mail(request: ApprovalRequest) -> OutboundMessage:
    first = request.outbound.message_id if request.outbound else ""
    opening = "Your decision is still needed."
    draft = Draft(
        key=f"reminder\0{request.pk}\0{request.reminders}",
        to={"name": request.name, "email": request.address},
        subject=f"Reminder: {_subject(request.approval)}",
        text="\n\n".join([LINE, opening, *list(_request_text(request))[1:]]),
        references=[first],
        headers={"Auto-Submitted": "auto-generated", **_BY_MACHINE},
    )
    return _marked(request, draft)


def advice_mail(request: ApprovalRequest, counts: Counts, *, message_id: str) -> OutboundMessage:
    """Queue what the approver is told about an answer that did not count."""
    asked = request.outbound.message_id if request.outbound else ""
    draft = Draft(
        key=f"advice\0{request.pk}\0{counts.value}",
        to={"name": request.name, "email": request.address},
        subject=f"Re: {_subject(request.approval)}",
        text="\n\n".join([LINE, _advice(request, counts), *_ending(request, counts)]),
        references=[asked, message_id],
        headers={"Auto-Submitted": "auto-replied", **_BY_MACHINE},
    )
    return _marked(request, draft)


def stranger_mail(request: ApprovalRequest, *, to: Mapping[str, str], message_id: str) -> OutboundMessage:
    """Queue what somebody else is told who answered in an approver's place: nothing of the matter itself."""
    text = (
        "You have answered a request for approval that was sent to another address than the one you wrote from. Your "
        "answer has changed nothing: only those who were asked can decide, each from the address that was asked.\n\n"
        "If it was you who was asked, reply to the request once more from that address. If somebody passed the "
        "request on to you, tell him what you think; the answer has to be his own. To be asked yourself, turn to "
        "whoever asked."
    )
    draft = Draft(
        key=f"advice\0{request.pk}\0{Counts.OTHER_SENDER.value}",
        to=to,
        subject="Your answer to a request for approval did not count",
        text=text,
        references=[message_id],
        headers={"Auto-Submitted": "auto-replied", **_BY_MACHINE},
    )
    return _queue(request.approval, draft, mark=new_reply_token())


def outbox_key(text: str) -> str:
    """Give the key under which the outbox takes a mail of an approval once."""
    return hashlib.sha256(f"approval\0{text}".encode()).hexdigest()


def how_long(approval: Approval) -> str:
    """Give the deadline in words, in UTC as nobody knows where it is read."""
    return f"{approval.deadline_at.astimezone(UTC):%d %B %Y, %H:%M} UTC"


def _subject(approval: Approval) -> str:
    tag = f"[#{approval.ticket.standing_for().reference}]"
    question = one_line(approval.question, max_chars=180)
    return f"Approval needed: {question} {tag}"


def _request_text(request: ApprovalRequest) -> list[str]:
    approval = request.approval
    asker = _asker(approval)
    return [
        LINE,
        f"{asker} asks for your approval:",
        approval.question,
        *([approval.context] if approval.context else []),
        f"Please decide until {how_long(approval)}.",
        _how_to_answer(request),
    ]


def _how_to_answer(request: ApprovalRequest) -> str:
    return (
        "HOW TO ANSWER: reply to this mail, and begin your answer with one of these words:\n\n"
        "    approve      (or: approved, yes, genehmigt, approuvé, aprobado …)\n"
        "    reject       (or: rejected, no, abgelehnt, refusé, rechazado …)\n\n"
        f"Grounds may follow in the next lines. Reply from {request.address}: an answer from another address does "
        "not count, nor does one that was forwarded, comes late or says both. There is no link to press: your written "
        "answer alone decides, and the first one stands."
    )


def _advice(request: ApprovalRequest, counts: Counts) -> str:
    texts = {
        Counts.DOUBTFUL: (
            "Your answer could not be read as a decision, so nothing has changed. Reply once more, begin with the "
            "one word that decides, and say nothing beside it that could be taken for the opposite or for a condition."
        ),
        Counts.UNPROVEN: (
            "An answer in your name has come in, but it is not proven that you have sent it (its DMARC check did not "
            "pass), so nothing has changed. If it was yours, answer once more from your usual mailbox, not by way of a "
            "website or another provider; if that does not help, ask whoever runs your mail about SPF, DKIM and "
            "DMARC. If it was not yours, somebody has tried to decide in your place: tell whoever asked you."
        ),
        Counts.FORWARDED: (
            "Your answer was forwarded instead of being a reply, so nothing has changed. Open the request and reply "
            "to it."
        ),
        Counts.REPEATED: (
            f"You have decided already ({request.state}), and your first answer stands. If you have changed your mind, "
            f"tell {_asker(request.approval)}, who can ask anew."
        ),
        Counts.LATE: (
            "Your answer came too late and has changed nothing: the approval has ended or its deadline is over. If "
            f"your decision still matters, tell {_asker(request.approval)}, who can ask anew."
        ),
    }
    return texts[counts]


def _ending(request: ApprovalRequest, counts: Counts) -> list[str]:
    if counts in (Counts.REPEATED, Counts.LATE):
        return [request.approval.question]
    return [request.approval.question, _how_to_answer(request)]


def _asker(approval: Approval) -> str:
    person = approval.asked_by
    name = one_line(person.get_full_name(), max_chars=100) if person else ""
    return name or approval.ticket.queue.name


def _marked(request: ApprovalRequest, draft: Draft) -> OutboundMessage:
    """Queue a mail whose answer decides; of its one-time mark only the hash is kept with the request."""
    row = _queue(request.approval, draft, mark=f"{request.approval.ticket.reply_token}.{new_reply_token()}")
    ThreadKey.objects.create(
        tenant_id=request.tenant_id,
        key=message_key(row.message_id),
        ticket=request.approval.ticket.standing_for(),
        request=request,
    )
    return row


def _queue(approval: Approval, draft: Draft, *, mark: str) -> OutboundMessage:
    mailbox = approval.mailbox
    if mailbox is None:
        raise ValueError("an approval without a mailbox sends nothing")
    sender = sender_of(mailbox)
    references = usable_ids(draft.references)
    row: OutboundMessage = OutboundMessage.objects.create(
        tenant_id=approval.tenant_id,
        mailbox=mailbox,
        key=outbox_key(draft.key),
        from_name=_asker(approval),
        from_email=sender,
        to=[dict(draft.to)],
        subject=one_line(draft.subject, max_chars=300),
        message_id=f"<{mark}@{sender.rpartition('@')[2]}>",
        in_reply_to=references[-1] if references else "",
        references=references,
        text=storable(draft.text, max_chars=MAX_CONTEXT + 5_000),
        headers={LOOP_HEADER: str(approval.tenant_id), **_reply_to(approval, mailbox), **draft.headers},
        files=[dict(file) for file in draft.files],
    )
    enqueue_send(mailbox.pk)
    return row


def _reply_to(approval: Approval, mailbox: Mailbox) -> dict[str, str]:
    """Give the header that sends answers to the approval address; none where they come back to the sender."""
    sender, elsewhere = sender_of(mailbox), approval.answers_in
    if elsewhere is None or elsewhere.pk == mailbox.pk:
        return marks_of(mailbox, sender=sender)
    return {"Reply-To": elsewhere.address} if elsewhere.address != sender.lower() else {}
