"""Keep an eye on the workers, the scheduler and the mailboxes, and tell the operator."""

import signal
import threading
import time
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any, Final

from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from m365integration import watch
from tenants.whom import for_machine

EVERY_S: Final = 30.0
SILENCE_EVERY: Final = timedelta(minutes=15)


class Command(BaseCommand):
    help = (
        "Watch the parts of this installation and its mailboxes, and send alerts to ALERT_WEBHOOK_URL and "
        "ALERT_EMAILS. `serve` runs it; run one yourself beside your own supervisor, for a dead worker cannot "
        "report itself."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="look once and end")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        next_silence = time.monotonic()
        while not stop.is_set():
            is_due = time.monotonic() >= next_silence
            next_silence += SILENCE_EVERY.total_seconds() * is_due
            self._look(for_silence=is_due)
            if options["once"]:
                return
            stop.wait(EVERY_S)

    # `serve` starts this by Django's own entry point, where nobody has said so.
    @for_machine()
    def _look(self, *, for_silence: bool) -> None:
        close_old_connections()
        try:
            watch.look(timezone.now())
            if for_silence:
                watch.look_for_silence(timezone.now())
                watch.look_for_expiry(timezone.now())
        except DatabaseError as error:
            # The database may be restarting; the one who watches must outlive what he watches.
            self.stderr.write(f"The database did not answer: {type(error).__name__}. Looking again soon.")
