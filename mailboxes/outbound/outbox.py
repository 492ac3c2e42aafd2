"""The path of outgoing mail: claim, make the draft, note that the send is asked for, ask, write down the end.

What is committed before each request tells, after a death in between, whether the mail may already have left.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from mailboxes.enqueue import SEND_MAILBOX, nudge
from mailboxes.errors import LeaseLost
from mailboxes.governor import visit
from mailboxes.inbound.retries import retry_at
from mailboxes.models import Mailbox, OutboundMessage, Sender
from mailboxes.models.outbound import GIVE_UP_AFTER
from mailboxes.outbound import claims, copies, pace, senders
from mailboxes.outbound.compose import compose
from mailboxes.outbound.journal import (
    Delivery,
    RowJournal,
    forget_upload,
    has_taken,
    outgoing,
    settle_as_partly_taken,
    settle_as_taken,
)
from mailboxes.outbound.resolve import resolve
from mailboxes.transports.out import open_outbound, why_not
from mailboxes.transports.outgoing import Doubtful, OutboundTransport, TurnOver
from mailboxes.transports.smtp_refusals import limit_of
from tenants import audit
from tenants.diagnosis import diagnose_own
from tenants.errors import AccessDenied, CredentialUnusable, IntegrationError, Throttled, TokenRefused
from tenants.whom import for_its_tenant

log = logging.getLogger(__name__)

State = OutboundMessage.State
#: How many mailboxes are asked at once to look for the copies of what they sent.
AT_ONCE: Final = 20
#: A long outbox makes room for those of other customers this often. Seconds.
TURN_S: Final = 5.0
#: How soon the fate of a mail in doubt is looked up first.
FIRST_LOOK: Final = timedelta(seconds=5)
#: A mailbox told to wait longer is looked at all the same: its doubts may be cleared up meanwhile.
LONGEST_SILENCE: Final = timedelta(minutes=5)
#: These are repaired for the whole mailbox; its mails wait and then go out by themselves.
_REPAIRABLE: Final = (TokenRefused, CredentialUnusable)


@dataclass(slots=True, kw_only=True)
class Sent:
    """What one run did; `has_more` when time was up before the end."""

    worked: int = 0
    sent: int = 0
    has_more: bool = False


def send_from(mailbox_id: int, *, budget_s: float) -> Sent:
    """Send what is due from a mailbox and clear up its doubts, in one seat beside the run that reads it."""
    report, deadline = Sent(), time.monotonic() + budget_s
    mailbox = Mailbox.objects.select_related(
        "tenant", "registration__tenant", "outbound_registration__tenant"
    )
    found = mailbox.filter(pk=mailbox_id).first()
    if found is None or not (found.is_active and found.tenant.is_active):
        return report
    try:
        with visit(found, hold=claims.LEASE) as gate, closing(open_outbound(found, gate)) as wire:
            allowance = pace.Allowance(found.pk, turn_s=budget_s, stay=gate.renew)
            while _one(found, wire, allowance, report):
                gate.renew()
                if time.monotonic() > deadline:
                    report.has_more = True
                    break
            else:
                copies.look_due(found, wire)
    except Throttled:
        log.info("Mailbox %d has no free seat to send from; its mail waits", mailbox_id)
    except TurnOver:
        report.has_more = True
    if not report.worked:
        pace.step_aside(mailbox_id)
    return report


def has_due() -> bool:
    """Tell whether any mail waits to be sent now, of a mailbox that is not to wait itself."""
    now = timezone.now()
    waits = Q(mailbox__send_wait_until__gt=now)
    return bool(OutboundMessage.objects.due(now).exclude(waits).order_by().exists())


def mailboxes_due() -> list[int]:
    """Name the mailboxes with mail to send or in doubt; dead senders' mails are taken back first."""
    now = timezone.now()
    claims.recover(now)
    due = OutboundMessage.objects.due(now).values_list("mailbox_id", flat=True)
    doubtful = OutboundMessage.objects.in_doubt(now).values_list("mailbox_id", flat=True)
    copied = Sender.objects.filter(copy_due_at__lte=now, mailbox__is_active=True, tenant__is_active=True)
    copied = copied.exclude(mailbox__outbound_transport=Mailbox.Outbound.NONE)
    return pace.in_turn({*due.order_by().distinct(), *doubtful.order_by().distinct()}) or _looking(copied)


def _looking(senders_due: QuerySet[Any]) -> list[int]:
    """Name the mailboxes whose sent copies are to be looked up; only while no mail waits."""
    free = Q(mailbox__visitor_until=None) | Q(mailbox__visitor_until__lt=timezone.now())
    free &= Q(mailbox__send_wait_until=None) | Q(mailbox__send_wait_until__lt=timezone.now())
    return list(
        senders_due.filter(free).order_by("copy_due_at").values_list("mailbox_id", flat=True)[:AT_ONCE]
    )


def take_turn() -> None:
    """Send for one turn; while mail waits, another is asked for at once."""
    served, report = send_in_turn(budget_s=TURN_S)
    # Nudges that found a tenant's other mailbox being served have come to nothing.
    if report.has_more or (report.worked and mailboxes_due()):
        nudge(SEND_MAILBOX, served)


