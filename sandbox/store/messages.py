"""Messages of a mailbox, and the acts on them; every act leaves its mark in the change log."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sandbox.clock import Clock
from sandbox.directory import Mailbox
from sandbox.ids import IMMUTABLE, PLAIN, ItemId
from sandbox.store.changes import Changes
from sandbox.store.database import Database
from sandbox.store.folders import Folder

COLUMNS = (
    "n, mailbox, folder, generation, version, received_at, sent_at, created_at, modified_at, message_id, subject,"
    " sender, conversation, is_read, is_draft, has_attachments, importance, categories, flag, mime, details"
)
SELECT = "SELECT " + COLUMNS + " FROM message WHERE "  # noqa: S608 - both parts are our own.
INSERT = (
    "INSERT INTO message (mailbox, folder, received_at, sent_at, created_at, modified_at, message_id, subject, sender,"
    " conversation, is_read, is_draft, has_attachments, importance, categories, flag, mime, details)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
# So many rows are held in memory while a large mailbox is seeded.
AT_ONCE = 2000
NOT_FLAGGED = '{"flagStatus":"notFlagged"}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the store keeps of a mail besides its bytes. Times as Graph writes them, UTC.

    details: from, sender (name, address), to, cc, bcc, reply_to (lists of those), preview, type.
    """

    message_id: str
    subject: str
    sender: str
    sent_at: str
    conversation: str
    has_attachments: bool
    importance: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    number: int
    mailbox: int
    folder: int
    generation: int
    version: int
    received_at: str
    sent_at: str
    created_at: str
    modified_at: str
    message_id: str
    subject: str
    sender: str
    conversation: str
    is_read: int
    is_draft: int
    has_attachments: int
    importance: str
    categories_json: str
    flag_json: str
    mime: str
    details_json: str

    @property
    def details(self) -> dict[str, Any]:
        details: dict[str, Any] = json.loads(self.details_json)
        return details

    def item_id(self, *, immutable: bool) -> ItemId:
        return ItemId(IMMUTABLE, self.number) if immutable else ItemId(PLAIN, self.number, self.generation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A mail on its way into a folder."""

    envelope: Envelope
    mime: str
    received_at: str
    is_read: bool = False
    is_draft: bool = False

    def values(self, folder: Folder, now: str) -> tuple[object, ...]:
        letter = self.envelope
        return (
            folder.mailbox, folder.number, self.received_at, letter.sent_at, now, now, letter.message_id,
            letter.subject, letter.sender, letter.conversation, int(self.is_read), int(self.is_draft),
            int(letter.has_attachments),
            letter.importance, "[]", NOT_FLAGGED, self.mime, json.dumps(letter.details, ensure_ascii=False),
        )  # fmt: skip


class Messages:
    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock
        self.changes = Changes(database)

    def add(self, folder: Folder, arrival: Arrival) -> int:
        with self.database.transaction():
            number = self.database.run(INSERT, *arrival.values(folder, self.clock.stamp()))
            self.changes.entered(folder.number, number, 0)
        return number

    def add_many(self, folder: Folder, arrivals: Iterable[Arrival]) -> None:
        """Add a pile of mails in one transaction."""
        now, waiting = self.clock.stamp(), iter(arrivals)
        with self.database.transaction():
            while rows := [arrival.values(folder, now) for arrival in islice(waiting, AT_ONCE)]:
                first = self._last_number() + 1
                self.database.run_many(INSERT, rows)
                self.changes.entered_many(folder.number, range(first, first + len(rows)))

    def get(self, mailbox: Mailbox, item: ItemId) -> Message | None:
        """Find a message; a plain id of an earlier place finds nothing."""
        row = self.database.one(
            SELECT + "n = ? AND mailbox = ?",
            item.number,
            mailbox.number,
        )
        if row is None or (item.kind == PLAIN and row["generation"] != item.generation):
            return None
        return Message(*row)

    def select(
        self, where: str, values: tuple[object, ...], *, order: str, limit: int, skip: int
    ) -> list[Message]:
        rows = self.database.all(
            f"{SELECT}{where} ORDER BY {order} LIMIT ? OFFSET ?",
            *values, limit, skip,
        )  # fmt: skip
        return [Message(*row) for row in rows]

    def count(self, where: str, values: tuple[object, ...]) -> int:
        row = self.database.one(f"SELECT count(*) FROM message WHERE {where}", *values)  # noqa: S608
        return int(row[0]) if row else 0

    def many(self, numbers: list[int]) -> dict[int, Message]:
        marks = ",".join("?" * len(numbers))
        rows = self.database.all(SELECT + f"n IN ({marks})", *numbers)
        return {row[0]: Message(*row) for row in rows}

    def in_folder(self, folder: Folder) -> list[Message]:
        """List everything in the folder, oldest first."""
        return self.select("folder = ?", (folder.number,), order="received_at, n", limit=-1, skip=0)

    def move(self, mailbox: Mailbox, message: Message, folder: Folder) -> Message | None:
        """Move; the plain id changes even when the folder stays the same. None when it was gone meanwhile."""
        with self.database.transaction():
            if self.get(mailbox, message.item_id(immutable=False)) is None:
                return None
            self.changes.left(message.folder, message.number, message.generation, reason="changed")
            self.database.run(
                "UPDATE message SET folder = ?, generation = generation + 1, version = version + 1, modified_at = ?"
                " WHERE n = ?",
                folder.number, self.clock.stamp(), message.number,
            )  # fmt: skip
            self.changes.entered(folder.number, message.number, message.generation + 1)
            return self._fresh(message.number)

    def copy(self, message: Message, folder: Folder) -> Message | None:
        columns = COLUMNS.split(", ")[5:]
        with self.database.transaction():
            number = self.database.run(
                f"INSERT INTO message (mailbox, folder, {', '.join(columns)})"  # noqa: S608
                f" SELECT mailbox, ?, {', '.join(columns)} FROM message WHERE n = ?",
                folder.number, message.number,
            )  # fmt: skip
            self.changes.entered(folder.number, number, 0)
            return self._fresh(number)

    def purge(self, message: Message) -> bool:
        """Take the message away for good; says whether it was still there."""
        with self.database.transaction():
            if self._fresh(message.number) is None:
                return False
            self.database.run("DELETE FROM message WHERE n = ?", message.number)
            self.changes.left(message.folder, message.number, message.generation, reason="deleted")
            return True

    def update(self, message: Message, columns: dict[str, object]) -> Message | None:
        """Write some columns and note the change; the keys come from our own code, never from a client."""
        assigned = "".join(f"{name} = ?, " for name in columns)
        with self.database.transaction():
            self.database.run(
                f"UPDATE message SET {assigned} version = version + 1, modified_at = ? WHERE n = ?",  # noqa: S608
                *columns.values(), self.clock.stamp(), message.number,
            )  # fmt: skip
            fresh = self._fresh(message.number)
            if fresh:
                self.changes.touched(fresh.folder, fresh.number, fresh.generation)
            return fresh

    def _fresh(self, number: int) -> Message | None:
        return self.many([number]).get(number)

    def _last_number(self) -> int:
        row = self.database.one("SELECT seq FROM sqlite_sequence WHERE name = 'message'")
        return int(row[0]) if row else 0
