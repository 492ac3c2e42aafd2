"""Flow: somebody follows a ticket that is not his, and is told of what is new on it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from tickets.looks import unread
from tickets.models import Ticket


def watch(ticket: Ticket, *, by: User) -> bool:
    """Follow the ticket, or stop following it; tells whether it is followed now."""
    if ticket.watchers.filter(pk=by.pk).exists():
        ticket.watchers.remove(by)
        return False
    ticket.watchers.add(by)
    return True


def news(tickets: QuerySet[Any], *, by: User) -> QuerySet[Any]:
    """Keep those of `with_reading` that somebody follows."""
    return unread(tickets.filter(watchers=by))
