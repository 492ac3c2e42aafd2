"""Re-encrypt every stored secret with the first of FERNET_KEYS, so that the older keys can be dropped.

May be stopped at any point and started again: each row holds its old or its new text, never anything between, and
rows that have the new key already are left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.apps import apps
from django.db import connection, models, transaction

from tenants.fields import EncryptedTextField, encrypted_fields

#: Rows read, and written in one transaction, at a time.
CHUNK_ROWS: Final = 500
#: How often a row is read again that somebody else writes meanwhile.
MOST_TRIES: Final = 5

_Row = tuple[Any, Any]


@dataclass(slots=True, kw_only=True)
class ColumnReport:
    """What came of one encrypted column; `unreadable` lists the rows no key opens, `contested` those somebody else
    kept on writing. `passing` counts what no key opens either, but is made anew within the hour: nobody needs it.
    """

    model: str
    column: str
    rotated: int = 0
    current: int = 0
    passing: int = 0
    unreadable: list[Any] = field(default_factory=list)
    contested: list[Any] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        return not self.unreadable and not self.contested


def rotate_keys(*, advance: Callable[[int], None]) -> list[ColumnReport]:
    """Go through every encrypted column of every model; `advance` is told how many rows are done."""
    return [_Column(model, column).rotate(advance) for model, column in encrypted_columns()]


def encrypted_columns() -> Iterator[tuple[type[models.Model], EncryptedTextField]]:
    """Walk the encrypted columns of all installed applications."""
    for model in apps.get_models():
        if model._meta.managed and not model._meta.proxy:
            for column in encrypted_fields(model):
                if isinstance(column, EncryptedTextField):
                    yield model, column


def count_rows() -> int:
    """Count the secrets there are, for a progress bar."""
    columns = encrypted_columns()
    return sum(
        model._base_manager.filter(**{f"{column.name}__isnull": False}).count() for model, column in columns
    )


class _Column:
    """One column, read and written past the model: its text must stay encrypted."""

    def __init__(self, model: type[models.Model], column: EncryptedTextField) -> None:
        quote = connection.ops.quote_name
        table, key, name = (
            quote(model._meta.db_table),
            quote(str(model._meta.pk.column)),
            quote(str(column.column)),
        )
        # Names of our own models only, quoted by Django.
        self.select = f"SELECT {key}, {name} FROM {table} WHERE {name} IS NOT NULL"  # noqa: S608
        self.after, self.only = f" AND {key} > %s", f" AND {key} = %s"
        self.order = f" ORDER BY {key} LIMIT {CHUNK_ROWS}"
        self.update = f"UPDATE {table} SET {name} = %s WHERE {key} = %s AND {name} = %s"  # noqa: S608
        keys = [Fernet(key) for key in column.fernet_keys]
        self.first, self.all = keys[0], MultiFernet(keys)
        self.is_short_lived = getattr(model, "IS_SHORT_LIVED", False)
        self.report = ColumnReport(model=model._meta.label, column=column.name)

    def rotate(self, advance: Callable[[int], None]) -> ColumnReport:
        for rows in self._chunks():
            with transaction.atomic():
                for pk, stored in rows:
                    self._rotate_row(pk, bytes(stored))
            advance(len(rows))
        return self.report

    def _chunks(self) -> Iterator[Sequence[_Row]]:
        rows = self._read(self.select + self.order)
        while rows:
            yield rows
            rows = self._read(self.select + self.after + self.order, rows[-1][0])

    def _read(self, statement: str, *values: Any) -> Sequence[_Row]:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            rows: Sequence[_Row] = cursor.fetchall()
        return rows

    def _rotate_row(self, pk: Any, stored: bytes) -> None:
        for _attempt in range(MOST_TRIES):
            if self._is_current(stored):
                self.report.current += 1
                return
            try:
                fresh = self.all.rotate(stored)
            except InvalidToken:
                self._note_unreadable(pk)
                return
            if self._swap(pk, stored, fresh):
                self.report.rotated += 1
                return
            # A token was refreshed at this very moment: what is there now is newer and has to be judged anew.
            now = self._read(self.select + self.only, pk)
            if not now:
                return
            stored = bytes(now[0][1])
        self.report.contested.append(pk)

    def _note_unreadable(self, pk: Any) -> None:
        if self.is_short_lived:
            self.report.passing += 1
        else:
            self.report.unreadable.append(pk)

    def _is_current(self, stored: bytes) -> bool:
        try:
            self.first.decrypt(stored)
        except InvalidToken:
            return False
        return True

    def _swap(self, pk: Any, old: bytes, new: bytes) -> bool:
        binary: Callable[[bytes], Any] = connection.Database.Binary  # type: ignore[attr-defined]  # set by each engine
        with connection.cursor() as cursor:
            cursor.execute(self.update, [binary(new), pk, binary(old)])
            return bool(cursor.rowcount)
