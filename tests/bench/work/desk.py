"""Fill the house with the mail of two hundred customers, then open each page that is looked at all day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any, Final
from urllib.parse import quote

from django.db import connection
from django.test import Client
from django.urls import reverse

from mailboxes.models import InboundMessage, Mailbox
from tenants.models import Membership, Tenant
from tests import factories
from tests.bench import cloud
from tests.bench.meter import Statements, measured
from tests.bench.work.prefill import FIRST, copy_row, settle
from tickets.models import Ticket

TENANTS: Final = 200
MAILBOXES: Final = 10_000
#: The first round opens connections and compiles templates; of the others, the middle one counts.
ROUNDS: Final = 5
#: Entries of the long conversations.
LONG: Final = (200, 1000)
#: Words of every mail, of one in a hundred, of a few; each with what varies from mail to mail.
COMMON: Final = (
    "The printer on the second floor is out of paper again, could somebody have a look please? " * 4
)
VARIES: Final = "' model' || (n / 200) %% 100 || ' part' || n %% 30011 || ' serial' || n || ' x' || n * 71"
#: A person writes seven times.
PERSON: Final = "'person' || n / 7 || '@fabrikam.example'"
#: Moments by engine. Old ones are spread over 400 days; conversations move one a minute.
SPREAD: Final = {
    "postgresql": "now() - (n::bigint * 7919 %% 576000) * interval '1 minute'",
    "sqlite": "datetime('now', -(n * 7919 %% 576000) || ' minutes')",
}
MINUTES: Final = {
    "postgresql": "TIMESTAMPTZ '2026-01-01' + n * INTERVAL '1 minute'",
    "sqlite": "datetime('2026-01-01', n || ' minutes')",
}
#: Most tickets of a desk are done, and a mail in five thousand waits for somebody to look at it.
IS_OPEN: Final = "n %% 20 = 0"
STATUS: Final = f"CASE WHEN {IS_OPEN} THEN 'open' ELSE 'closed' END"
STATE: Final = "CASE WHEN n %% 5000 = 0 THEN 'quarantined' ELSE 'filed' END"
TROUBLE: Final = """CASE WHEN n %% 97 = 0 THEN '{"code": "x", "cause": "x", "who": "user", "fix": "x"}' END"""

TICKETS: Final = "tickets/ticket/"
LEDGER: Final = "mailboxes/inboundmessage/"
ASKED_OF_TICKETS: Final = {
    "words everywhere": "printer paper",
    "one in a hundred": "model42",
    "beginning": "pri",
    "two letters": "mo",
    "one ticket": "serial123456",
    "two words": "model42 part10042",
    "address": "person17@fabrikam.example",
    "nowhere": "zeppelin",
}
ASKED_OF_LEDGER: Final = {
    "words everywhere": "printer",
    "one in a hundred": "model42",
    "one mail": "serial123456",
    "address": "person17@fabrikam.example",
    "Message-ID": "<old-123456@fabrikam.example>",
    "nowhere": "zeppelin",
}


def main(orders: dict[str, Any]) -> dict[str, Any]:
    tenant = _fill(tickets=int(orders["tickets"]), mails=int(orders["mails"]))
    conversations = {count: _converse(tenant, count) for count in LONG}
    settle()
    statements = Statements()
    pages = dict(_pages(tenant, conversations))
    return {
        who: {name: _ask(client, page, statements) for name, page in pages.items()}
        for who, client in _people(tenant).items()
    }


def _fill(*, tickets: int, mails: int) -> Tenant:
    """Multiply one row of each kind by what the database can do itself; gives the customer who is looked at."""
    mailbox = Mailbox.objects.get(address=cloud.ADDRESS)
    tenants = factories.TenantFactory.create_batch(TENANTS)
    registrations = [factories.AppRegistrationFactory(tenant=tenant) for tenant in tenants]
    queues = [factories.QueueFactory(tenant=tenant) for tenant in tenants]
    own = {
        "tenant_id": f"{tenants[0].pk} + n %% {TENANTS}",
        "registration_id": f"{registrations[0].pk} + n %% {TENANTS}",
        "queue_id": f"{queues[0].pk} + n %% {TENANTS}",
    }
    _copy_mailboxes(mailbox, own)
    own["mailbox_id"] = f"{FIRST} + n %% {MAILBOXES}"
    _copy_mails(mailbox, own, tickets=tickets, mails=mails)
    return tenants[-1]


def _copy_mailboxes(mailbox: Mailbox, own: Mapping[str, str]) -> None:
    trouble = TROUBLE if connection.vendor == "sqlite" else f"({TROUBLE})::jsonb"
    varies = {"address": "'box' || n || '@fabrikam.example'", "trouble": trouble}
    copy_row(mailbox, MAILBOXES, own | varies)


def _copy_mails(mailbox: Mailbox, own: Mapping[str, str], *, tickets: int, mails: int) -> None:
    row = factories.InboundMessageFactory(mailbox=mailbox, state="filed", raw_path="raw/1/old.eml")
    InboundMessage.objects.filter(pk=row.pk).update(acknowledged_at=row.received_at)
    ticket = factories.TicketFactory(tenant=mailbox.tenant, mailbox=mailbox, queue=mailbox.queue)
    entry = factories.EntryFactory(ticket=ticket, inbound=row)
    mail = {
        "remote_id": "'old-' || n",
        "remote_key": "'old-' || n",
        "message_id": "'<old-' || n || '@fabrikam.example>'",
        "subject": f"'The printer again' || {VARIES}",
        "sender": PERSON,
        "received_at": SPREAD[connection.vendor],
        "state": STATE,
    }
    copy_row(row, mails, own | mail)
    opened = {
        "reference": "'OLD-' || n",
        "reply_token": "'old-' || n",
        "status": STATUS,
        "entry_count": "1",
        "requester_email": PERSON,
        "requester_name": "'Person ' || n / 7",
        "opened_at": SPREAD[connection.vendor],
        "closed_at": f"CASE WHEN NOT ({IS_OPEN}) THEN {SPREAD[connection.vendor]} END",
        "last_entry_at": MINUTES[connection.vendor],
    }
    copy_row(ticket, tickets, own | opened)
    copy_row(entry, tickets, own | {"ticket_id": "n", "inbound_id": "n", "text": f"'{COMMON}' || {VARIES}"})


def _converse(tenant: Tenant, count: int) -> Ticket:
    """Write a conversation of so many mails, each with its quoted history."""
    mailbox = Mailbox.objects.filter(tenant=tenant, trouble__isnull=True)[0]
    ticket: Ticket = factories.TicketFactory(
        tenant=tenant, mailbox=mailbox, queue=mailbox.queue, entry_count=count
    )
    entry = factories.EntryFactory(
        ticket=ticket, inbound=None, text=COMMON * 4, html=f"<p>{COMMON * 4}</p>" * 2
    )
    copy_row(entry, count - 1, {}, shift=1_000_000 + 10 * count)
    return ticket


def _pages(tenant: Tenant, conversations: Mapping[int, Ticket]) -> Iterator[tuple[str, str]]:
    yield "overview", ""
    yield "tickets", TICKETS
    yield "unread", f"{TICKETS}?for_me=unread"
    yield "news", f"{TICKETS}?for_me=news"
    yield "needs an answer", f"{TICKETS}?status__in=new%2Copen"
    for name, asked in ASKED_OF_TICKETS.items():
        yield f"tickets, {name}", f"{TICKETS}?q={quote(asked)}"
    for count, ticket in conversations.items():
        yield f"ticket of {count:,} entries", f"{TICKETS}{ticket.pk}/change/"
    yield "ledger", LEDGER
    yield "quarantine", f"{LEDGER}?state__exact=quarantined"
    for name, asked in ASKED_OF_LEDGER.items():
        yield f"ledger, {name}", f"{LEDGER}?q={quote(asked)}"
    mailboxes = reverse("admin:mailboxes_mailbox_changelist").removeprefix("/admin/")
    yield "mailboxes", mailboxes
    yield "mailboxes in trouble", f"{mailboxes}?health=trouble"
    yield (
        "one mailbox",
        f"{mailboxes}{Mailbox.objects.filter(tenant=tenant, trouble__isnull=True)[0].pk}/change/",
    )


def _people(tenant: Tenant) -> dict[str, Client]:
    agent = factories.MembershipFactory(tenant=tenant, role=Membership.Role.AGENT).user
    people = {"operator": factories.OperatorFactory(), "agent": agent}
    found = {}
    for name, person in people.items():
        found[name] = Client(SERVER_NAME="localhost")
        found[name].force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return found


def _ask(client: Client, page: str, statements: Statements) -> dict[str, float]:
    took_ms, counts = [], set()
    for _round in range(ROUNDS + 1):
        with measured(statements) as spent:
            answer = client.get(f"/admin/{page}")
        took_ms.append(spent.wall_s * 1000)
        counts.add(spent.statements)
    if answer.status_code != 200:
        raise RuntimeError(f"/admin/{page} answered {answer.status_code}.")
    return {
        "ms": median(took_ms[1:]),
        "first_ms": took_ms[0],
        "statements": max(counts),
        "bytes": len(answer.content),
    }
