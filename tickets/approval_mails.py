"""The mails of an approval: the request, its reminders, and what is said to an answer that did not count.

There is no link in any of them: a decision is made by writing an answer and in no other way, so that nothing that
opens links on the way (scanners, previews) can decide anything. They are in the language chosen for the approval, with
words of decision in other ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from html import escape
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from mailboxes.enqueue import enqueue_send
from mailboxes.models import Mailbox, OutboundMessage
from mailboxes.outbound.compose import usable_ids
from mailboxes.outbound.senders import marks_of
from mailboxes.parsing.gate import one_line, storable
from mailboxes.transports.out import sender_of
from tickets import approval_texts as texts
from tickets.models import Approval, ApprovalRequest, ThreadKey
from tickets.models.ticket import new_reply_token
from tickets.policies.decisions import Counts
from tickets.policies.loops import LOOP_HEADER
from tickets.policies.threads import message_key

#: Longer than anybody reads before he decides. Characters.
MAX_CONTEXT: Final = 20_000
#: Answers of an approver that did not count and can be given once more.
ASKS_AGAIN: Final = (Counts.DOUBTFUL, Counts.UNPROVEN, Counts.FORWARDED)
#: Marks by which no machine answers a mail that was written by one (RFC 3834).
_BY_MACHINE: Final = {"X-Auto-Response-Suppress": "All"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A mail about an approval, before it has a row. `key` says which one it is, for good; `text` are paragraphs."""

    key: str
    to: Mapping[str, str]
    subject: str
    text: Sequence[str]
    references: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[Mapping[str, Any]] = ()


def request_mail(
    request: ApprovalRequest, *, key: str, files: Sequence[Mapping[str, Any]]
) -> OutboundMessage:
    """Queue the mail that asks; its own Message-ID is the one-time mark the answer has to refer to."""
    with texts.spoken(request.approval):
        subject, text = texts.subject(request.approval), texts.request_text(request)
    return _marked(request, Draft(key=key, to=_approver(request), subject=subject, text=text, files=files))


def reminder_mail(request: ApprovalRequest) -> OutboundMessage:
    with texts.spoken(request.approval):
        subject = _("Reminder: %(subject)s") % {"subject": texts.subject(request.approval)}
        text = [_("Your decision is still needed."), *texts.request_text(request)]
    key = _reminder_key(request, request.reminders)
    return _marked(request, _follow_up(request, key=key, subject=subject, text=text))


def advice_mail(request: ApprovalRequest, counts: Counts, *, message_id: str) -> OutboundMessage:
    """Queue what the approver is told about an answer that did not count."""
    asks = counts in ASKS_AGAIN
    with texts.spoken(request.approval):
        subject, advice = texts.subject(request.approval), texts.advice(request, counts)
        ending = texts.how_to_answer(request) if asks else []
    draft = Draft(
        key=_advice_key(request, counts),
        to=_approver(request),
        subject=f"Re: {subject}",
        text=[advice, request.approval.question, *ending],
        references=[_asked_by(request), message_id],
        headers={"Auto-Submitted": "auto-replied", **_BY_MACHINE},
    )
    return _marked(request, draft, asks=asks)


def stranger_mail(request: ApprovalRequest, *, to: Mapping[str, str], message_id: str) -> OutboundMessage:
    """Queue what somebody else is told who answered in an approver's place: nothing of the matter itself."""
    with texts.spoken(request.approval):
        subject = _("Your answer to a request for approval did not count")
        text = texts.for_somebody_else()
    draft = Draft(
        key=_advice_key(request, Counts.OTHER_SENDER),
        to=to,
        subject=subject,
        text=text,
        references=[message_id],
        headers={"Auto-Submitted": "auto-replied", **_BY_MACHINE},
    )
    return _queue(request.approval, draft, mark=new_reply_token())


