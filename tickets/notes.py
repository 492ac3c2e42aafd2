"""Flow: staff write a note on a ticket. It stays inside; nothing of it is ever mailed."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from mailboxes.parsing.gate import storable
from tenants.whom import for_its_tenant
from tickets.models import Entry, Ticket

#: Longer than anybody types; a bound all the same. Characters.
MAX_NOTE = 100_000
MAX_KEY = 64


@for_its_tenant
def add_note(ticket: Ticket, text: str, *, by: User, key: str = "") -> Entry:
    """Put a note at the end of the conversation. It is no word to the customer, so `last word` stays.

    The same key twice gives the first note again: a double click is one note.
    """
    try:
        return _write(ticket, text, by=by, key=key)
    except IntegrityError:
        known: Entry | None = Entry.objects.filter(ticket=ticket, key=key[:MAX_KEY] or None).first()
        if known is None:
            raise
        return known


def _write(ticket: Ticket, text: str, *, by: User, key: str) -> Entry:
    with transaction.atomic():
        entry = Entry.objects.create(
            tenant_id=ticket.tenant_id,
            ticket=ticket,
            kind=Entry.Kind.NOTE,
            happened_at=timezone.now(),
            from_name=by.get_full_name() or by.get_username(),
            from_email=by.email,
            text=storable(text, max_chars=MAX_NOTE),
            key=key[:MAX_KEY] or None,
        )
        Ticket.objects.filter(pk=ticket.pk).update(entry_count=F("entry_count") + 1)
    return entry
