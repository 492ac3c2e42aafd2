from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import CommandError

from m365integration.serving import serve
from m365integration.supervisor import AlreadyRunning
from m365integration.supervisor.plan import BadAddress, default_address, read_address
from tenants.console import ConsoleCommand, Fault, Refused


class Command(ConsoleCommand):
    help = (
        "Run web, worker, beat, watch and the embedded broker in the foreground; SIGTERM or Ctrl-C ends all of them. "
        "With --json the document is printed once the web answers, and all other lines go to standard error."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--bind", metavar="HOST:PORT", help="default: loopback, the port of PUBLIC_URL")
        parser.add_argument("--concurrency", metavar="N", type=int, help="worker processes (WORKERS, or 2)")

    def run(self, *args: Any, bind: str | None, concurrency: int | None, **options: Any) -> None:
        concurrency = settings.CELERY_WORKER_CONCURRENCY if concurrency is None else concurrency
        if concurrency < 1:
            raise _refused("concurrency", "bad_concurrency", "--concurrency must be 1 or more.")
        try:
            address = read_address(bind or default_address())
            serve(address, concurrency=concurrency, tell=self.print_at_once if self.as_json else None)
        except BadAddress as error:
            raise _refused("bind", "bad_address", str(error)) from error
        except AlreadyRunning as error:
            raise _refused("", "already_running", str(error)) from error
        except CommandError as error:
            raise _refused("", "not_started", str(error)) from error


def _refused(path: str, code: str, message: str) -> Refused:
    return Refused([Fault(path=path, code=code, message=message)])
