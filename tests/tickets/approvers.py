"""A question to approvers, and the mails they send back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from mailboxes.models import InboundMessage, Mailbox, OutboundMessage
from mailboxes.outbound.compose import compose
from tests import factories
from tests.tickets.policies.test_trust import BORDER, INSIDE
from tickets.approvals import ask
from tickets.filing import Filer
from tickets.models import Approval, ApprovalAnswer, ApprovalRequest, Entry, Ticket
from tickets.questions import Question

ADA, BOB = "ada@fabrikam.example", "bob@fabrikam.example"


def asked(ticket: Ticket, *approvers: str, **values: Any) -> Approval:
    people = [{"name": "", "email": address} for address in approvers or (ADA, BOB)]
    values = {"deadline_at": timezone.now() + timedelta(days=1), "quorum": len(people)} | values
    question = Question(question="Buy the printer?", approvers=people, **values)
    by = factories.UserFactory(first_name="Grace", last_name="Hopper")
    return ask(ticket, question, by=by)


def request_to(address: str) -> ApprovalRequest:
    found: ApprovalRequest = ApprovalRequest.objects.select_related("outbound", "approval").get(
        address=address
    )
    return found


def proof(sender: str) -> list[str]:
    domain = sender.rpartition("@")[2]
    checks = f"spf=pass; dkim=pass; dmarc=pass action=none header.from={domain};compauth=pass reason=100"
    return [INSIDE, f"Authentication-Results: {checks}", BORDER]


def letter(
    name: str,
    text: str,
    *,
    to: str = "",
    sender: str = ADA,
    head: list[str] | None = None,
    subject: str = "Re: Approval needed",
    about: str = "",
) -> bytes:
    """Write a mail that answers the one of this Message-ID, its sender proven unless other header lines are given.

    `about` is an older mail of the same conversation.
    """
    lines = [*(proof(sender) if head is None else head), f"From: {sender}", f"Subject: {subject}"]
    lines += [f"Message-ID: <{name}@fabrikam.example>", "To: help@contoso.example"]
    lines += [f"In-Reply-To: {to}", f"References: {about} {to}"] if to else []
    lines += ["Content-Type: text/plain; charset=utf-8", "", *text.split("\n")]
    return "\r\n".join(lines).encode()


def answer(
    text: str,
    *,
    to: OutboundMessage | None,
    mailbox: Mailbox,
    received_at: datetime | None = None,
    **more: Any,
) -> InboundMessage:
    """Let such a mail come, and file it."""
    name = f"reply-{InboundMessage.objects.count()}"
    row: InboundMessage = factories.InboundMessageFactory(
        mailbox=mailbox,
        raw=letter(name, text, to=to.message_id if to else "", **more),
        message_id=f"<{name}@fabrikam.example>",
        received_at=received_at or timezone.now(),
    )
    Filer(mailbox.tenant_id).file_due()
    return row


def mime_of(row: OutboundMessage) -> bytes:
    """Give the mail as it leaves, its header lines unfolded."""
    mime: bytes = compose(row, max_mime_bytes=1_000_000, shows_bcc=False).mime
    return mime.replace(b"\r\n ", b"")


def counted() -> list[str]:
    """Give what the answers counted as, oldest first."""
    return list(ApprovalAnswer.objects.order_by("pk").values_list("counted_as", flat=True))


def advice() -> list[OutboundMessage]:
    """Give what approvers and others were told about answers that did not count, oldest first."""
    asked = ApprovalRequest.objects.values("outbound")
    return list(OutboundMessage.objects.exclude(pk__in=asked).order_by("pk"))


def events(ticket: Ticket) -> list[str]:
    rows = Entry.objects.filter(ticket=ticket, kind=Entry.Kind.SYSTEM).order_by("pk")
    return list(rows.values_list("text", flat=True))
