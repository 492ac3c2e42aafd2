"""Test mails stand on a ticket of their own, so that an answer to one shows that answers find their ticket."""

from __future__ import annotations

import uuid
from typing import Any, Final

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from mailboxes.models import Mailbox
from mailboxes.outbound.trial import Answered, Tie
from tenants.whom import for_its_tenant
from tickets.models import Entry, Queue, ThreadKey, Ticket
from tickets.models.ticket import new_reference
from tickets.policies.threads import message_key
from tickets.replies import own_addresses

SUBJECT: Final = "Test of {address}"


@for_its_tenant
def prepare(mailbox: Mailbox, *, sender: str, to: str) -> Tie | None:
    """Give what ties a test mail to its ticket; None where its answer would come from a mailbox of our own."""
    if to.lower() in own_addresses(mailbox.tenant_id):
        return None
    known = _tickets(mailbox).filter(requester_email=to.lower()).first()
    ticket = known or Ticket(
        tenant_id=mailbox.tenant_id,
        mailbox=mailbox,
        reference=new_reference(mailbox.tenant.name),
        subject=SUBJECT.format(address=mailbox.address),
        requester_email=to.lower(),
        status=Ticket.Status.WAITING,
        last_entry_by=Ticket.Spoke.STAFF,
    )
    message_id = f"<{ticket.reply_token}.{uuid.uuid4().hex}@{sender.rpartition('@')[2]}>"
    keeper = _Keeper(mailbox, ticket, message_id=message_id, sender=sender)
    return Tie(reference=ticket.reference, message_id=message_id, keep=keeper.keep)


@for_its_tenant
def last_answer(mailbox: Mailbox) -> Answered | None:
    """Say whether the latest test mail was answered, and on which ticket that answer was filed."""
    ticket = _tickets(mailbox).order_by("-pk").first()
    if ticket is None:
        return None
    entries = Entry.objects.filter(ticket=ticket).order_by("-pk")
    sent = entries.filter(kind=Entry.Kind.MAIL_OUT).first()
    answers = entries.filter(kind=Entry.Kind.MAIL_IN, auto_reply=False)
    # By what was written here first: Exchange's clock has whole seconds, and is another one.
    answer = answers.filter(pk__gt=sent.pk).first() if sent else None
    return Answered(reference=ticket.reference, answered_at=answer.happened_at if answer else None)


def _tickets(mailbox: Mailbox) -> QuerySet[Any]:
    subject = SUBJECT.format(address=mailbox.address)
    rows: QuerySet[Any] = Ticket.objects.filter(mailbox=mailbox, subject=subject, merged_into=None)
    return rows


def _support(mailbox: Mailbox) -> Queue:
    queue: Queue = Queue.objects.get_or_create(tenant_id=mailbox.tenant_id, name="Support")[0]
    return queue


class _Keeper:
    """Writes the ticket once the mail has left; a test that fails leaves none behind."""

    def __init__(self, mailbox: Mailbox, ticket: Ticket, *, message_id: str, sender: str) -> None:
        self.mailbox = mailbox
        self.ticket = ticket
        self.message_id = message_id
        self.sender = sender

    def keep(self, subject: str, text: str) -> None:
        _keep(self.mailbox, self, subject, text)


@for_its_tenant
def _keep(mailbox: Mailbox, keeper: _Keeper, subject: str, text: str) -> None:
    ticket, now = keeper.ticket, timezone.now()
    with transaction.atomic():
        if ticket.pk is None:
            ticket.queue = mailbox.queue or _support(mailbox)
            ticket.save()
        Entry.objects.create(
            tenant_id=mailbox.tenant_id,
            ticket=ticket,
            kind=Entry.Kind.MAIL_OUT,
            happened_at=now,
            message_id=keeper.message_id,
            from_email=keeper.sender,
            to=[{"name": "", "email": ticket.requester_email}],
            subject=subject,
            text=text,
        )
        key = message_key(keeper.message_id)
        ThreadKey.objects.create(tenant_id=mailbox.tenant_id, key=key, ticket=ticket)
        rows = Ticket.objects.filter(pk=ticket.pk)
        rows.update(entry_count=F("entry_count") + 1, last_entry_at=now, last_entry_by=Ticket.Spoke.STAFF)
