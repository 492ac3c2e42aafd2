"""One worker process reads the mailbox: fetch, store, parse, file, tidy up; then an idle poll and a single new mail."""

from typing import Any

from mailboxes.inbound.sync import Report, sync
from mailboxes.models import InboundMessage, Mailbox
from tests.bench import cloud
from tests.bench.meter import Spent, Statements, measured, peak_bytes
from tickets.filing import file_for
from tickets.models import Entry
from tickets.tasks import RUN_BUDGET_S

WORDS = "The printer on the second floor is out of paper again, could somebody have a look please? "


def main(orders: dict[str, Any]) -> dict[str, Any]:
    statements = Statements()
    mailbox = Mailbox.objects.get(address=cloud.ADDRESS)
    stored = Entry.objects.count()
    url = orders["control_url"]
    cloud.control(url, "/counters/reset", {})
    with measured(statements) as spent:
        _read(mailbox.pk)
    traffic = cloud.control(url, "/counters")
    figures = {
        "mails": Entry.objects.count() - stored,
        "unfinished": InboundMessage.objects.filter(acknowledged_at=None).count(),
        **_of(spent),
        "requests": traffic["http_requests"],
        "throttled": sum(traffic["throttled"].values()),  # type: ignore[attr-defined]
        "peak_bytes": peak_bytes(),
    }
    return figures | _afterwards(mailbox, statements, url)


def _read(mailbox_id: int) -> Report:
    """Do what the task does, and what its next task does when time was up."""
    while True:
        report = one_run(mailbox_id)
        if not report.has_more:
            return report


def one_run(mailbox_id: int) -> Report:
    report = sync(mailbox_id, file=file_for, budget_s=RUN_BUDGET_S)
    if report.error is not None or report.is_busy:
        raise SystemExit(f"The mailbox could not be read: {report.error or 'busy'}")
    return report


def _afterwards(mailbox: Mailbox, statements: Statements, url: str) -> dict[str, Any]:
    _read(mailbox.pk)
    with measured(statements) as idle:
        polled = _read(mailbox.pk)
    letter = {"from": "customer001@customers.example", "subject": "Paper", "text": WORDS * 20}
    cloud.control(url, f"/mailboxes/{cloud.ADDRESS}/messages", letter)
    with measured(statements) as single:
        fetched = _read(mailbox.pk)
    if fetched.fetched != 1:
        raise SystemExit(f"One mail arrived and {fetched.fetched} were fetched.")
    return {
        "idle": {**_of(idle), "requests": polled.requests},
        "single": {**_of(single), "requests": fetched.requests},
    }


def _of(spent: Spent) -> dict[str, float]:
    return {"cpu_s": spent.cpu_s, "wall_s": spent.wall_s, "statements": spent.statements}
