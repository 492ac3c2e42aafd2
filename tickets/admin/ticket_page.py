"""What stands on one ticket's page around its conversation."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.http import HttpRequest

from tenants.models import AuditEntry
from tickets.admin.asking import approvals_of
from tickets.admin.columns import LEVELS, PRIORITY_LEVELS, due_shown
from tickets.admin.composer import composer
from tickets.admin.conversation import SHOWN_ENTRIES, conversation, folded
from tickets.looks import SAID_EVERY_S
from tickets.models import Tag, Ticket
from tickets.models.ticket import UNSOLVED

#: What is offered while tags are typed.
OFFERED_TAGS = 200
#: How far apart a ticket's closing and its line in the audit list are written.
CLOSING = timedelta(seconds=10)


def page(request: HttpRequest, ticket: Ticket, *, visible: QuerySet[Any]) -> dict[str, Any]:
    """Give what the template shows; `visible` are the tickets within reach of who asks."""
    shows_all, unread = "all" in request.GET, _unread(ticket)
    items = conversation(ticket, shows_all=shows_all, unread=unread)
    hidden = max(0, ticket.entry_count - len(items)) if len(items) >= SHOWN_ENTRIES else 0
    began, older, latest = folded(items, unread=len(items) if shows_all else unread, is_whole=not hidden)
    return {
        "subtitle": None,
        "began": began,
        "older": older,
        "latest": latest,
        "hidden_count": hidden,
        "level": LEVELS.get(ticket.status, "calm"),
        "priority_level": PRIORITY_LEVELS.get(ticket.priority, ""),
        "due": due_shown(ticket),
        "ticket_tags": ticket.tags.all(),
        "offered_tags": Tag.objects.filter(tenant_id=ticket.tenant_id)[:OFFERED_TAGS],
        "watchers": list(ticket.watchers.order_by("username")[:20]),
        "approvals": approvals_of(ticket),
        "said_every_s": SAID_EVERY_S,
        "note_key": uuid.uuid4().hex,
        "closed_by": _closed_by(ticket),
        "merged_here": visible.filter(merged_into=ticket)[:20],
        **_of_person(ticket, visible.filter(tenant_id=ticket.tenant_id, merged_into=None)),
        **composer(request, ticket),
    }


def _unread(ticket: Any) -> int:
    """Count what has come since somebody looked last; whoever looks for the first time has nothing to compare."""
    seen: int = getattr(ticket, "entries_seen", 0)
    return max(0, ticket.entry_count - seen) if seen else 0


def _closed_by(ticket: Ticket) -> str:
    """Name who has done the ticket, "" where nobody knows; the time of it finds the line without reading the list."""
    if ticket.closed_at is None:
        return ""
    about = AuditEntry.objects.filter(
        tenant_id=ticket.tenant_id,
        happened_at__range=(ticket.closed_at - CLOSING, ticket.closed_at + CLOSING),
        subject_kind=ticket._meta.label_lower,
        subject_id=ticket.pk,
        details__has_key="status",
    )
    return about.values_list("actor", flat=True).first() or ""


def _of_person(ticket: Ticket, visible: QuerySet[Any]) -> dict[str, Any]:
    """Tell of the same person's tickets, of this tenant alone."""
    if not ticket.requester_email:
        return {"others": (), "history": None}
    own = visible.filter(requester_email=ticket.requester_email)
    history = own.order_by().aggregate(
        count=Count("pk"), unsolved=Count("pk", filter=Q(status__in=UNSOLVED)), first_at=Min("opened_at")
    )
    return {"others": own.exclude(pk=ticket.pk)[:5], "history": history}
