"""Flow: beat and each worker child write down that they are alive, past the queue.

A heartbeat that waited its turn behind long runs would call a busy worker a dead one.
"""

import logging
from datetime import timedelta
from threading import Event, Thread
from typing import Any, Final

from celery.signals import after_task_publish, worker_init, worker_process_init
from django.db import DatabaseError, connection
from django.utils import timezone

from m365integration.models import Heartbeat

log = logging.getLogger(__name__)
TASK: Final = "m365integration.tasks.beat_heart"
PARTS: Final = ("beat", "worker")
EVERY_S: Final = 10.0


@after_task_publish.connect(dispatch_uid="house-heartbeat")
def beat_has_sent(sender: str | None = None, **kwargs: Any) -> None:
    """Write beat's heartbeat in beat itself, once the broker has taken its message."""
    if sender == TASK:
        note("beat")


@worker_init.connect(dispatch_uid="house-heartbeat")
def worker_has_started(**kwargs: Any) -> None:
    """Ask to be told of each child after Celery has, which closes the pool of connections it finds there."""
    worker_process_init.connect(child_has_started, dispatch_uid="house-heartbeat")


def child_has_started(**kwargs: Any) -> None:
    """Let each prefork child beat; their parent must not, since children would inherit its connection."""
    start_beating()


def start_beating() -> Event:
    """Write the worker's heartbeat now and every EVERY_S from a thread; setting the event ends it."""
    stop = Event()
    Thread(target=_keep_beating, args=(stop,), name="heartbeat", daemon=True).start()
    return stop


def note(part: str) -> None:
    """Write that a part is alive now; a database that is away is somebody else's alarm."""
    try:
        Heartbeat.objects.beat(part, at=timezone.now())
    except DatabaseError as error:
        log.warning("The heartbeat of the %s could not be written: %s", part, type(error).__name__)
        # The next heartbeat opens a new connection; this one may have died with the server.
        if not connection.in_atomic_block:
            connection.close()


def ages() -> dict[str, timedelta | None]:
    """Tell how long ago each part was heard; None when never."""
    now = timezone.now()
    heard = dict(Heartbeat.objects.values_list("name", "beaten_at"))
    return {part: now - heard[part] if part in heard else None for part in PARTS}


def _keep_beating(stop: Event) -> None:
    while True:
        note("worker")
        if stop.wait(EVERY_S):
            return
