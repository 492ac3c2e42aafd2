"""What follows when an approval ends: its ticket tells of it, and whoever was asked is not kept waiting."""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from mailboxes.models import OutboundMessage
from mailboxes.outbound import outbox
from mailboxes.transports.out import why_not
from tickets.approval_mails import mails_to, spared_mail
from tickets.models import Approval, ApprovalRequest, Entry, Ticket

#: Mails in these states have left for nobody.
_NEVER_LEFT: Final = {OutboundMessage.State.CANCELLED.value, OutboundMessage.State.FAILED.value}


def end(approval: Approval, state: Approval.State) -> None:
    approval.state, approval.ended_at = state, timezone.now()
    approval.save(update_fields=["state", "ended_at"])


def spare(approval: Approval, *, by: User | None = None) -> None:
    """Keep nobody waiting who was asked and has not answered, now that it is over."""
    waiting = ApprovalRequest.objects.filter(approval=approval, state=ApprovalRequest.State.WAITING)
    for request in waiting.select_related("outbound"):
        request.approval = approval
        _spare(request, by=by)


def _spare(request: ApprovalRequest, *, by: User | None) -> None:
    """Stop the mails to one approver that still wait; tell him where one of them has left and none has come back."""
    mails = mails_to(request)
    for row in mails.filter(state=OutboundMessage.State.QUEUED):
        outbox.cancel(row, by=by)
    mailbox = request.approval.mailbox
    states = set(mails.values_list("state", flat=True))
    has_reached = OutboundMessage.State.BOUNCED not in states and bool(states - _NEVER_LEFT)
    if has_reached and mailbox is not None and not why_not(mailbox):
        word = _("%(who)s was told that the decision is no longer needed: %(question)s")
        tell(request.approval, word, by=by, mail=spared_mail(request), who=request.address)


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


def wake(ticket: Ticket) -> None:
    """Open a ticket that waits: its approval has ended, and somebody has to go on with it."""
    waiting = Ticket.objects.filter(pk=ticket.pk, status=Ticket.Status.WAITING)
    waiting.update(status=Ticket.Status.OPEN)
