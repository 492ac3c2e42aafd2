"""Flow: everything one installation needs, in the foreground, until it is told to stop."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.migrations.executor import MigrationExecutor

from m365integration.supervisor import Part, Supervisor
from m365integration.supervisor.plan import (
    Address,
    beat_part,
    start_broker,
    watch_part,
    web_part,
    worker_part,
)

NO_BROKER = "Worker and beat run as threads of the web process; nothing to install, but one process does all."

NO_ANSWER = "The web does not answer yet; its lines above say why. It is started again until it does."


def serve(
    address: Address,
    *,
    concurrency: int,
    before: Sequence[Part] = (),
    welcome: Callable[[], str] = str,
    tell: Callable[[dict[str, Any]], None] | None = None,
) -> None:
    """Run until SIGTERM, SIGINT or SIGHUP; `before` are parts of others that must be ready first.

    `welcome` is called once the database is ready and the folder ours; what it gives is printed in the end.
    `tell` is given one document as soon as the web answers; standard output is its own then.

    Raises AlreadyRunning, and CommandError when the database is not at the version of the code.
    """
    supervisor = Supervisor(
        var_dir=Path(settings.VAR_DIR), says_json=settings.LOG_STYLE == "json", is_quiet=tell is not None
    )
    with supervisor.running():
        # What the parts find in their settings.
        os.environ |= {"PUBLIC_URL": public_url(address), "WORKERS": str(concurrency)}
        prepare()
        for part in before:
            if not supervisor.start(part) and not supervisor.is_stopping:
                raise CommandError(f"{part.name} did not start; its lines above say why.")
        notice = welcome()
        connections.close_all()
        has_broker = start_broker(supervisor)
        if not has_broker:
            supervisor.say("serve", NO_BROKER)
        is_up = supervisor.start(web_part(address, does_all_work=not has_broker))
        if has_broker and not supervisor.is_stopping:
            supervisor.start(worker_part(concurrency=concurrency))
            supervisor.start(beat_part())
        if not supervisor.is_stopping:
            supervisor.start(watch_part())
        lines = banner(address, has_broker=has_broker, concurrency=concurrency, notice=notice)
        if tell is not None and is_up:
            tell({"ok": True, "url": public_url(address), "bind": str(address)})
        for line in lines if is_up else [NO_ANSWER, *notice.splitlines()]:
            supervisor.say("serve", line)
        supervisor.watch()
    _fold_journal()


def prepare() -> None:
    """Bring database and static files to the version of the code; production migrates by hand."""
    if settings.DEPLOYMENT == "embedded":
        call_command("migrate", interactive=False, verbosity=0)
    else:
        _refuse_old_database()
        call_command("collectstatic", interactive=False, verbosity=0)
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    # Children open their own; a handle shared over a fork would mix two conversations.
    connections.close_all()


def public_url(address: Address) -> str:
    """Say where browsers reach us; an embedded deployment told nothing is reached where it listens."""
    if settings.PUBLIC_URL_IS_SET or settings.DEPLOYMENT != "embedded":
        return str(settings.PUBLIC_URL)
    return f"http://localhost:{address.port}"


def banner(address: Address, *, has_broker: bool, concurrency: int, notice: str) -> list[str]:
    """Say in a few lines what runs where."""
    broker = settings.CELERY_BROKER_URL.split("@")[-1].split("?")[0] if has_broker else "none"
    database = connections[DEFAULT_DB_ALIAS].display_name
    lines = [
        f"Ready at {public_url(address)} ({settings.DEPLOYMENT}, on {address}). Ctrl-C stops everything.",
        f"Database: {database}. Broker: {broker}. Worker processes: {concurrency}.",
    ]
    return lines + notice.splitlines()


def _fold_journal() -> None:
    """Leave SQLite as the one file that people copy; parts that were told to end leave its journal beside it."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connections.close_all()


def _refuse_old_database() -> None:
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError("The database is older than the code. Run: manage.py migrate, then serve again.")
