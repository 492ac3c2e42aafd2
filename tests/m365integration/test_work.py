"""How work travels: settings no worker may be without, and nudges that wait for nobody (F-14 to F-18)."""

import socket
import threading
from collections.abc import Iterator

import pytest
from celery import Celery
from django.conf import settings
from kombu.exceptions import OperationalError

from m365integration.celery import app
from m365integration.environment import broker_options


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("task_acks_late", True),
        ("task_reject_on_worker_lost", True),
        ("task_ignore_result", True),
        ("task_publish_retry", False),
        ("task_serializer", "json"),
        ("accept_content", ["json"]),
        ("result_accept_content", ["json"]),
        ("worker_prefetch_multiplier", 1),
        ("task_soft_time_limit", 120),
        ("task_time_limit", 150),
        ("task_default_queue", "mail"),
        ("broker_connection_max_retries", None),
    ],
)
def test_worker_loses_and_doubles_nothing_by_its_settings(name: str, value: object) -> None:
    assert app.conf[name] == value


def test_worker_child_is_replaced_before_it_grows() -> None:
    assert app.conf.worker_max_tasks_per_child
    assert app.conf.worker_max_memory_per_child


def test_unfinished_task_comes_back_only_after_the_longest_task_is_over() -> None:
    assert broker_options("redis://host")["visibility_timeout"] > 4 * settings.CELERY_TASK_TIME_LIMIT


@pytest.mark.parametrize("name", settings.CELERY_BEAT_SCHEDULE)
def test_scheduled_task_expires_before_it_can_pile_up(name: str) -> None:
    entry = settings.CELERY_BEAT_SCHEDULE[name]
    assert 0 < entry["options"]["expires"] <= max(entry["schedule"].total_seconds(), 30)


@pytest.fixture
def broken_broker() -> Iterator[tuple[int, list[int]]]:
    """Listen, count who calls, and hang up on each."""
    calls: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            while True:
                try:
                    server.accept()[0].close()
                except OSError:
                    return
                calls.append(1)

        threading.Thread(target=hang_up, daemon=True).start()
        yield server.getsockname()[1], calls
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture(autouse=True)
def no_broker_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    # Celery believes this variable more than the address an application is given.
    monkeypatch.delenv("CELERY_BROKER_URL")


def nudge(url: str) -> None:
    away = Celery("away", broker=url, set_as_current=False)
    away.conf.update(broker_transport_options=broker_options(url), task_publish_retry=False)
    away.send_task("mailboxes.tasks.sync_due")


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_nudge_gives_up_after_the_first_try_when_the_broker_is_away(
    scheme: str, broken_broker: tuple[int, list[int]]
) -> None:
    port, calls = broken_broker
    with pytest.raises(OperationalError):
        nudge(f"{scheme}://127.0.0.1:{port}//")
    assert len(calls) == 1


def test_nudge_gives_up_when_the_socket_of_the_embedded_broker_is_not_there() -> None:
    with pytest.raises(OperationalError):
        nudge("redis+socket:///nowhere/broker.sock")
