"""Fill ledger and tickets with old mail, in the database alone: rows are copied, no bytes are stored."""

from __future__ import annotations

from typing import Any

from django.core.management.color import no_style
from django.db import connection, models

from mailboxes.models import InboundMessage, Mailbox
from tests import factories
from tests.bench import cloud
from tickets.models import Entry, ThreadKey, Ticket

#: Far from what a run adds, so that one number serves all tables.
FIRST = 1000
NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT %s UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)"
PREFILLED: tuple[type[models.Model], ...] = (InboundMessage, Ticket, Entry, ThreadKey)


def main(orders: dict[str, Any]) -> dict[str, Any]:
    count = int(orders["count"])
    mailbox = Mailbox.objects.get(address=cloud.ADDRESS)
    row = factories.InboundMessageFactory(mailbox=mailbox, state="filed", raw_path="raw/1/old.eml")
    InboundMessage.objects.filter(pk=row.pk).update(
        acknowledged_at=row.received_at, filed_at=row.received_at, sha256="0" * 64, raw_bytes=8000
    )
    ticket = factories.TicketFactory(tenant=mailbox.tenant, mailbox=mailbox, queue=mailbox.queue)
    entry = factories.EntryFactory(
        ticket=ticket, inbound=row, text="It burns. " * 250, html="<p>It burns.</p>" * 300
    )
    key = ThreadKey.objects.create(tenant=mailbox.tenant, ticket=ticket, key="0" * 64)
    copy_row(row, count, {"remote_id": "'old-' || n", "remote_key": "'old-' || n"})
    copy_row(ticket, count, {"reference": "'OLD-' || n", "reply_token": "'old-' || n"})
    copy_row(entry, count, {"ticket_id": "n", "inbound_id": "n"})
    for kind in ("id", "root", "content"):
        copy_row(key, count, {"key": f"'{kind}-old-' || n", "ticket_id": "n"}, shift=_keys(count, kind))
    settle()
    return {"stored": InboundMessage.objects.count()}


def _keys(count: int, kind: str) -> int:
    return count * ("id", "root", "content").index(kind)


def copy_row(row: models.Model, count: int, own: dict[str, str], *, shift: int = 0) -> None:
    """Copy a row so many times; `own` says in SQL what differs, `n` being the number of the copy."""
    quote = connection.ops.quote_name
    names = [str(field.column) for field in row._meta.concrete_fields]
    values = {"id": f"n + {shift}", **own}
    chosen = ", ".join(values.get(name, quote(name)) for name in names)
    table = quote(row._meta.db_table)
    columns = ", ".join(map(quote, names))
    source = f"SELECT {chosen} FROM {table} CROSS JOIN numbers WHERE id = %s"
    # PostgreSQL takes WITH before INSERT or before SELECT, SQLite as well; here it stands before SELECT.
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({columns}) {NUMBERS} {source}", [FIRST, FIRST + count - 1, row.pk]
        )


def settle() -> None:
    """Let the counters of the ids go on behind the copies, and the planner know the sizes."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(PREFILLED)):
            cursor.execute(statement)
        # What autovacuum would do within a minute: without it no index can be read alone.
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
