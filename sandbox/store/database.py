"""The SQLite file behind the mailboxes: one connection, one lock, a log of changes that delta queries read."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS record (kind TEXT, key TEXT, document TEXT NOT NULL, PRIMARY KEY (kind, key));
CREATE TABLE IF NOT EXISTS folder (
    n INTEGER PRIMARY KEY AUTOINCREMENT, mailbox INTEGER NOT NULL, parent INTEGER, name TEXT NOT NULL,
    well_known TEXT, hidden INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0,
    unread INTEGER NOT NULL DEFAULT 0, seq INTEGER NOT NULL DEFAULT 0, generation INTEGER NOT NULL DEFAULT 0,
    removed INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS folder_parent ON folder (mailbox, parent);
CREATE INDEX IF NOT EXISTS folder_seq ON folder (mailbox, seq);
CREATE TABLE IF NOT EXISTS message (
    n INTEGER PRIMARY KEY AUTOINCREMENT, mailbox INTEGER NOT NULL, folder INTEGER NOT NULL,
    generation INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 1,
    received_at TEXT NOT NULL, sent_at TEXT NOT NULL, created_at TEXT NOT NULL, modified_at TEXT NOT NULL,
    message_id TEXT NOT NULL, subject TEXT NOT NULL, sender TEXT NOT NULL, conversation TEXT NOT NULL,
    is_read INTEGER NOT NULL, is_draft INTEGER NOT NULL, has_attachments INTEGER NOT NULL,
    importance TEXT NOT NULL, categories TEXT NOT NULL, flag TEXT NOT NULL,
    mime TEXT NOT NULL, details TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS message_received ON message (folder, received_at);
CREATE INDEX IF NOT EXISTS message_key ON message (mailbox, message_id);
CREATE TABLE IF NOT EXISTS change (
    folder INTEGER, n INTEGER, generation INTEGER, created_seq INTEGER NOT NULL, seq INTEGER NOT NULL,
    removed TEXT NOT NULL DEFAULT '', PRIMARY KEY (folder, n, generation)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS change_seq ON change (folder, seq);
CREATE INDEX IF NOT EXISTS change_created ON change (folder, created_seq);
CREATE TABLE IF NOT EXISTS folder_property (
    folder INTEGER NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (folder, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS departure (
    n INTEGER PRIMARY KEY AUTOINCREMENT, mailbox TEXT NOT NULL, message_id TEXT NOT NULL, subject TEXT NOT NULL,
    recipients TEXT NOT NULL, sent_at TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS message_in AFTER INSERT ON message BEGIN
    UPDATE folder SET total = total + 1, unread = unread + 1 - NEW.is_read WHERE n = NEW.folder; END;
CREATE TRIGGER IF NOT EXISTS message_out AFTER DELETE ON message BEGIN
    UPDATE folder SET total = total - 1, unread = unread - 1 + OLD.is_read WHERE n = OLD.folder; END;
CREATE TRIGGER IF NOT EXISTS message_moved AFTER UPDATE OF folder, is_read ON message BEGIN
    UPDATE folder SET total = total - 1, unread = unread - 1 + OLD.is_read WHERE n = OLD.folder;
    UPDATE folder SET total = total + 1, unread = unread + 1 - NEW.is_read WHERE n = NEW.folder; END;
"""


class Database:
    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._lock = threading.RLock()
        # Without a sync the file still survives the death of this program; only a power cut could hurt it.
        self._connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;" + SCHEMA)
        self._seq = self._highest_seq()

    def _highest_seq(self) -> int:
        row = self.one(
            "SELECT max(s) FROM (SELECT max(seq) AS s FROM change UNION SELECT max(seq) FROM folder)"
        )
        return int(row[0] or 0) if row else 0

    def next_seq(self) -> int:
        """Give the next number of the change log; call it inside a transaction."""
        self._seq += 1
        return self._seq

    @property
    def head_seq(self) -> int:
        return self._seq

    def one(self, sql: str, *values: object) -> sqlite3.Row | None:
        with self._lock:
            row: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
            return row

    def all(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def run(self, sql: str, *values: object) -> int:
        """Execute one statement; returns the row id of an INSERT."""
        with self._lock:
            return self._connection.execute(sql, values).lastrowid or 0

    def run_many(self, sql: str, rows: list[tuple[object, ...]]) -> None:
        with self._lock:
            self._connection.executemany(sql, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def close(self) -> None:
        with self._lock:
            self._connection.close()
