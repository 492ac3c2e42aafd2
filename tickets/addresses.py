"""Who is meant by the first letters of an address: people who have written on tickets that whoever types may see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.db.models import QuerySet

from tickets.models import Entry, Ticket
from tickets.models.entry import NOT_OF_APPROVERS
from tickets.replies import Person, own_addresses

#: Tickets that are looked through, newest first; whoever has not written for so long is typed in full.
MOST_TICKETS: Final = 3_000
#: Mails of the ticket itself, for those in copy.
MOST_MAILS: Final = 50
MOST_OFFERED: Final = 8


def suggest(ticket: Ticket, term: str, *, visible: QuerySet[Any]) -> list[Person]:
    """Give people whose name or address has the letters: who is named in full, those of this ticket, the others.

    `visible` are the tickets within reach of who asks; only those of the ticket's own tenant are looked at.
    """
    wanted = term.strip().lower()
    own = own_addresses(ticket.tenant_id)
    found: dict[str, Person] = {}
    for name, email in _people(ticket, visible.filter(tenant_id=ticket.tenant_id)):
        address = email.lower()
        if address and address not in own and (wanted in address or wanted in name.lower()):
            found.setdefault(address, {"name": name, "email": email})
    return sorted(found.values(), key=lambda one: one["email"].lower() != wanted)[:MOST_OFFERED]


def others_on(ticket: Ticket) -> list[Person]:
    """Give who else the customer's last mail was from and to, for an answer to all of them."""
    mails = Entry.objects.filter(ticket=ticket, kind=Entry.Kind.MAIL_IN, auto_reply=False)
    mail = (
        mails.filter(NOT_OF_APPROVERS).order_by("-happened_at", "-pk").only("from_email", "to", "cc").first()
    )
    if mail is None:
        return []
    left_out = own_addresses(ticket.tenant_id) | {ticket.requester_email.lower(), ""}
    people = [{"name": "", "email": mail.from_email}, *_readable(mail)]
    return list(
        {one["email"].lower(): one for one in people if one["email"].lower() not in left_out}.values()
    )


def _people(ticket: Ticket, tickets: QuerySet[Any]) -> Iterator[tuple[str, str]]:
    mails = Entry.objects.filter(ticket=ticket, kind=Entry.Kind.MAIL_IN, auto_reply=False)
    for mail in mails.order_by("-pk").only("from_name", "from_email", "to", "cc")[:MOST_MAILS]:
        yield mail.from_name, mail.from_email
        yield from ((one["name"], one["email"]) for one in _readable(mail))
    newest = tickets.order_by("-last_entry_at").values_list("requester_name", "requester_email")
    yield from newest[:MOST_TICKETS]


def _readable(mail: Entry) -> list[Person]:
    people = [one for one in (*mail.to, *mail.cc) if isinstance(one, dict)]
    return [{"name": str(one.get("name", "")), "email": str(one.get("email", ""))} for one in people]
