"""Folders of a mailbox: the well-known ones in the mailbox's language, and those people make."""

import sqlite3
from dataclasses import dataclass

from sandbox.directory import Mailbox
from sandbox.store.database import Database
from sandbox.store.names import HIDDEN_ROOTS, WELL_KNOWN, localised

ROOT = "msgfolderroot"
SELECT = "SELECT n, mailbox, parent, name, well_known, hidden, total, unread, seq, removed FROM folder WHERE "
BELOW = """
    WITH RECURSIVE gone(n) AS (SELECT ? UNION SELECT folder.n FROM folder JOIN gone ON parent = gone.n)
    SELECT n FROM gone
"""


class FolderExists(Exception):
    """A folder of this name already stands there."""


@dataclass(frozen=True, slots=True)
class Folder:
    number: int
    mailbox: int
    parent: int | None
    name: str
    well_known: str | None
    hidden: bool
    total: int
    unread: int
    seq: int


def _folder(row: sqlite3.Row) -> Folder:
    return Folder(row[0], row[1], row[2], row[3], row[4], bool(row[5]), row[6], row[7], row[8])


class Folders:
    def __init__(self, database: Database) -> None:
        self.database = database
        self._known: dict[tuple[int, str], int] = {}

    def seed(self, mailbox: Mailbox) -> None:
        """Make the folders every mailbox has, once."""
        with self.database.transaction():
            if self.well_known(mailbox, ROOT):
                return
            root = self._insert(mailbox.number, None, "Top of Information Store", well_known=ROOT)
            for well_known in WELL_KNOWN:
                name = localised(well_known, mailbox.locale)
                self._insert(mailbox.number, root, name, well_known=well_known)
            for well_known, name in HIDDEN_ROOTS.items():
                self._insert(mailbox.number, None, name, well_known=well_known, hidden=True)

    def well_known(self, mailbox: Mailbox, name: str) -> Folder | None:
        key = (mailbox.number, name.lower())
        number = self._known.get(key)
        if number is None:
            row = self.database.one("SELECT n FROM folder WHERE mailbox = ? AND well_known = ?", *key)
            if row is None:
                return None
            number = self._known[key] = row[0]
        return self.get(mailbox, number)

    def get(self, mailbox: Mailbox, number: int) -> Folder | None:
        row = self.database.one(
            SELECT + "n = ? AND mailbox = ? AND removed = 0",
            number,
            mailbox.number,
        )
        return _folder(row) if row else None

    def children(
        self, mailbox: Mailbox, parent: Folder, *, hidden: bool, name: str | None = None
    ) -> list[Folder]:
        """List the folders right below, in the order they were made; hidden ones only when asked for."""
        rows = self.database.all(
            SELECT + "mailbox = ? AND parent = ? AND removed = 0"
            " AND (hidden = 0 OR ?) AND (? IS NULL OR name = ? COLLATE NOCASE) ORDER BY n",
            mailbox.number, parent.number, hidden, name, name,
        )  # fmt: skip
        return [_folder(row) for row in rows]

    def child_count(self, folder: Folder) -> int:
        row = self.database.one(
            "SELECT count(*) FROM folder WHERE mailbox = ? AND parent = ? AND removed = 0 AND hidden = 0",
            folder.mailbox, folder.number,
        )  # fmt: skip
        return int(row[0]) if row else 0

    def create(self, mailbox: Mailbox, parent: Folder, name: str, *, hidden: bool = False) -> Folder:
        """Raises FolderExists when a sibling has this name, whatever its case."""
        with self.database.transaction():
            if self.children(mailbox, parent, hidden=True, name=name):
                raise FolderExists(name)
            number = self._insert(mailbox.number, parent.number, name, hidden=hidden)
        return self._fresh(mailbox, number)

    def rename(self, mailbox: Mailbox, folder: Folder, name: str) -> Folder:
        with self.database.transaction():
            seq = self.database.next_seq()
            self.database.run("UPDATE folder SET name = ?, seq = ? WHERE n = ?", name, seq, folder.number)
        return self._fresh(mailbox, folder.number)

    def remove(self, folder: Folder) -> None:
        """Take a folder and all below it away; the row stays as a tombstone for delta queries."""
        with self.database.transaction():
            for row in self.database.all(BELOW, folder.number):
                self.database.run("DELETE FROM message WHERE folder = ?", row[0])
                self.database.run(
                    "UPDATE folder SET removed = 1, well_known = NULL, seq = ? WHERE n = ?",
                    self.database.next_seq(), row[0],
                )  # fmt: skip
        self._known.clear()

    def all_of(self, mailbox: Mailbox) -> list[Folder]:
        rows = self.database.all(
            SELECT + "mailbox = ? AND removed = 0 ORDER BY n",
            mailbox.number,
        )
        return [_folder(row) for row in rows]

    def changed_since(self, mailbox: Mailbox, seq: int) -> list[tuple[Folder, bool]]:
        """Give folders below the root that changed after seq, each with whether it is gone."""
        rows = self.database.all(
            SELECT + "mailbox = ? AND seq > ? AND parent IS NOT NULL"
            " AND (removed = 0 OR ? > 0) ORDER BY seq",
            mailbox.number, seq, seq,
        )  # fmt: skip
        return [(_folder(row), bool(row["removed"])) for row in rows]

    def properties(self, folder: Folder) -> dict[str, str]:
        """Give the extended properties somebody wrote on a folder, by their id."""
        rows = self.database.all("SELECT id, value FROM folder_property WHERE folder = ?", folder.number)
        return {row[0]: row[1] for row in rows}

    def write_property(self, folder: Folder, name: str, value: str) -> None:
        self.database.run(
            "INSERT INTO folder_property VALUES (?, ?, ?)"
            " ON CONFLICT (folder, id) DO UPDATE SET value = excluded.value",
            folder.number, name, value,
        )  # fmt: skip

    def generation(self, folder: Folder) -> int:
        """Give the generation of sync state; a delta token of an older one has expired."""
        row = self.database.one("SELECT generation FROM folder WHERE n = ?", folder.number)
        return int(row[0]) if row else 0

    def expire_tokens(self, folder: Folder) -> None:
        self.database.run("UPDATE folder SET generation = generation + 1 WHERE n = ?", folder.number)

    def _fresh(self, mailbox: Mailbox, number: int) -> Folder:
        folder = self.get(mailbox, number)
        if folder is None:
            raise LookupError(f"Folder {number} vanished while it was being written.")
        return folder

    def _insert(
        self,
        mailbox: int,
        parent: int | None,
        name: str,
        *,
        well_known: str | None = None,
        hidden: bool = False,
    ) -> int:
        return self.database.run(
            "INSERT INTO folder (mailbox, parent, name, well_known, hidden, seq) VALUES (?, ?, ?, ?, ?, ?)",
            mailbox, parent, name, well_known, int(hidden), self.database.next_seq(),
        )  # fmt: skip
