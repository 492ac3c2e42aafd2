"""Flow: staff ask people outside the desk to approve something, are told how they decide, and may take it back.

The answers come in with all other mail; what they change is in `tickets.approval_answers`.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from django.contrib.auth.models import User
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from mailboxes.models import Mailbox, OutboundMessage
from mailboxes.outbound import outbox
from mailboxes.outbound.room import MOST_BYTES
from mailboxes.parsing.gate import one_line, storable
from mailboxes.transports.out import sender_of, why_not
from tenants import audit
from tenants.errors import IntegrationError, Misconfigured
from tenants.whom import for_its_tenant
from tickets.approval_mails import (
    MAX_CONTEXT,
    cancelled_mail,
    how_long,
    mails_to,
    outbox_key,
    reminder_mail,
    request_mail,
)
from tickets.models import Approval, ApprovalRequest, Attachment, Entry, ThreadKey, Ticket
from tickets.policies.threads import message_key
from tickets.replies import Person, own_addresses, unique_name

log = logging.getLogger(__name__)
MAX_APPROVERS: Final = 20
#: Time enough for a mail to arrive and to be answered, and longer than anybody plans.
SOONEST: Final = timedelta(minutes=10)
LATEST: Final = timedelta(days=366)
MAX_REMINDERS: Final = 10
#: Mails in these states have reached nobody.
_NEVER_LEFT: Final = (
    OutboundMessage.State.CANCELLED,
    OutboundMessage.State.FAILED,
    OutboundMessage.State.BOUNCED,
)
#: What one turn of the schedule takes up.
AT_ONCE: Final = 200


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


@for_its_tenant
def ask(ticket: Ticket, question: Question, *, by: User) -> Approval:
    """Queue a mail to each approver; the same key twice gives the first approval again.

    Raises Misconfigured with the code of what is missing; nothing is written then.
    """
    ticket = ticket.standing_for()
    mailbox = _mailbox_of(ticket)
    approvers, deadline_at = _checked(question, tenant_id=ticket.tenant_id), _deadline(question)
    answers_in = question.answers_in or mailbox_behind(mailbox)
    if not Mailbox.objects.filter(pk=answers_in.pk, tenant_id=ticket.tenant_id).working().exists():
        raise Misconfigured.own("approval_unread")
    files = list(_files(ticket, question.files))
    key = f"request\0{ticket.pk}\0{question.key}"
    if (known := _known(ticket, key, approvers)) is not None:
        return known
    try:
        with transaction.atomic():
            Ticket.objects.select_for_update().get(pk=ticket.pk)
            written = {"answers_in": answers_in, "deadline_at": deadline_at, "asked_by": by}
            approval = _written(ticket, question, **written)
            for person in approvers:
                _ask_one(approval, person, key=key, files=files)
            audit.note(audit.Action.ADDED, approval, by=by, approvers=[one["email"] for one in approvers])
    except IntegrityError:
        # The second of two clicks at the same moment: the first one's question is the question.
        if (known := _known(ticket, key, approvers)) is not None:
            return known
        raise
    return approval


def mailbox_behind(mailbox: Mailbox) -> Mailbox:
    """Give the mailbox that answers to this one's mails come to: mostly itself, for an alias as well."""
    address = (mailbox.reply_to or sender_of(mailbox)).lower()
    if address in mailbox.addresses:
        return mailbox
    others = Mailbox.objects.filter(tenant_id=mailbox.tenant_id)
    return next((one for one in others if address in one.addresses), mailbox)


@for_its_tenant
def cancel(approval: Approval, *, by: User) -> None:
    """Take a question back, and tell whoever had it already; mails that still wait are not sent.

    Raises Misconfigured (approval_over).
    """
    with transaction.atomic():
        approval = locked(approval)
        if not approval.is_open:
            raise Misconfigured.own("approval_over")
        end(approval, Approval.State.CANCELLED)
        tell(approval, _("The approval was cancelled: %(question)s"), by=by)
        audit.note(audit.Action.CHANGED, approval, by=by, state=[Approval.State.OPEN.value, approval.state])
        waiting = ApprovalRequest.objects.filter(approval=approval, state=ApprovalRequest.State.WAITING)
        for request in waiting.select_related("outbound"):
            request.approval = approval
            _spare(request, by=by)


