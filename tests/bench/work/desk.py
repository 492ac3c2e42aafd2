"""Fill the desk with tickets of many tenants, then open and search the list as the operator and as an agent would."""

from __future__ import annotations

import time
from typing import Any, Final
from urllib.parse import quote

from django.db import connection
from django.test import Client

from mailboxes.models import InboundMessage, Mailbox
from tenants.models import Membership, Tenant
from tests import factories
from tests.bench import cloud
from tests.bench.meter import Statements, measured
from tests.bench.work.prefill import copy_row, settle

TENANTS: Final = 200
ROUNDS: Final = 3
#: Words of every mail, of one in a hundred, of a few; each with what varies from mail to mail.
COMMON: Final = (
    "The printer on the second floor is out of paper again, could somebody have a look please? " * 4
)
TEXT: Final = (
    f"'{COMMON}' || ' model' || (n / 200) %% 100 || ' part' || n %% 30011 || ' serial' || n || ' x' || n * 71"
)
#: One ticket a minute.
MINUTES: Final = {
    "postgresql": "TIMESTAMPTZ '2026-01-01' + n * INTERVAL '1 minute'",
    "sqlite": "datetime('2026-01-01', n || ' minutes')",
}
ASKED: Final = {
    "open": "",
    "everywhere": "printer paper",
    "one in a hundred": "model42",
    "beginning": "pri",
    "two letters": "mo",
    "one ticket": "serial123456",
    "words": "model42 part10042",
    "address": "person17@fabrikam.example",
    "nowhere": "zeppelin",
}
#: Pages besides the search box; what a desk looks at all day.
PAGES: Final = {
    "unread": "tickets/ticket/?for_me=unread",
    "news": "tickets/ticket/?for_me=news",
    "needs an answer": "tickets/ticket/?status__in=new%2Copen",
    "overview": "",
    "quarantine": "mailboxes/inboundmessage/?state__exact=quarantined",
    "mailboxes in trouble": "mailboxes/mailbox/?health=trouble",
}
#: Most tickets of a desk are done, and a mail in a hundred waits for somebody to look at it.
STATUS: Final = "CASE WHEN n %% 20 = 0 THEN 'open' ELSE 'closed' END"
STATE: Final = "CASE WHEN n %% 100 = 0 THEN 'quarantined' ELSE 'filed' END"
MAILBOXES: Final = 10_000
TROUBLE: Final = """CASE WHEN n %% 50 = 0 THEN '{"code": "x", "cause": "x", "who": "user", "fix": "x"}' END"""


def main(orders: dict[str, Any]) -> dict[str, Any]:
    _fill(int(orders["tickets"]))
    statements = Statements()
    searches = {name: f"tickets/ticket/?q={quote(asked)}" for name, asked in ASKED.items()}
    return {
        who: {name: _page(client, page, statements) for name, page in (searches | PAGES).items()}
        for who, client in _people().items()
    }


def _fill(count: int) -> None:
    mailbox = Mailbox.objects.get(address=cloud.ADDRESS)
    tenants = factories.TenantFactory.create_batch(TENANTS)
    tenant = f"{tenants[0].pk} + n %% {TENANTS}"
    row = factories.InboundMessageFactory(mailbox=mailbox, state="filed", raw_path="raw/1/old.eml")
    InboundMessage.objects.filter(pk=row.pk).update(acknowledged_at=row.received_at)
    ticket = factories.TicketFactory(tenant=mailbox.tenant, mailbox=mailbox, queue=mailbox.queue)
    entry = factories.EntryFactory(ticket=ticket, inbound=row)
    trouble = TROUBLE if connection.vendor == "sqlite" else f"({TROUBLE})::jsonb"
    boxes = {"address": "'box' || n || '@fabrikam.example'", "tenant_id": tenant, "trouble": trouble}
    copy_row(mailbox, MAILBOXES, boxes)
    mail = {"remote_id": "'old-' || n", "remote_key": "'old-' || n", "tenant_id": tenant, "state": STATE}
    copy_row(row, count, mail)
    own = {
        "status": STATUS,
        "entry_count": "1",
        "reference": "'OLD-' || n",
        "reply_token": "'old-' || n",
        "tenant_id": tenant,
    }
    # A person writes seven times.
    person = "'person' || n / 7 || '@fabrikam.example'"
    moments = {"last_entry_at": MINUTES[connection.vendor]}
    copy_row(
        ticket, count, own | moments | {"requester_email": person, "requester_name": "'Person ' || n / 7"}
    )
    copy_row(entry, count, {"ticket_id": "n", "inbound_id": "n", "tenant_id": tenant, "text": TEXT})
    settle()


def _people() -> dict[str, Client]:
    agent = factories.UserFactory()
    factories.MembershipFactory(
        user=agent, tenant=Tenant.objects.order_by("-pk")[0], role=Membership.Role.AGENT
    )
    people = {"operator": factories.OperatorFactory(), "agent": agent}
    found = {}
    for name, person in people.items():
        found[name] = Client(SERVER_NAME="localhost")
        found[name].force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return found


def _page(client: Client, page: str, statements: Statements) -> dict[str, float]:
    """Ask several times; the first opens connections and files."""
    took_ms = []
    for _round in range(ROUNDS + 1):
        started = time.perf_counter()
        with measured(statements) as spent:
            answer = client.get(f"/admin/{page}")
        took_ms.append((time.perf_counter() - started) * 1000)
        if answer.status_code != 200:
            raise RuntimeError(f"/admin/{page} answered {answer.status_code}.")
    return {
        "ms": min(took_ms[1:]),
        "first_ms": took_ms[0],
        "statements": spent.statements,
        "bytes": len(answer.content),
    }
