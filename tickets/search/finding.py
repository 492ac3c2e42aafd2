"""Asking the indexes: one statement, whatever is asked, and a bounded number of tickets or mails in return."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
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
    SELECT id, found_id
      FROM (SELECT id, {found} AS found_id, search FROM {table} WHERE TRUE {{of_tenants}}
             ORDER BY id DESC LIMIT %(most)s) AS own
     WHERE search @@ (SELECT query FROM asked)),
hits_{table} AS MATERIALIZED (
    SELECT id, {found} AS found_id FROM {table}
     WHERE search @@ (SELECT query FROM asked) {{of_tenants}}
       AND (SELECT count(*) FROM newest_{table}) < %(many)s)"""
_POSTGRES_FOUND: Final = """
(SELECT found_id FROM hits_{table} ORDER BY id DESC LIMIT %(most)s) UNION SELECT found_id FROM newest_{table}"""
_SQLITE_FOUND: Final = """
SELECT found_id FROM (
    SELECT own.{found} AS found_id FROM {table}_search AS hit JOIN {table} AS own ON own.id = hit.rowid
     WHERE {table}_search MATCH %(query)s {{of_tenants}} ORDER BY hit.rowid DESC LIMIT %(most)s)"""


@dataclass(frozen=True, slots=True)
class _Index:
    """Where to look: tables of our own, each with the column that names what is found."""

    places: tuple[tuple[str, str], ...]

    @property
    def postgres(self) -> str:
        hits = ",".join(self._each(_POSTGRES_HITS))
        found = " UNION ".join(self._each(_POSTGRES_FOUND))
        return f"WITH asked AS MATERIALIZED (SELECT to_tsquery('simple', %(query)s) AS query),{hits}{found}"

    @property
    def sqlite(self) -> str:
        return " UNION ".join(self._each(_SQLITE_FOUND))

    def _each(self, part: str) -> Iterator[str]:
        return (part.format(table=table, found=found) for table, found in self.places)


_TICKETS: Final = _Index((("tickets_entry", "ticket_id"), ("tickets_ticket", "id")))
_MAILS: Final = _Index((("mailboxes_inboundmessage", "id"),))


def ticket_ids(asked: str, *, tenants: Collection[int] | None) -> list[int]:
    """Find the tickets of these tenants that hold all the words, or words that begin with them, in one place.

    A place is the ticket itself (reference, subject, requester) or one of its entries (subject, sender, text).
    None asks in all tenants. Without a word in what was asked, nothing is found. In no particular order.
    """
    return _ids(_TICKETS, asked, tenants)


def mail_ids(asked: str, *, tenants: Collection[int] | None) -> list[int]:
    """Find the mails in the ledger whose subject, sender and Message-ID hold all the words; as `ticket_ids` does."""
    return _ids(_MAILS, asked, tenants)


def _ids(index: _Index, asked: str, tenants: Collection[int] | None) -> list[int]:
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
    # Built of the names of our own tables alone; what is asked is a parameter.
    statement = (index.postgres if is_postgres else index.sqlite).format(of_tenants=of_tenants)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [found_id for (found_id,) in cursor.fetchall()]


def _tsquery(words: Sequence[str]) -> str:
    """Write a query of PostgreSQL; quoted, no word is an operator. Source: PostgreSQL manual §8.11.2, §12.3.2."""
    return " & ".join(f"'{word}'{':*' if is_prefix(word) else ''}" for word in words)


def _match(words: Sequence[str]) -> str:
    """Write a query of FTS5; quoted, no word is an operator or a column. Source: sqlite.org/fts5.html §3."""
    return " AND ".join(f'"{word}"{" *" if is_prefix(word) else ""}' for word in words)