def spared_mail(request: ApprovalRequest) -> OutboundMessage:
    """Queue what an approver is told whose decision nobody waits for any more."""
    with texts.spoken(request.approval):
        subject = _("No longer needed: %(subject)s") % {"subject": texts.subject(request.approval)}
        text = texts.no_longer_needed(request.approval)
    draft = _follow_up(request, key=f"cancelled\0{request.pk}", subject=subject, text=text)
    return _marked(request, draft, asks=False)


def _follow_up(request: ApprovalRequest, *, key: str, subject: str, text: Sequence[str]) -> Draft:
    """Write what is said after the request, of our own accord."""
    return Draft(
        key=key,
        to=_approver(request),
        subject=subject,
        text=text,
        references=[_asked_by(request)],
        headers={"Auto-Submitted": "auto-generated", **_BY_MACHINE},
    )


def outbox_key(text: str) -> str:
    """Give the key under which the outbox takes a mail of an approval once."""
    return hashlib.sha256(f"approval\0{text}".encode()).hexdigest()


def mails_to(request: ApprovalRequest) -> QuerySet[OutboundMessage]:
    """Give the request, its reminders and what was said to answers, which all ask for the same decision."""
    reminders = [_reminder_key(request, sent) for sent in range(1, request.reminders + 1)]
    keys = [outbox_key(key) for key in (*reminders, *(_advice_key(request, one) for one in ASKS_AGAIN))]
    found: QuerySet[OutboundMessage] = OutboundMessage.objects.filter(
        Q(pk=request.outbound_id) | Q(key__in=keys), tenant_id=request.tenant_id
    )
    return found


def _reminder_key(request: ApprovalRequest, sent: int) -> str:
    return f"reminder\0{request.pk}\0{sent}"


def _advice_key(request: ApprovalRequest, counts: Counts) -> str:
    return f"advice\0{request.pk}\0{counts.value}"


def how_long(approval: Approval) -> str:
    """Give the deadline as rows tell it: in English and UTC."""
    return f"{approval.deadline_at.astimezone(UTC):%d %B %Y, %H:%M} UTC"


def _approver(request: ApprovalRequest) -> dict[str, str]:
    return {"name": request.name, "email": request.address}


def _asked_by(request: ApprovalRequest) -> str:
    return request.outbound.message_id if request.outbound else ""


def _marked(request: ApprovalRequest, draft: Draft, *, asks: bool = True) -> OutboundMessage:
    """Queue a mail whose answer is heard; of its one-time mark only the hash is kept with the request."""
    if asks:
        draft = replace(draft, text=[texts.line_above(request.approval), *draft.text])
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
        from_name=texts.asker(approval),
        from_email=sender,
        to=[dict(draft.to)],
        subject=one_line(draft.subject, max_chars=300),
        message_id=f"<{mark}@{sender.rpartition('@')[2]}>",
        in_reply_to=references[-1] if references else "",
        references=references,
        text=storable("\n\n".join(draft.text), max_chars=MAX_CONTEXT + 5_000),
        html="".join(_paragraph(one, is_strong=one == approval.question) for one in draft.text),
        headers={LOOP_HEADER: str(approval.tenant_id), **_reply_to(approval, mailbox), **draft.headers},
        files=[dict(file) for file in draft.files],
    )
    enqueue_send(mailbox.pk)
    return row


def _paragraph(text: str, *, is_strong: bool) -> str:
    words = escape(storable(text, max_chars=MAX_CONTEXT)).replace("\n", "<br>")
    return f"<p><strong>{words}</strong></p>" if is_strong else f"<p>{words}</p>"


def _reply_to(approval: Approval, mailbox: Mailbox) -> dict[str, str]:
    """Give the header that sends answers to the approval address; none where they come back to the sender."""
    sender, elsewhere = sender_of(mailbox), approval.answers_in
    if elsewhere is None or elsewhere.pk == mailbox.pk:
        return marks_of(mailbox, sender=sender)
    return {"Reply-To": elsewhere.address} if elsewhere.address != sender.lower() else {}
