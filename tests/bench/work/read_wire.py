"""One worker reads the mailbox over IMAP or POP3 instead of Graph; gives its time and its round trips."""

from typing import Any

from mailboxes.models import InboundMessage, Mailbox
from tests.bench import cloud
from tests.bench.meter import Statements, measured, peak_bytes
from tests.bench.work.read import one_run
from tickets.models import Entry


def main(orders: dict[str, Any]) -> dict[str, Any]:
    mailbox = Mailbox.objects.get(address=cloud.ADDRESS)
    mailbox.inbound_transport, mailbox.after = orders["transport"], orders["after"]
    mailbox.save()
    trips = 0
    with measured(Statements()) as spent:
        while (report := one_run(mailbox.pk)).has_more:
            trips += report.requests
    return {
        "mails": Entry.objects.count(),
        "unfinished": InboundMessage.objects.filter(acknowledged_at=None).count(),
        "cpu_s": spent.cpu_s,
        "wall_s": spent.wall_s,
        "requests": trips + report.requests,
        "peak_bytes": peak_bytes(),
    }
