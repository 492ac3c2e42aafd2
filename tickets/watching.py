"""Flow: somebody follows a ticket that is not his."""

from __future__ import annotations

from django.contrib.auth.models import User

from tickets.models import Ticket


def watch(ticket: Ticket, *, by: User) -> bool:
    """Follow the ticket, or stop following it; tells whether it is followed now."""
    if ticket.watchers.filter(pk=by.pk).exists():
        ticket.watchers.remove(by)
        return False
    ticket.watchers.add(by)
    return True
