"""Asking the index: one statement, whatever is asked, and a bounded number of tickets in return."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from django.db import connection

from tickets.search.words import is_prefix, words_of

#: Who gets more hits than this adds a word. The newest entries that match, and as many tickets, are looked at.
MAX_HITS: Final = 2000
#: Where so many of the newest MAX_HITS rows match, the words stand everywhere, and the newest rows are enough.
MANY_HITS: Final = MAX_HITS // 4

# Hits are gathered first and sorted then: walking all rows from the newest on until enough match looks cheap to a
# planner that misjudges how rare a word is, and takes seconds. The rows of one table, in the words of both.
_POSTGRES_HITS: Final = """
newest_{table} AS MATERIALIZED (
    SELECT id, ticket_id
      FROM (SELECT id, {ticket} AS ticket_id, search FROM {table} WHERE TRUE {{of_tenants}}
             ORDER BY id DESC LIMIT %(most)s) AS own
     WHERE search @@ (SELECT query FROM asked)),
hits_{table} AS MATERIALIZED (
    SELECT id, {ticket} AS ticket_id FROM {table}
     WHERE search @@ (SELECT query FROM asked) {{of_tenants}}
       AND (SELECT count(*) FROM newest_{table}) < %(many)s)"""
# Built of the names of our own tables alone; what is asked is a parameter.
_POSTGRES: Final = """
WITH asked AS MATERIALIZED (SELECT to_tsquery('simple', %(query)s) AS query),{entries},{tickets}
(SELECT ticket_id FROM hits_tickets_entry ORDER BY id DESC LIMIT %(most)s)
UNION SELECT ticket_id FROM newest_tickets_entry
UNION (SELECT ticket_id FROM hits_tickets_ticket ORDER BY id DESC LIMIT %(most)s)
UNION SELECT ticket_id FROM newest_tickets_ticket
""".format(  # noqa: S608
    entries=_POSTGRES_HITS.format(table="tickets_entry", ticket="ticket_id"),
    tickets=_POSTGRES_HITS.format(table="tickets_ticket", ticket="id"),
)
_SQLITE: Final = """
SELECT ticket_id FROM (
    SELECT ticket_id FROM tickets_entry_search AS hit JOIN tickets_entry AS own ON own.id = hit.rowid
     WHERE tickets_entry_search MATCH %(query)s {of_tenants} ORDER BY hit.rowid DESC LIMIT %(most)s)
UNION
SELECT id FROM (
    SELECT own.id FROM tickets_ticket_search AS hit JOIN tickets_ticket AS own ON own.id = hit.rowid
     WHERE tickets_ticket_search MATCH %(query)s {of_tenants} ORDER BY hit.rowid DESC LIMIT %(most)s)
"""


def ticket_ids(asked: str, *, tenants: Collection[int] | None) -> list[int]:
    """Find the tickets of these tenants that hold all the words, or words that begin with them, in one place.

    A place is the ticket itself (reference, subject, requester) or one of its entries (subject, sender, text).
    None asks in all tenants. Without a word in what was asked, nothing is found. In no particular order.
    """
    words = words_of(asked)
    if not words or (tenants is not None and not tenants):
        return []
    is_postgres = connection.vendor == "postgresql"
    values: dict[str, Any] = {
        "query": _tsquery(words) if is_postgres else _match(words),
        "most": MAX_HITS,
        "many": MANY_HITS,
    }
    of_tenants = ""
    if tenants is not None:
        marks = {f"tenant{number}": tenant_id for number, tenant_id in enumerate(tenants)}
        of_tenants = f"AND tenant_id IN ({', '.join(f'%({mark})s' for mark in marks)})"
        values |= marks
    statement = (_POSTGRES if is_postgres else _SQLITE).format(of_tenants=of_tenants)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [ticket_id for (ticket_id,) in cursor.fetchall()]


def _tsquery(words: Sequence[str]) -> str:
    """Write a query of PostgreSQL; quoted, no word is an operator. Source: PostgreSQL manual §8.11.2, §12.3.2."""
    return " & ".join(f"'{word}'{':*' if is_prefix(word) else ''}" for word in words)


def _match(words: Sequence[str]) -> str:
    """Write a query of FTS5; quoted, no word is an operator or a column. Source: sqlite.org/fts5.html §3."""
    return " AND ".join(f'"{word}"{" *" if is_prefix(word) else ""}' for word in words)
