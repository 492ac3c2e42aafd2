from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from m365integration.serving import serve
from m365integration.supervisor import AlreadyRunning
from m365integration.supervisor.plan import BadAddress, default_address, read_address


class Command(BaseCommand):
    help = "Run web, worker, beat, watch and the embedded broker in the foreground; SIGTERM or Ctrl-C ends all of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--bind", metavar="HOST:PORT", help="default: loopback, the port of PUBLIC_URL")
        parser.add_argument("--concurrency", metavar="N", type=int, help="worker processes (WORKERS, or 2)")

    def handle(self, *args: Any, bind: str | None, concurrency: int | None, **options: Any) -> None:
        concurrency = settings.CELERY_WORKER_CONCURRENCY if concurrency is None else concurrency
        if concurrency < 1:
            raise CommandError("--concurrency must be 1 or more.")
        try:
            serve(read_address(bind or default_address()), concurrency=concurrency)
        except (BadAddress, AlreadyRunning) as error:
            raise CommandError(str(error)) from error