def _spare(request: ApprovalRequest, *, by: User) -> None:
    """Stop the mails to one approver that still wait; tell him where one of them has left."""
    mails = mails_to(request)
    for row in mails.filter(state=OutboundMessage.State.QUEUED):
        outbox.cancel(row, by=by)
    mailbox = request.approval.mailbox
    has_left = mails.exclude(state__in=_NEVER_LEFT).exists()
    if has_left and mailbox is not None and not why_not(mailbox):
        word = _("%(who)s was told that the decision is no longer needed: %(question)s")
        tell(request.approval, word, by=by, mail=cancelled_mail(request), who=request.address)


def tend(now: datetime) -> None:
    """Send the reminders that are due, and end what nobody has decided in time."""
    _kept_apart(_know_rewritten_ids)
    for pk in list(ApprovalRequest.objects.to_remind(now).values_list("pk", flat=True)[:AT_ONCE]):
        _kept_apart(partial(_remind, pk, now))
    for approval in list(Approval.objects.over(now)[:AT_ONCE]):
        _kept_apart(partial(_expire, approval))


def _kept_apart(step: Callable[[], None]) -> None:
    """Take a step about one row; one that cannot be written, or is gone, is in the log and keeps no other back."""
    try:
        step()
    except (DatabaseError, ObjectDoesNotExist, IntegrationError):
        log.exception("An approval could not be tended; it is tried again with the next turn")


def locked(approval: Approval) -> Approval:
    """Read an approval anew and hold it, behind its ticket as everybody does."""
    Ticket.objects.select_for_update().get(pk=approval.ticket_id)
    held: Approval = (
        Approval.objects.select_for_update(of=("self",))
        .select_related("ticket__merged_into", "ticket__queue", "mailbox__tenant", "answers_in", "asked_by")
        .get(pk=approval.pk)
    )
    return held


def end(approval: Approval, state: Approval.State) -> None:
    approval.state, approval.ended_at = state, timezone.now()
    approval.save(update_fields=["state", "ended_at"])


def tell(
    approval: Approval, text: str, *, by: User | None = None, mail: OutboundMessage | None = None, **said: Any
) -> None:
    """Put an event of an approval on its ticket; `text` may name the question."""
    ticket = approval.ticket.standing_for()
    Entry.objects.create(
        tenant_id=approval.tenant_id,
        ticket=ticket,
        kind=Entry.Kind.SYSTEM,
        happened_at=timezone.now(),
        from_name=(by.get_full_name() or by.get_username()) if by else "",
        outbound=mail,
        message_id=mail.message_id if mail else "",
        to=mail.to if mail else [],
        text=text % {"question": f"“{approval.question}”", **said},
    )
    Ticket.objects.filter(pk=ticket.pk).update(entry_count=F("entry_count") + 1)


def _mailbox_of(ticket: Ticket) -> Mailbox:
    if ticket.mailbox is None:
        raise Misconfigured.own("ticket_without_mailbox")
    if code := why_not(ticket.mailbox):
        raise Misconfigured.own(code)
    return ticket.mailbox


def _checked(question: Question, *, tenant_id: int) -> list[Person]:
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


def _deadline(question: Question) -> datetime:
    now = timezone.now()
    if question.deadline_at is None or not now + SOONEST <= question.deadline_at <= now + LATEST:
        raise Misconfigured.own("approval_deadline")
    return question.deadline_at


def _files(ticket: Ticket, wanted: Collection[int]) -> Iterator[dict[str, Any]]:
    """Give files of the ticket as the outbox takes them. Raises Misconfigured (files_too_large)."""
    left, names = MOST_BYTES, set[str]()
    for file in Attachment.objects.filter(entry__ticket=ticket, pk__in=list(wanted)).order_by("pk"):
        left -= file.size_bytes
        if left < 0:
            raise Misconfigured.own("files_too_large")
        yield {
            "name": unique_name(one_line(file.name, max_chars=150) or "file", names),
            "content_type": file.content_type or "application/octet-stream",
            "size_bytes": file.size_bytes,
            "sha256": file.sha256,
            "path": file.path,
        }


