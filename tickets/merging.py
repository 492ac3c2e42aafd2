"""Flow: staff make one ticket of several, take that back, or make two of one. The mail still to come follows.

A merged ticket stays, closed and empty, and stands for the one that took it over; each entry remembers where it was.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mailboxes.parsing.gate import one_line
from tenants import audit
from tenants.whom import for_its_tenant, for_machine
from tickets.models import Entry, Tag, ThreadKey, Ticket
from tickets.models.ticket import new_reference
from tickets.policies.threads import message_key
from tickets.unsent import standing_of

Kind, Status = Entry.Kind, Ticket.Status
#: More than belongs together.
MAX_TICKETS: Final = 50


class NotPossible(Exception):
    """These tickets or entries cannot be put together or taken apart; the text says why, for a person."""


# Tickets of two tenants are refused by _check, in words.
@for_machine()
def merge(tickets: Sequence[Ticket], *, into: Ticket, by: User) -> None:
    """Put all entries of the tickets on `into`. Raises NotPossible, and changes nothing then."""
    with transaction.atomic():
        locked = _locked([into, *tickets])
        into = locked.pop(into.pk)
        _check(locked.values(), into)
        entries = Entry.objects.filter(ticket__in=locked)
        entries.filter(came_from=None).update(came_from=F("ticket_id"))
        entries.update(ticket=into)
        ThreadKey.objects.filter(ticket__in=locked).update(ticket=into)
        into.tags.add(*Tag.objects.filter(tickets__in=locked))
        into.watchers.add(*User.objects.filter(pk__in=_watchers(locked)))
        _close(locked, into)
        reckon(into, is_woken=any(one.status in (Status.NEW, Status.OPEN) for one in locked.values()))
        _note_merge(locked.values(), into, by=by)


@for_its_tenant
def unmerge(ticket: Ticket, *, by: User) -> None:
    """Give a merged ticket its entries back, and open it. Raises NotPossible."""
    with transaction.atomic():
        ticket = _locked([ticket])[ticket.pk]
        into = ticket.merged_into
        if into is None:
            raise NotPossible(_("This ticket is not merged into another."))
        _move(Entry.objects.filter(ticket=into, came_from=ticket), to=ticket)
        Ticket.objects.filter(pk=ticket.pk).update(merged_into=None, status=Status.OPEN, closed_at=None)
        reckon(ticket)
        reckon(into)
        _tell(
            ticket,
            gettext_noop("Taken apart from %(reference)s again.") % {"reference": into.reference},
            by=by,
        )
        _tell(
            into,
            gettext_noop("%(reference)s was taken apart again.") % {"reference": ticket.reference},
            by=by,
        )
        audit.note(audit.Action.CHANGED, ticket, by=by, merged_into=[into.reference, None])


@for_its_tenant
def split(ticket: Ticket, entry_ids: Collection[int], *, by: User) -> Ticket:
    """Make a new ticket of some entries, for whoever wrote the first of them. Raises NotPossible."""
    with transaction.atomic():
        ticket = _locked([ticket])[ticket.pk]
        own = Entry.objects.filter(ticket=ticket).exclude(kind=Kind.SYSTEM)
        chosen = list(own.filter(pk__in=entry_ids).order_by("happened_at", "pk").defer("html", "text"))
        if not any(entry.kind == Kind.MAIL_IN for entry in chosen):
            raise NotPossible(_("Choose at least one mail from the customer: it opens the new ticket."))
        if own.count() == len(chosen):
            raise NotPossible(_("Leave at least one entry on this ticket."))
        made = _opened(ticket, next(entry for entry in chosen if entry.kind == Kind.MAIL_IN))
        _move(own.filter(pk__in=[entry.pk for entry in chosen]), to=made)
        reckon(made)
        reckon(ticket)
        count = len(chosen)
        moved = {"n": count, "reference": made.reference}
        _tell(ticket, gettext_noop("%(n)s entries went to the new ticket %(reference)s.") % moved, by=by)
        _tell(made, gettext_noop("Split off from %(reference)s.") % {"reference": ticket.reference}, by=by)
        audit.note(audit.Action.CHANGED, ticket, by=by, split_off=[None, made.reference], entries=[count])
    return made


def _locked(tickets: Sequence[Ticket]) -> dict[int, Ticket]:
    """Read the tickets anew and hold them, in the order everybody does."""
    rows = Ticket.objects.select_for_update().filter(pk__in=[ticket.pk for ticket in tickets])
    return {row.pk: row for row in rows.order_by("pk")}


def _check(tickets: Collection[Ticket], into: Ticket) -> None:
    if not tickets:
        raise NotPossible(_("A ticket cannot be merged into itself."))
    if len(tickets) > MAX_TICKETS:
        raise NotPossible(_("At most %(n)d tickets are merged at once.") % {"n": MAX_TICKETS})
    if {ticket.tenant_id for ticket in tickets} != {into.tenant_id}:
        raise NotPossible(_("Only tickets of the same tenant are merged."))
    if any(ticket.merged_into_id for ticket in (*tickets, into)):
        raise NotPossible(_("One of these tickets is merged into another already."))


def _watchers(tickets: Collection[int]) -> QuerySet[Any]:
    return Ticket.watchers.through._default_manager.filter(ticket__in=list(tickets)).values("user_id")


def _close(tickets: Collection[int], into: Ticket) -> None:
    Ticket.objects.filter(merged_into__in=tickets).update(merged_into=into)
    Ticket.objects.filter(pk__in=tickets).update(
        merged_into=into, status=Status.CLOSED, closed_at=timezone.now(), entry_count=0, waits_since_at=None
    )


def _note_merge(tickets: Collection[Ticket], into: Ticket, *, by: User) -> None:
    references = ", ".join(ticket.reference for ticket in tickets)
    _tell(
        into, gettext_noop("%(references)s was merged into this ticket.") % {"references": references}, by=by
    )
    audit.note_many(
        audit.line(audit.Action.CHANGED, ticket, by=by, details={"merged_into": [None, into.reference]})
        for ticket in tickets
    )


def _opened(ticket: Ticket, first: Entry) -> Ticket:
    made: Ticket = Ticket.objects.create(
        tenant_id=ticket.tenant_id,
        reference=new_reference(ticket.tenant.name),
        queue_id=ticket.queue_id,
        mailbox_id=ticket.mailbox_id,
        subject=one_line(first.subject, max_chars=998),
        status=Status.OPEN,
        assignee_id=ticket.assignee_id,
        priority=ticket.priority,
        requester_name=first.from_name,
        requester_email=first.from_email.lower(),
        opened_at=first.happened_at,
    )
    return made


def _move(entries: QuerySet[Any], *, to: Ticket) -> None:
    """Move entries, with the marks by which answers to them are found."""
    rows = list(entries.values_list("pk", "message_id"))
    keys = [message_key(message_id) for _pk, message_id in rows if message_id]
    ThreadKey.objects.filter(tenant_id=to.tenant_id, key__in=keys).update(ticket=to)
    Entry.objects.filter(pk__in=[pk for pk, _id in rows]).update(ticket=to, came_from=None)


def reckon(ticket: Ticket, *, is_woken: bool = False) -> None:
    """Bring what the ticket says of its entries in line with them; without a mail nobody waits."""
    values: dict[str, Any] = {
        "entry_count": Entry.objects.filter(ticket=ticket).count(),
        "last_entry_by": Ticket.Spoke.STAFF,
        "waits_since_at": None,
    }
    if stands := standing_of(ticket):
        values |= {
            "last_entry_at": stands.last_at,
            "last_entry_by": stands.by,
            "waits_since_at": stands.waits_since,
        }
    if is_woken and ticket.status not in (Status.NEW, Status.OPEN):
        values |= {"status": Status.OPEN, "closed_at": None}
    Ticket.objects.filter(pk=ticket.pk).update(**values)


def _tell(ticket: Ticket, text: str, *, by: User) -> None:
    """Put an event among the entries. It is nobody's word to anybody."""
    Entry.objects.create(
        tenant_id=ticket.tenant_id,
        ticket=ticket,
        kind=Kind.SYSTEM,
        happened_at=timezone.now(),
        from_name=by.get_full_name() or by.get_username(),
        text=text,
    )
    Ticket.objects.filter(pk=ticket.pk).update(entry_count=F("entry_count") + 1)
