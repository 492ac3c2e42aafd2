"""Throw-away databases: migrated once for each engine, then copied for every run."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests import servers


class Engine(ABC):
    """A kind of database; use it as a context manager, everything it made is gone afterwards."""

    name: str

    @property
    @abstractmethod
    def template_url(self) -> str:
        """Where the first, migrated database is."""

    @abstractmethod
    def copy(self) -> Iterator[str]:
        """Yield the address of a copy of the first database, and remove it afterwards."""


class SQLite(Engine):
    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        self._folder = Path(tempfile.mkdtemp(dir=folder, prefix="sqlite-"))

    @property
    def template_url(self) -> str:
        return f"sqlite:///{self._folder}/template.sqlite3"

    @contextmanager
    def copy(self) -> Iterator[str]:
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            for path in self._folder.glob("template.sqlite3*"):
                shutil.copy(path, folder)
            yield f"sqlite:///{folder}/template.sqlite3"


class PostgreSQL(Engine):
    name = "PostgreSQL"

    def __init__(self, folder: Path) -> None:
        self._name = f"m365_bench_{os.getpid()}_{secrets.token_hex(3)}"

    @property
    def template_url(self) -> str:
        return self._url(self._name)

    @contextmanager
    def copy(self) -> Iterator[str]:
        name = f"{self._name}_{secrets.token_hex(3)}"
        make = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        _execute(make.format(sql.Identifier(name), sql.Identifier(self._name)))
        try:
            yield self._url(name)
        finally:
            _drop(name)

    def __enter__(self) -> PostgreSQL:
        _execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self._name)))
        return self

    def __exit__(self, *failure: object) -> None:
        _drop(self._name)

    def _url(self, name: str) -> str:
        return urlsplit(servers.POSTGRES_URL)._replace(path=f"/{name}").geturl()


def _drop(name: str) -> None:
    _execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _execute(statement: sql.Composed) -> None:
    with psycopg.connect(servers.POSTGRES_URL, autocommit=True) as connection:
        connection.execute(statement)


@contextmanager
def engines(folder: Path) -> Iterator[list[Engine]]:
    """Give SQLite, and PostgreSQL when it is reachable."""
    if servers.missing("postgres"):
        yield [SQLite(folder)]
        return
    with PostgreSQL(folder) as postgres:
        yield [SQLite(folder), postgres]
