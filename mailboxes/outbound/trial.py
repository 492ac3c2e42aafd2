"""A test mail, sent past the outbox: it belongs to no ticket, and whoever asked for it is waiting."""

from __future__ import annotations

from contextlib import closing, suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from mailboxes.governor import visit
from mailboxes.models import Mailbox
from mailboxes.outbound import copies, senders
from mailboxes.transports.out import open_outbound, why_not
from mailboxes.transports.outgoing import OutboundTransport, Outgoing
from tenants.errors import IntegrationError
from tenants.setup.check import Check, failed, passed, skipped

STEP = "send"


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
            _try(mailbox, wire, first, to)
            for sender in others:
                _try_alias(mailbox, wire, sender, to)
    except IntegrationError as error:
        if senders.is_refusal(error):
            error.diagnosis = senders.explain(error.diagnosis, mailbox, first)
        return failed(STEP, error)
    # Exchange has taken it; whether it arrives is seen in the other mailbox.
    return passed(STEP, f"a test mail is on its way to {to}")


def _try(mailbox: Mailbox, wire: OutboundTransport, sender: str, to: str) -> None:
    """Send one from this address and note what Exchange makes of it."""
    try:
        mail = _compose(mailbox, sender, to)
        wire.send_at_once(mail)
    except IntegrationError as error:
        if senders.is_refusal(error):
            senders.note_refused(mailbox, sender)
        raise
    senders.note_taken(mailbox, sender)
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


def _compose(mailbox: Mailbox, sender: str, to: str) -> Outgoing:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sender, to
    for name, value in senders.marks_of(mailbox, sender=sender).items():
        mail[name] = value
    mail["Subject"] = f"Test of {mailbox.address}"
    mail["Date"] = format_datetime(timezone.now())
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    # No machine is to answer it, this helpdesk's own included.
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(
        "This mail was sent to test the helpdesk's mailbox. If you can read it, sending works.\n"
    )
    return Outgoing(sender=sender, recipients=[to], message_id=str(mail["Message-ID"]), mime=mail.as_bytes())


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
