"""A test mail, sent past the outbox: it belongs to no ticket, and whoever asked for it is waiting."""

from __future__ import annotations

from contextlib import closing
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from mailboxes.governor import visit
from mailboxes.models import Mailbox
from mailboxes.transports.out import open_outbound, sender_of, why_not
from mailboxes.transports.outgoing import Outgoing
from tenants.errors import IntegrationError
from tenants.setup.check import Check, failed, passed, skipped

STEP = "send"


def send_trial(mailbox: Mailbox, *, to: str) -> Check:
    """Send one short mail now; skipped with the reason where nothing can be sent, or nobody said where to.

    A wire that signs in for itself is at least knocked at.
    """
    if reason := why_not(mailbox):
        return skipped(STEP, reason)
    is_addressed = _is_address(to)
    if not is_addressed and mailbox.outbound_transport == Mailbox.Outbound.GRAPH:
        return skipped(STEP, "trial_unaddressed")
    try:
        with visit(mailbox) as gate, closing(open_outbound(mailbox, gate)) as wire:
            if not is_addressed:
                detail = "the sign-in was accepted" if wire.knock() else ""
                return skipped(STEP, "trial_unaddressed", detail=detail)
            wire.send_at_once(_compose(mailbox, to))
    except IntegrationError as error:
        return failed(STEP, error)
    # Exchange has taken it; whether it arrives is seen in the other mailbox.
    return passed(STEP, f"a test mail is on its way to {to}")


def _compose(mailbox: Mailbox, to: str) -> Outgoing:
    sender = sender_of(mailbox)
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sender, to
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
