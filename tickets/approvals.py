"""Flow: staff ask people outside the desk to approve something, are told how they decide, and may take it back.

The answers come in with all other mail; what they change is in `tickets.approval_answers`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from django.contrib.auth.models import User
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from mailboxes.models import Mailbox
from mailboxes.parsing.gate import one_line, storable
from mailboxes.transports.out import sender_of, why_not
from tenants import audit
from tenants.errors import IntegrationError, Misconfigured
from tenants.whom import for_its_tenant
from tickets.approval_ends import end, spare, tell, wake
from tickets.approval_mails import (
    MAX_CONTEXT,
    how_long,
    mails_to,
    outbox_key,
    reminder_mail,
    request_mail,
)
from tickets.models import Approval, ApprovalRequest, ThreadKey, Ticket
from tickets.policies.threads import message_key
from tickets.questions import SOONEST, Question, checked, deadline_of, files_of
from tickets.replies import Person

log = logging.getLogger(__name__)
MAX_REMINDERS: Final = 10
#: Nobody gets two mails about one question within this time because somebody presses twice.
REMINDED_AGAIN: Final = timedelta(hours=1)
#: What one turn of the schedule takes up.
AT_ONCE: Final = 200


@for_its_tenant
def ask(ticket: Ticket, question: Question, *, by: User) -> Approval:
    """Queue a mail to each approver; the same key twice gives the first approval again.

    Raises Misconfigured with the code of what is missing; nothing is written then.
    """
    ticket = ticket.standing_for()
    mailbox = _mailbox_of(ticket)
    approvers, deadline_at = checked(question, tenant_id=ticket.tenant_id), deadline_of(question)
    answers_in = question.answers_in or mailbox_behind(mailbox)
    if not Mailbox.objects.filter(pk=answers_in.pk, tenant_id=ticket.tenant_id).working().exists():
        raise Misconfigured.own("approval_unread")
    files = list(files_of(ticket, question.files))
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
        spare(approval, by=by)


@for_its_tenant
def remind(approval: Approval, *, by: User) -> int:
    """Remind now whoever has not answered and has had no mail lately; gives how many those are.

    Raises Misconfigured (approval_over, or why the mailbox sends nothing).
    """
    with transaction.atomic():
        approval = locked(approval)
        now = timezone.now()
        if not approval.is_open or approval.deadline_at <= now:
            raise Misconfigured.own("approval_over")
        if code := why_not(approval.mailbox) if approval.mailbox else "ticket_without_mailbox":
            raise Misconfigured.own(code)
        waiting = ApprovalRequest.objects.filter(approval=approval, state=ApprovalRequest.State.WAITING)
        late = [
            request
            for request in waiting.filter(reminders__lt=MAX_REMINDERS).select_related("outbound")
            if not mails_to(request).filter(queued_at__gt=now - REMINDED_AGAIN).exists()
        ]
        for request in late:
            request.approval = approval
            _remind_of(request, now, by=by)
        audit.note(audit.Action.CHANGED, approval, by=by, reminded=[one.address for one in late])
    return len(late)


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


def _mailbox_of(ticket: Ticket) -> Mailbox:
    if ticket.mailbox is None:
        raise Misconfigured.own("ticket_without_mailbox")
    if code := why_not(ticket.mailbox):
        raise Misconfigured.own(code)
    return ticket.mailbox


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
        request.approval = locked(request.approval)
        # Who answered meanwhile, or was reminded by another worker, is left alone.
        if ApprovalRequest.objects.to_remind(now).filter(pk=pk).exists():
            _remind_of(request, now)


def _remind_of(request: ApprovalRequest, now: datetime, *, by: User | None = None) -> None:
    """Count a reminder, and send it where the mailbox sends at all."""
    approval = request.approval
    request.reminders += 1
    request.remind_at = _next_reminder(approval, now, sent=request.reminders)
    request.save(update_fields=["reminders", "remind_at"])
    if approval.mailbox is not None and not why_not(approval.mailbox):
        word = _("%(who)s was reminded: %(question)s")
        tell(approval, word, by=by, mail=reminder_mail(request), who=request.address)


def _expire(approval: Approval) -> None:
    with transaction.atomic():
        approval = locked(approval)
        if not approval.is_open:
            return
        end(approval, Approval.State.EXPIRED)
        tell(approval, _("The approval has expired without a decision: %(question)s"))
        wake(approval.ticket.standing_for())
        spare(approval)


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
