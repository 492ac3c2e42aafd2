"""A test mail, sent past the outbox: it belongs to no ticket, and whoever asked for it is waiting."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from typing import Final, Protocol

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from mailboxes.governor import visit
from mailboxes.models import Mailbox, Sender
from mailboxes.outbound import copies, senders
from mailboxes.transports.out import open_outbound, why_not
from mailboxes.transports.outgoing import OutboundTransport, Outgoing
from tenants.errors import IntegrationError
from tenants.setup.check import Check, failed, passed, skipped

STEP: Final = "send"
ANSWER_STEP: Final = "answer"
_TEXT: Final = "This mail was sent to test the helpdesk's mailbox. If you can read it, sending works.\n"
_ASKS: Final = "Please answer it: the next test then shows that answers find their ticket.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """The ticket a test mail stands on: its reference, the mail's Message-ID, and how it is kept once it has left."""

    reference: str
    message_id: str
    keep: Callable[[str, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The ticket of the latest test mail, and when an answer to it was filed there."""

    reference: str
    answered_at: datetime | None


class Prepare(Protocol):
    def __call__(self, mailbox: Mailbox, *, sender: str, to: str) -> Tie | None: ...


#: How those who have tickets tie test mails to one; nothing is imported from them here.
_ways: list[tuple[Prepare, Callable[[Mailbox], Answered | None]]] = []


def ties_with(prepare: Prepare, last_answer: Callable[[Mailbox], Answered | None]) -> None:
    """Have test mails stand on tickets, and their answers looked for there."""
    _ways[:] = [(prepare, last_answer)]


def examine_answer(mailbox: Mailbox) -> Check:
    """Say whether the answer to the latest test mail was filed on the ticket of that mail."""
    if reason := why_not(mailbox):
        return skipped(ANSWER_STEP, reason)
    found = next((last(mailbox) for _prepare, last in _ways), None)
    if found is None:
        return skipped(ANSWER_STEP, "trial_not_sent")
    if found.answered_at is None:
        return skipped(ANSWER_STEP, "trial_unanswered", detail=found.reference)
    when = f"{found.answered_at:%Y-%m-%d %H:%M} UTC"
    return passed(ANSWER_STEP, f"the answer of {when} is on the ticket of the test mail, {found.reference}")


def send_trial(mailbox: Mailbox, *, to: str) -> Check:
    """Send one short mail from each address now; skipped where nothing can be sent, or nobody said where to.

    A wire that signs in for itself is at least knocked at.
    """
    if reason := why_not(mailbox):
        return skipped(STEP, reason)
    is_addressed = _is_address(to)
    first, *others = senders.senders_of(mailbox)
    if not is_addressed and mailbox.outbound_transport == Mailbox.Outbound.GRAPH:
        return skipped(STEP, "trial_unaddressed")
    try:
        with visit(mailbox) as gate, closing(open_outbound(mailbox, gate)) as wire:
            if not is_addressed:
                detail = "the sign-in was accepted" if wire.knock() else ""
                return skipped(STEP, "trial_unaddressed", detail=detail)
            _try(mailbox, wire, first, to, is_tied=True)
            for sender in others:
                _try_alias(mailbox, wire, sender, to)
    except IntegrationError as error:
        if senders.is_refusal(error):
            error.diagnosis = senders.explain(error.diagnosis, mailbox, first)
        return failed(STEP, error)
    # Exchange has taken it; whether it arrives is seen in the other mailbox.
    row = Sender.objects.filter(mailbox=mailbox, address=first).first()
    where = f"; {senders.copy_in_words(row)}" if row else ""
    return passed(STEP, f"a test mail is on its way to {to}{where}")


def _try(mailbox: Mailbox, wire: OutboundTransport, sender: str, to: str, *, is_tied: bool = False) -> None:
    """Send one from this address and note what Exchange makes of it; a tied one stands on a ticket."""
    tie = (
        next((prepare(mailbox, sender=sender, to=to) for prepare, _last in _ways), None) if is_tied else None
    )
    try:
        mail = _compose(mailbox, sender, to, tie)
        wire.send_at_once(mail)
    except IntegrationError as error:
        if senders.is_refusal(error):
            senders.note_refused(mailbox, sender)
        raise
    senders.note_taken(mailbox, sender)
    if tie is not None:
        tie.keep(_subject(mailbox, tie), _text(tie))
    with suppress(IntegrationError):
        # Nothing but a look: a mail that was taken is not worse for a copy that cannot be found.
        copies.look_for(mailbox, wire, sender=sender, message_id=mail.message_id)


def _try_alias(mailbox: Mailbox, wire: OutboundTransport, sender: str, to: str) -> None:
    """Try an address that mail can do without; a refusal is told by the step about addresses."""
    try:
        _try(mailbox, wire, sender, to)
    except IntegrationError as error:
        if not senders.is_refusal(error):
            raise


def _subject(mailbox: Mailbox, tie: Tie | None) -> str:
    return f"Test of {mailbox.address}" + (f" [#{tie.reference}]" if tie else "")


def _text(tie: Tie | None) -> str:
    return f"{_TEXT}{_ASKS}" if tie else _TEXT


def _compose(mailbox: Mailbox, sender: str, to: str, tie: Tie | None) -> Outgoing:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sender, to
    for name, value in senders.marks_of(mailbox, sender=sender).items():
        mail[name] = value
    mail["Subject"] = _subject(mailbox, tie)
    mail["Date"] = format_datetime(timezone.now())
    mail["Message-ID"] = tie.message_id if tie else make_msgid(domain=sender.rpartition("@")[2])
    # No machine is to answer it, this helpdesk's own included.
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(_text(tie))
    return Outgoing(sender=sender, recipients=[to], message_id=str(mail["Message-ID"]), mime=mail.as_bytes())


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
