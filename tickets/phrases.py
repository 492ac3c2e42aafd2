"""What the placeholders of a template become on one ticket."""

from __future__ import annotations

from dataclasses import dataclass

from mailboxes.models import Mailbox
from mailboxes.outbound.placeholders import fill
from tickets.models import CannedAnswer, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Under which name and from which address a mail goes out; without a name it is the queue that speaks.

    To a requester nobody has proven, nothing is repeated that he wrote (S-77).
    """

    name: str
    address: str
    is_to_proven: bool = True


def footer_of(ticket: Ticket, mailbox: Mailbox, voice: Voice) -> str:
    """Give what stands below a mail from this mailbox, "" where it has no footer."""
    if not mailbox.outbound_footer.strip():
        return ""
    return fill(mailbox.outbound_footer, values_of(ticket, voice)).strip()


def canned_on(ticket: Ticket, voice: Voice) -> list[tuple[str, str]]:
    """Give the canned answers that are offered on a ticket, name and filled text, by name."""
    found = list(CannedAnswer.objects.offered_on(ticket))
    values = values_of(ticket, voice) if found else {}
    return [(one.name, fill(one.text, values)) for one in found]


def values_of(ticket: Ticket, voice: Voice) -> dict[str, str]:
    """Give the values; of a sender nobody has proven nothing but his address, which is where the mail goes."""
    return {
        "reference": ticket.reference,
        "subject": ticket.subject if voice.is_to_proven else "",
        "requester_name": (ticket.requester_name if voice.is_to_proven else "") or ticket.requester_email,
        "queue": ticket.queue.name,
        "agent_name": voice.name or ticket.queue.name,
        "organisation": ticket.tenant.name,
        "address": voice.address,
    }