def send_in_turn(*, budget_s: float) -> tuple[int, Sent]:
    """Send from the mailbox whose turn it is, whichever was asked for; gives which one, 0 for none.

    Whoever has just queued a mail asks for a turn. Given to the next in line, one tenant's flood makes others wait for
    one turn and not for its end.
    """
    mailbox_id = next(iter(mailboxes_due()), 0)
    return mailbox_id, send_from(mailbox_id, budget_s=budget_s) if mailbox_id else Sent()


def _one(mailbox: Mailbox, wire: OutboundTransport, allowance: pace.Allowance, report: Sent) -> bool:
    """Work on one mail; False when there is nothing more to do now."""
    if row := claims.claim_doubtful(mailbox.pk):
        report.worked += 1
        _guarded(row, partial(resolve, row, wire))
        return True
    row = (
        claims.claim_due(mailbox.pk, most_recipients=allowance.recipients) if allowance.has_minute() else None
    )
    if row is None:
        return False
    report.worked += 1
    allowance.spend(row)
    row.mailbox = mailbox
    _guarded(row, partial(_send, row, wire, allowance))
    if row.state == State.SENT:
        report.sent += 1
        senders.note_taken(mailbox, row.from_email, mail=row)
    return True


def _guarded(row: OutboundMessage, act: Callable[[], None]) -> None:
    try:
        try:
            act()
        except IntegrationError as error:
            _put_back(row, error)
    except LeaseLost:
        log.warning("Mail %d of the outbox was taken over by another worker", row.pk)


def _send(row: OutboundMessage, wire: OutboundTransport, allowance: pace.Allowance) -> None:
    if timezone.now() - row.queued_at > GIVE_UP_AFTER and not has_taken(row):
        # Also where nothing was tried, because the mailbox was off: so late nobody expects it any more.
        forget_upload(row)
        told = diagnose_own("send_too_late", detail=(row.error or {}).get("code") or why_not(row.mailbox))
        claims.settle(row, State.FAILED, retry_at=None, error=told.as_json())
        return
    try:
        _send_from_its_own(row, wire, allowance)
    except AccessDenied as denied:
        if not senders.is_refusal(denied):
            raise
        senders.note_refused(row.mailbox, row.from_email)
        _send_from_another(row, wire, denied)


def _send_from_another(row: OutboundMessage, wire: OutboundTransport, denied: AccessDenied) -> None:
    """Let a mail whose address was refused leave from the configured one; without another it has failed."""
    other = senders.instead_of(row)
    if not other:
        denied.diagnosis = senders.explain(denied.diagnosis, row.mailbox, row.from_email)
        raise denied
    if row.remote_id:
        claims.hold(row)
        wire.discard(row.remote_id)
    again: dict[str, object] = {"retry_at": None, "remote_id": "", "remote_message_id": ""}
    forget_upload(row)
    told = senders.explain(diagnose_own("sender_replaced"), row.mailbox, row.from_email)
    claims.settle(row, State.QUEUED, from_email=other, error=told.as_json(), **again)


def _send_from_its_own(row: OutboundMessage, wire: OutboundTransport, allowance: pace.Allowance) -> None:
    mail = compose(row, max_mime_bytes=wire.max_mime_bytes, shows_bcc=wire.shows_bcc)
    try:
        receipt = wire.send(
            outgoing(row, mail), RowJournal(row, turn_s=allowance.turn_s, stay=allowance.stay)
        )
    except TurnOver:
        # No try that failed: it goes on where it stopped.
        claims.settle(row, State.QUEUED, retry_at=None, tries=row.tries - 1)
        raise
    except Doubtful as doubt:
        look_at = timezone.now() + FIRST_LOOK
        claims.settle(row, State.UNCERTAIN, retry_at=look_at, error=doubt.error.diagnosis.as_row())
    except IntegrationError:
        if row.asked_at is not None:
            claims.hold(row, asked_at=None)
        raise
    else:
        settle_as_taken(row, sent_at=timezone.now(), remote_id=receipt.remote_id)


def _put_back(row: OutboundMessage, error: IntegrationError) -> None:
    """End the claim of a mail that was certainly not sent: to be tried again, or failed where people see it."""
    if row.state == State.UNCERTAIN:
        is_over = row.asked_at is not None and timezone.now() - row.asked_at > GIVE_UP_AFTER
        told = diagnose_own("send_in_doubt").as_json() if is_over else error.diagnosis.as_row()
        claims.settle(row, State.UNCERTAIN, retry_at=None if is_over else retry_at(0), error=told)
        return
    if error.permanent and not isinstance(error, _REPAIRABLE):
        forget_upload(row)
        claims.settle(row, State.FAILED, retry_at=None, error=error.diagnosis.as_row())
        return
    if has_taken(row) and timezone.now() - row.queued_at > GIVE_UP_AFTER:
        settle_as_partly_taken(row)
        return
    again_at = retry_at(row.tries - 1)
    if error.retry_after is not None:
        again_at = max(again_at, timezone.now() + error.retry_after)
    claims.settle(row, State.QUEUED, retry_at=again_at, error=error.diagnosis.as_row())
    if isinstance(error, Throttled):
        # What Microsoft asks of one mail it asks of the mailbox: the others wait as well.
        _put_off(row, error, again_at)


