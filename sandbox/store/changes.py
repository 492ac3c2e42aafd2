"""The change log of each folder: which item came, changed or left, in order, one entry per stay of an item."""

from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.store.database import Database


@dataclass(frozen=True, slots=True)
class Change:
    """removed: "" while the item is there, else Graph's reason, "changed" (moved out) or "deleted"."""

    number: int
    generation: int
    seq: int
    removed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which changes a round still has to tell: those after a number.

    first_head: head of the log when a first round began; leavings before it were never shown, so are not told.
    """

    folder: int
    after: int
    first_head: int | None = None
    change_type: str = ""


class Changes:
    def __init__(self, database: Database) -> None:
        self.database = database

    def entered(self, folder: int, number: int, generation: int) -> None:
        seq = self.database.next_seq()
        self.database.run(
            "INSERT INTO change (folder, n, generation, created_seq, seq) VALUES (?, ?, ?, ?, ?)",
            folder, number, generation, seq, seq,
        )  # fmt: skip

    def entered_many(self, folder: int, numbers: Iterable[int]) -> None:
        rows: list[tuple[object, ...]] = []
        for number in numbers:
            seq = self.database.next_seq()
            rows.append((folder, number, 0, seq, seq))
        self.database.run_many(
            "INSERT INTO change (folder, n, generation, created_seq, seq) VALUES (?, ?, ?, ?, ?)", rows
        )

    def touched(self, folder: int, number: int, generation: int) -> None:
        self.database.run(
            "UPDATE change SET seq = ? WHERE folder = ? AND n = ? AND generation = ?",
            self.database.next_seq(), folder, number, generation,
        )  # fmt: skip

    def left(self, folder: int, number: int, generation: int, *, reason: str) -> None:
        self.database.run(
            "UPDATE change SET seq = ?, removed = ? WHERE folder = ? AND n = ? AND generation = ?",
            self.database.next_seq(), reason, folder, number, generation,
        )  # fmt: skip

    def page(self, window: Window, *, limit: int) -> list[Change]:
        """Give up to limit changes in the order of the log; Change.seq is where the next page goes on."""
        by = "created_seq" if window.change_type == "created" else "seq"
        which = {
            "created": "removed = ''",
            "updated": "removed = '' AND created_seq <= :after",
            "deleted": "removed != '' AND created_seq <= :after",
        }.get(window.change_type, "1")
        rows = self.database.all(
            f"SELECT n, generation, {by}, removed FROM change WHERE folder = ? AND {by} > ? AND"  # noqa: S608
            f" {which.replace(':after', str(window.after))} AND (removed = '' OR seq > ?) ORDER BY {by} LIMIT ?",
            window.folder, window.after, window.first_head or 0, limit,
        )  # fmt: skip
        return [Change(*row) for row in rows]
