from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from mailboxes.models import Mailbox
from tenants.console import ConsoleCommand, Failed, Progress, add_addresses
from tickets.foreground import RETRY_PATIENCE_S, MailboxReport, Patience, choose, sync_now


class Command(ConsoleCommand):
    help = (
        "Fetch, file and tidy up now, in the foreground, without a broker: whatever the schedule says, until nothing "
        "is due. Waits for another process that has the mailbox, and out a Retry-After of Microsoft's."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_addresses(parser)

    def run(self, *args: Any, addresses: list[str], **options: Any) -> None:
        patience = Patience(RETRY_PATIENCE_S)
        reports = []
        for address, found in choose(addresses):
            report = MailboxReport(address=address, error=found if isinstance(found, dict) else None)
            if isinstance(found, Mailbox):
                with Progress(address, total=found.backlog_total) as progress:
                    report = sync_now(found, for_microsoft=patience, advance=progress.advance)
            reports.append(report)
        self.answer({"mailboxes": [asdict(report) for report in reports]}, *map(_sentence, reports))
        if failed := sum(report.error is not None for report in reports):
            raise Failed(f"{failed} of {len(reports)} mailboxes could not be read to the end.")


def _sentence(report: MailboxReport) -> str:
    told = f"{report.address}: {report.fetched} fetched, {report.filed} filed, {report.waiting} waiting"
    for what in ("skipped", "suspended", "quarantined"):
        told += f", {count} {what}" if (count := getattr(report, what)) else ""
    told += f" ({report.seconds:.1f} s, {report.requests} requests)"
    if report.error:
        told += f"\n  {report.error['cause']} [{report.error['code']}] {report.error['fix']}"
    return told
