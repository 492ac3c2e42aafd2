"""What every test may rely on."""

import os
from collections.abc import Generator
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import translation
from pytest_django.plugin import blocking_manager_key

from tenants import whom
from tests import servers

# A test is the machine; requests within it say for whom they ask.
whom._whom.set(whom.MACHINE)

# Playwright drives the browser from a loop of its own; Django would refuse the database beside it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "admin_client"}
#: Migrations that let the database refuse changes of a table.
ONLY_ADDED_TO = (
    "tenants.migrations.0005_audit_list_is_only_added_to",
    "tickets.migrations.0015_approval_answers_are_only_added_to",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what uses the database, and leave to the run on PostgreSQL what only that can show."""
    for item in items:
        uses_rows = DATABASE_FIXTURES & set(getattr(item, "fixturenames", ()))
        if uses_rows or item.get_closest_marker("django_db") or item.get_closest_marker("postgres"):
            item.add_marker("database")
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        elsewhere = [item for item in items if item.get_closest_marker("postgres")]
        config.hook.pytest_deselected(items=elsewhere)
        items[:] = [item for item in items if item not in elsewhere]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what this machine cannot run; where the servers were promised, fail instead."""
    for name in servers.PROBES:
        if item.get_closest_marker(name) and (reason := servers.missing(name)):
            if servers.IS_REQUIRED:
                pytest.fail(
                    f"{name} was promised by REQUIRE_SERVICES=1 and is not here: {reason}", pytrace=False
                )
            pytest.skip(f"{name}: {reason}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Let the rows of a test that commits be removed, append-only lists too: SQLite's flush is a plain DELETE."""
    marker = item.get_closest_marker("django_db")
    commits = bool(marker and marker.kwargs.get("transaction"))
    commits |= bool({"transactional_db", "live_server"} & set(getattr(item, "fixturenames", ())))
    if not commits or connection.vendor != "sqlite":
        return (yield)
    statements = [one for name in ONLY_ADDED_TO for one in import_module(name).SQLITE]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(f"DROP TRIGGER IF EXISTS {statement.split()[2]}")
    name_before = connection.settings_dict["NAME"]
    outcome = yield
    if connection.settings_dict["NAME"] != name_before:
        return outcome  # behind the last test of a run: its database is gone, and this one is the developer's own
    with _django_db_blocker(item).unblock(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    return outcome


def _django_db_blocker(item: pytest.Item) -> Any:
    return item.config.stash[blocking_manager_key]


@pytest.fixture(autouse=True)
def english() -> Generator[None]:
    """Let no page that a test has asked for in another language speak on in the next test."""
    yield
    translation.deactivate()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Drive the system's Chromium, and keep it from calling home."""
    quiet = [
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    return {
        **browser_type_launch_args,
        "executable_path": servers.chromium(),
        "args": ["--no-sandbox", "--disable-gpu", "--disable-quic", *quiet],
    }
