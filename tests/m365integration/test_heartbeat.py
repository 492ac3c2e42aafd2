"""Beat and worker say that they are alive, past the queue (F-17)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from celery.signals import after_task_publish
from django.db import OperationalError, connection

from m365integration import heartbeat
from m365integration.models import Heartbeat

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def test_beat_is_heard_when_the_broker_has_taken_its_message() -> None:
    after_task_publish.send(sender=heartbeat.TASK)
    with time_machine.travel(NOON + timedelta(seconds=40), tick=False):
        assert heartbeat.ages() == {"beat": timedelta(seconds=40), "worker": None}


def test_other_messages_prove_nothing_about_beat() -> None:
    after_task_publish.send(sender="mailboxes.tasks.sync_due")
    assert heartbeat.ages() == {"beat": None, "worker": None}


def test_part_that_goes_on_beating_is_heard_each_time() -> None:
    heartbeat.note("worker")
    with time_machine.travel(NOON + timedelta(seconds=40), tick=False):
        heartbeat.note("worker")
        assert heartbeat.ages()["worker"] == timedelta(0)


def test_earlier_moment_takes_nothing_back() -> None:
    heartbeat.note("worker")
    Heartbeat.objects.beat("worker", at=NOON - timedelta(seconds=40))
    assert heartbeat.ages()["worker"] == timedelta(0)


def test_each_part_has_one_row() -> None:
    for part in ("beat", "worker", "worker"):
        heartbeat.note(part)
    assert sorted(Heartbeat.objects.values_list("name", flat=True)) == ["beat", "worker"]


def test_heartbeat_survives_a_database_that_is_away(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(*args: object) -> None:
        raise OperationalError("the server is away")

    with connection.execute_wrapper(refuse):
        heartbeat.note("worker")
    assert "The heartbeat of the worker could not be written: OperationalError" in caplog.text