def _put_off(row: OutboundMessage, error: IntegrationError, until: datetime) -> None:
    """Let the other mails of the mailbox wait as well; of all mailboxes of the tenant where its limit is reached."""
    of_all = error.code == "tenant_daily_limit"
    whose = Q(tenant_id=row.tenant_id) if of_all else Q(mailbox_id=row.mailbox_id)
    # Mail that is queued only now waits as well, though not so long that doubts could not be looked into.
    sending = Mailbox.objects.filter(Q(tenant_id=row.tenant_id) if of_all else Q(pk=row.mailbox_id))
    sending.update(send_wait_until=min(until, timezone.now() + LONGEST_SILENCE))
    others = OutboundMessage.objects.filter(whose, state=State.QUEUED)
    others.filter(Q(retry_at=None) | Q(retry_at__lt=until)).update(retry_at=until)


@for_its_tenant
def cancel(row: OutboundMessage, *, by: audit.Actor) -> bool:
    """Take a mail out of the queue; False when it is being sent, or has been."""
    open_states = (State.QUEUED, State.UNCERTAIN, State.FAILED)
    rows = OutboundMessage.objects.filter(pk=row.pk, state__in=open_states)
    free = rows.filter(Q(claimed_until=None) | Q(claimed_until__lt=timezone.now()))
    with transaction.atomic():
        done = bool(free.update(state=State.CANCELLED, retry_at=None, claimed_until=None))
        if done:
            forget_upload(row)
            audit.note(audit.Action.CANCELLED, row, by=by)
    return done


@for_its_tenant
def queue_again(row: OutboundMessage, *, by: audit.Actor) -> bool:
    """Put a mail back to be sent from now on; a person has decided that it did not leave."""
    rows = OutboundMessage.objects.filter(
        pk=row.pk, state__in=(State.FAILED, State.UNCERTAIN, State.CANCELLED)
    )
    free = rows.filter(Q(claimed_until=None) | Q(claimed_until__lt=timezone.now()))
    # Queued anew also for the five days; a draft that is still there is found and used.
    fresh: dict[str, object] = {"queued_at": timezone.now(), "told_at": None}
    fresh |= {"retry_at": None, "claimed_until": None, "asked_at": None}
    with transaction.atomic():
        marks = free.values_list("deliveries", flat=True).first() or {}
        taken = {email: mark for email, mark in marks.items() if mark == Delivery.TAKEN}
        done = bool(free.update(state=State.QUEUED, deliveries=taken, **fresh))
        if done:
            audit.note(audit.Action.SENT_AGAIN, row, by=by)
    return done


@for_its_tenant
def note_left(row: OutboundMessage, *, by: audit.Actor) -> bool:
    """Believe a person who has seen a mail in doubt among those that left; False where there is no doubt."""
    rows = OutboundMessage.objects.filter(pk=row.pk, state=State.UNCERTAIN)
    free = rows.filter(Q(claimed_until=None) | Q(claimed_until__lt=timezone.now()))
    settled = {"retry_at": None, "claimed_until": None, "told_at": None, "error": None}
    with transaction.atomic():
        done = bool(free.update(state=State.SENT, sent_at=Coalesce("asked_at", "queued_at"), **settled))
        if done:
            audit.note(audit.Action.CHANGED, row, by=by, state=[State.UNCERTAIN, State.SENT])
    return done


def mark_bounced(
    tenant_id: int, message_id: str, *, status: str = "", addresses: Collection[str] = ()
) -> OutboundMessage | None:
    """Note that a mail of ours did not reach these addresses; None when it is none of this tenant's.

    Exchange takes mail over Graph before it counts: a limit of the sender is told by such a report, by its `status`.
    """
    ours = OutboundMessage.objects.filter(
        Q(message_id=message_id) | Q(remote_message_id=message_id), tenant_id=tenant_id
    )
    # Each recipient may have a report of his own.
    left = ours.filter(state__in=(State.SENT, State.UNCERTAIN, State.SENDING, State.BOUNCED))
    row: OutboundMessage | None = left.first()
    if row is None:
        return None
    limit = limit_of(status)
    if limit is not None:
        _put_off(row, limit, timezone.now() + (limit.retry_after or timedelta(0)))
    told = (limit.diagnosis if limit else diagnose_own("mail_bounced")).as_json()
    missed = {one.lower() for one in addresses}
    refused = {one: Delivery.REFUSED for one in row.everybody() if one.lower() in missed}
    marks = {**row.deliveries, **refused}
    told_at = row.told_at if row.state == State.BOUNCED else None
    settled = {"deliveries": marks, "retry_at": None, "claimed_until": None, "told_at": told_at}
    return row if left.filter(pk=row.pk).update(state=State.BOUNCED, error=told, **settled) else None
