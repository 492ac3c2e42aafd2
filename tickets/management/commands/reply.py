from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from functools import partial
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from tenants.console import ConsoleCommand, Fault, Refused
from tenants.errors import IntegrationError
from tickets.exports import outbox_line
from tickets.models import Ticket
from tickets.replies import Answer, File, reply

CHUNK_BYTES = 1024 * 1024


class Command(ConsoleCommand):
    help = (
        "Queue an answer on a ticket as the operator, and print its line of the outbox. The worker sends it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("reference", metavar="REFERENCE")
        parser.add_argument("--text", required=True, help="what the customer reads")
        parser.add_argument(
            "--attach", action="extend", nargs="+", default=[], metavar="FILE", help="send files along"
        )

    def run(self, *args: Any, reference: str, text: str, attach: list[str], **options: Any) -> None:
        ticket = Ticket.objects.select_related("mailbox__tenant", "queue").filter(reference=reference).first()
        if ticket is None:
            message = "There is no ticket of this reference."
            raise Refused([Fault(path="reference", code="ticket_missing", message=message)])
        files = [_file(place, Path(name)) for place, name in enumerate(attach)]
        try:
            row = reply(ticket, Answer(text=text, files=files), by=None)
        except IntegrationError as error:
            message = f"{error.diagnosis.cause} {error.diagnosis.fix}"
            raise Refused([Fault(path="", code=error.code, message=message)]) from None
        self.answer(outbox_line(row), f"Queued as number {row.pk} of the outbox.")


def _file(place: int, path: Path) -> File:
    if not path.is_file():
        message = "There is no such file, or it cannot be read."
        raise Refused([Fault(path=f"attach[{place}]", code="file_missing", message=message)])
    kind = guess_type(path.name)[0] or "application/octet-stream"
    chunks: Callable[[], Iterator[bytes]] = partial(_chunks, path)
    return File(name=path.name, content_type=kind, chunks=chunks)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
