"""A message goes from a publisher over a real broker to a real worker and into the database."""

import sqlite3
import uuid
from contextlib import closing
from pathlib import Path

import pytest
from kombu import Connection

from tests import servers
from tests.installation import Installation, wait_for

PUBLISH = "from m365integration.tasks import forget_expired; forget_expired.delay()"
EXPIRED = "INSERT INTO django_session VALUES ('ended', '', '2020-01-01 00:00:00')"
LEFT = "SELECT count(*) FROM django_session"
WORKER = ("-m", "celery", "--app", "m365integration", "worker", "--concurrency=1", "--without-gossip")


def ask(installation: Installation, statement: str) -> list[tuple[int]]:
    with closing(sqlite3.connect(installation.folder / "db.sqlite3")) as database, database:
        return database.execute(statement).fetchall()


@pytest.mark.slow
@pytest.mark.parametrize(
    "url",
    [
        pytest.param(servers.REDIS_URL, marks=pytest.mark.redis, id="redis"),
        pytest.param(servers.RABBITMQ_URL, marks=pytest.mark.rabbitmq, id="rabbitmq"),
    ],
)
def test_message_reaches_a_worker_that_was_not_there_yet(url: str, tmp_path: Path) -> None:
    queue = f"test-{uuid.uuid4().hex}"
    installation = Installation(tmp_path / "var", CELERY_BROKER_URL=url, QUEUE=queue)
    assert installation.manage("migrate", "--verbosity=0").returncode == 0
    ask(installation, EXPIRED)
    assert installation.manage("shell", "--command", PUBLISH).returncode == 0
    try:
        with installation.running(*WORKER):
            wait_for(lambda: ask(installation, LEFT) == [(0,)], what="the worker does the task")
    finally:
        with Connection(url) as broker:
            broker.default_channel.queue_delete(queue)