def _written(ticket: Ticket, question: Question, **written: Any) -> Approval:
    approval: Approval = Approval.objects.create(
        tenant_id=ticket.tenant_id,
        ticket=ticket,
        mailbox=ticket.mailbox,
        question=one_line(question.question, max_chars=500),
        context=storable(question.context.strip(), max_chars=MAX_CONTEXT),
        quorum=question.quorum,
        remind_every_h=question.remind_every_h,
        language=question.language,
        zone=question.zone,
        **written,
    )
    return approval


def _ask_one(approval: Approval, person: Person, *, key: str, files: Sequence[dict[str, Any]]) -> None:
    request = ApprovalRequest.objects.create(
        tenant_id=approval.tenant_id,
        approval=approval,
        name=person["name"],
        address=person["email"].lower(),
        remind_at=_next_reminder(approval, timezone.now(), sent=0),
    )
    request.outbound = request_mail(request, key=f"{key}\0{request.address}", files=files)
    request.save(update_fields=["outbound"])
    word = _("%(who)s was asked to approve until %(when)s: %(question)s")
    said = {"who": request.address, "when": how_long(approval)}
    tell(approval, word, by=approval.asked_by, mail=request.outbound, **said)


def _known(ticket: Ticket, key: str, approvers: Sequence[Person]) -> Approval | None:
    keys = [outbox_key(f"{key}\0{one['email'].lower()}") for one in approvers]
    asked = ApprovalRequest.objects.filter(tenant_id=ticket.tenant_id, outbound__key__in=keys)
    request = asked.select_related("approval").first()
    return request.approval if request is not None else None


def _next_reminder(approval: Approval, now: datetime, *, sent: int) -> datetime | None:
    """Say when to remind next; None when never, or when it would come too late to be acted on."""
    if not approval.remind_every_h or sent >= MAX_REMINDERS:
        return None
    moment = now + timedelta(hours=approval.remind_every_h)
    return moment if moment < approval.deadline_at - SOONEST else None


def _remind(pk: int, now: datetime) -> None:
    with transaction.atomic():
        request = ApprovalRequest.objects.select_related("approval", "outbound").get(pk=pk)
        request.approval = approval = locked(request.approval)
        due = ApprovalRequest.objects.to_remind(now).filter(pk=pk)
        sent = request.reminders + 1
        # Who answered meanwhile, or was reminded by another worker, is left alone.
        if not due.exists():
            return
        request.reminders, request.remind_at = sent, _next_reminder(approval, now, sent=sent)
        request.save(update_fields=["reminders", "remind_at"])
        if approval.mailbox is None or why_not(approval.mailbox):
            return
        tell(
            approval,
            _("%(who)s was reminded: %(question)s"),
            mail=reminder_mail(request),
            who=request.address,
        )


def _expire(approval: Approval) -> None:
    with transaction.atomic():
        approval = locked(approval)
        if not approval.is_open:
            return
        end(approval, Approval.State.EXPIRED)
        tell(approval, _("The approval has expired without a decision: %(question)s"))
        wake(approval.ticket.standing_for())


def wake(ticket: Ticket) -> None:
    """Open a ticket that waits: its approval has ended, and somebody has to go on with it."""
    waiting = Ticket.objects.filter(pk=ticket.pk, status=Ticket.Status.WAITING)
    waiting.update(status=Ticket.Status.OPEN)


def _know_rewritten_ids() -> None:
    """Learn the ids Exchange gave requests of ours where whoever sent them died before he told; the newest first."""
    waiting = ApprovalRequest.objects.filter(
        state=ApprovalRequest.State.WAITING, approval__state=Approval.State.OPEN
    )
    renamed = waiting.exclude(outbound__remote_message_id="").exclude(
        outbound__remote_message_id=F("outbound__message_id")
    )
    renamed = renamed.select_related("outbound", "approval__ticket__merged_into").order_by("-pk")
    for request in renamed[:AT_ONCE]:
        ThreadKey.objects.update_or_create(
            tenant_id=request.tenant_id,
            key=message_key(request.outbound.remote_message_id),
            defaults={"request": request},
            create_defaults={"ticket": request.approval.ticket.standing_for(), "request": request},
        )
