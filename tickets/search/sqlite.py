"""The search index of SQLite: FTS5 tables without texts of their own, kept in step by triggers.

PostgreSQL computes a column instead, which a migration adds. Source: sqlite.org/fts5.html §4.4.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

#: Indexed columns by table.
INDEXED: Final[Mapping[str, tuple[str, ...]]] = {
    "tickets_ticket": ("reference", "subject", "requester_name", "requester_email"),
    "tickets_entry": ("subject", "from_name", "from_email", "text"),
    "mailboxes_inboundmessage": ("subject", "sender", "message_id"),
}

_TABLE: Final = """
CREATE VIRTUAL TABLE IF NOT EXISTS {table}_search USING fts5(
    {columns}, content='{table}', content_rowid='id', prefix='2 3', tokenize='unicode61 remove_diacritics 0')
"""
_FILL: Final = "INSERT INTO {table}_search({table}_search) VALUES ('rebuild')"
_PRESS: Final = "INSERT INTO {table}_search({table}_search) VALUES ('optimize')"
_ADD: Final = "INSERT INTO {table}_search(rowid, {columns}) VALUES (new.id, {new});"
_TAKE: Final = (
    "INSERT INTO {table}_search({table}_search, rowid, {columns}) VALUES ('delete', old.id, {old});"
)
#: By the event's name, which ends the trigger's.
_TRIGGERS: Final[Mapping[str, str]] = {
    "added": f"CREATE TRIGGER {{table}}_search_added AFTER INSERT ON {{table}} BEGIN {_ADD} END",
    "removed": f"CREATE TRIGGER {{table}}_search_removed AFTER DELETE ON {{table}} BEGIN {_TAKE} END",
    "changed": "CREATE TRIGGER {table}_search_changed AFTER UPDATE OF {columns} ON {table} "
    f"BEGIN {_TAKE} {_ADD} END",
}


def put_up(using: str = "default", **_signal: Any) -> None:
    """Make the index and its triggers where they are missing, and fill it.

    Called after every migrate: SQLite changes many columns by copying the table, and the triggers go with the old one.
    """
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    tables = set(connection.introspection.table_names())
    for table in INDEXED:
        if table in tables and not _has_triggers(connection, table):
            _make(connection, table)


def press(using: str = "default") -> None:
    """Make the index whole: words of rows that are gone lie in its pieces until they are joined."""
    connection = connections[using]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for table in INDEXED:
                cursor.execute(_PRESS.format(table=table))


def _has_triggers(connection: BaseDatabaseWrapper, table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s AND name LIKE %s",
            [table, f"{table}_search_%"],
        )
        return bool(cursor.fetchone()[0] == len(_TRIGGERS))


def _make(connection: BaseDatabaseWrapper, table: str) -> None:
    columns = INDEXED[table]
    parts = {
        "table": table,
        "columns": ", ".join(columns),
        "new": ", ".join(f"new.{column}" for column in columns),
        "old": ", ".join(f"old.{column}" for column in columns),
    }
    with connection.cursor() as cursor:
        try:
            cursor.execute(_TABLE.format(**parts))
        except OperationalError as error:
            raise ImproperlyConfigured(
                "The SQLite of this Python has no full-text search (FTS5). Use another build of Python, or "
                "PostgreSQL by DATABASE_URL."
            ) from error
        for event, trigger in _TRIGGERS.items():
            cursor.execute(f"DROP TRIGGER IF EXISTS {table}_search_{event}")
            cursor.execute(trigger.format(**parts))
        cursor.execute(_FILL.format(**parts))
