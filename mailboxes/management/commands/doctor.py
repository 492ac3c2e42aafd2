from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from typing import Any

from mailboxes.doctor import Examination, examine_all, unknown
from mailboxes.models import Mailbox
from tenants.console import ConsoleCommand, Failed, Progress, add_addresses
from tenants.setup.check import Check, Status

MARKS = {Status.OK: "ok  ", Status.WARN: "WARN", Status.FAIL: "FAIL", Status.SKIP: "-   "}


class Command(ConsoleCommand):
    help = (
        "Examine mailboxes step by step: hosts, clock, directory, credential, permissions, the mailbox and its "
        "folder, reading, writing by a draft that is made and removed, sending. Says who has to do what."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_addresses(parser)
        parser.add_argument(
            "--send-to",
            metavar="ADDR",
            default="",
            help="send a test mail there from each mailbox that sends; none is sent without",
        )

    def run(self, *args: Any, addresses: list[str], send_to: str, **options: Any) -> None:
        found = []
        with Progress("Examining") as progress:
            for examination in _examinations(addresses, send_to):
                found.append(examination)
                progress.advance()
        is_ok = all(one.is_ok for one in found)
        self.answer({"ok": is_ok, "mailboxes": [one.as_json() for one in found]}, *_sentences(found))
        if not is_ok:
            raise Failed(f"{sum(not one.is_ok for one in found)} of {len(found)} mailboxes do not work.")


def _examinations(addresses: Sequence[str], send_to: str) -> Iterator[Examination]:
    """Examine what is on, or what is named, switched off or not."""
    rows = Mailbox.objects.select_related("tenant", "registration__tenant").order_by("address", "pk")
    if not addresses:
        yield from examine_all(rows.filter(is_active=True, tenant__is_active=True), send_to=send_to)
        return
    wanted = list(dict.fromkeys(address.strip().lower() for address in addresses))
    named = list(rows.filter(address__in=wanted))
    yield from examine_all(named, send_to=send_to)
    yield from (unknown(address) for address in wanted if address not in {one.address for one in named})


def _sentences(found: Sequence[Examination]) -> Iterator[str]:
    for examination in found:
        yield f"{examination.address}: {'works' if examination.is_ok else 'does not work'}"
        for check in examination.checks:
            yield from _lines(check)


def _lines(check: Check) -> Iterator[str]:
    yield f"  {MARKS[check.status]} {check.id:12} {check.detail}".rstrip()
    if check.diagnosis is None:
        return
    said = check.diagnosis
    yield f"         {said.cause} [{said.code}]"
    if check.asks:
        yield f"         {said.fix}"
