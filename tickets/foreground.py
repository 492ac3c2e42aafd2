"""Look at mailboxes now, for somebody who waits: the same runs as in the background, one after the other."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.db.models import Count, Q
from django.utils import timezone

from mailboxes.inbound.run import Filed
from mailboxes.inbound.sent import look_at_once
from mailboxes.inbound.sync import Report, sync
from mailboxes.models import Folder, InboundMessage, Mailbox
from mailboxes.models.inbound import SETTLED_STATES, InboundQuerySet
from tenants.diagnosis import diagnose_own
from tickets.filing import file_for

#: How long another process may hold the mailbox or the filing before we give up, and how often we look. Seconds.
LEASE_PATIENCE_S: Final = 90.0
LOOK_S: Final = 0.5
#: How long Microsoft may ask us to wait, all waits of a command together. Seconds.
RETRY_PATIENCE_S: Final = 60.0
#: One run; a longer backlog is read in several. Seconds.
RUN_BUDGET_S: Final = 75.0
#: Far more runs than any mailbox needs; an error in this program must not run for ever.
MOST_ROUNDS: Final = 10_000

State = InboundMessage.State
Advance = Callable[[int], None]
#: code, cause, who, fix.
Error = dict[str, str]


@dataclass(slots=True)
class Patience:
    """Time somebody is willing to wait, spent bit by bit."""

    left_s: float
    sleep: Callable[[float], None] = time.sleep

    def wait(self, seconds: float) -> bool:
        """Wait, or give False at once when that is more than is left."""
        if seconds > self.left_s:
            return False
        self.left_s -= seconds
        self.sleep(seconds)
        return True


@dataclass(slots=True, kw_only=True)
class MailboxReport:
    """What became of one mailbox; `error` has the shape of all commands, None when all is well.

    The mails are counted in the ledger, so what another worker filed meanwhile counts too.
    """

    address: str
    fetched: int = 0
    filed: int = 0
    skipped: int = 0
    suspended: int = 0
    quarantined: int = 0
    waiting: int = 0
    seconds: float = 0.0
    requests: int = 0
    error: Error | None = None


@dataclass(slots=True, kw_only=True)
class Look:
    """A sync by hand of one mailbox, until nothing is due any more."""

    mailbox: Mailbox
    for_microsoft: Patience
    for_lease: Patience
    advance: Advance = field(default=lambda count: None)
    fetched: int = 0
    requests: int = 0

    def run(self) -> MailboxReport:
        started_s = time.monotonic()
        before = _states(self.mailbox)
        make_due(self.mailbox)
        error = self._until_nothing_is_due()
        after = _states(self.mailbox)
        gained = {state: max(0, after[state] - before[state]) for state in State.values}
        return MailboxReport(
            address=self.mailbox.address,
            fetched=self.fetched,
            filed=gained[State.FILED],
            skipped=gained[State.SKIPPED],
            suspended=gained[State.SUSPENDED],
            quarantined=gained[State.QUARANTINED],
            waiting=after[State.RECEIVED],
            seconds=round(time.monotonic() - started_s, 3),
            requests=self.requests,
            error=error,
        )

    def _until_nothing_is_due(self) -> Error | None:
        for _round in range(MOST_ROUNDS):
            # What is stored already is filed even when Microsoft cannot be reached.
            errors = [self._read(), self._file_rest()]
            error = errors[0] or errors[1]
            if error is not None or not _is_something_due(self.mailbox):
                return error
            _look_for_leftovers(self.mailbox)
        return None

    def _read(self) -> Error | None:
        """Run until the end of the folder; gives the error that stands in the way."""
        while True:
            report = sync(self.mailbox.pk, file=self._file, budget_s=RUN_BUDGET_S)
            self.fetched += report.fetched
            self.requests += report.requests
            if report.is_busy:
                if not self.for_lease.wait(LOOK_S):
                    return _error("mailbox_busy")
            elif (wait_s := _asked_to_wait_s(report)) is not None:
                if not self.for_microsoft.wait(wait_s):
                    return self._reason(report)
                make_due(self.mailbox)
            elif report.error is not None:
                return report.error.diagnosis.as_json()
            elif not report.has_more:
                return None

    def _reason(self, report: Report) -> Error:
        """Say why Microsoft makes us wait: the error of this run, or the one an earlier run has left on the row."""
        if report.error is not None:
            return report.error.diagnosis.as_json()
        self.mailbox.refresh_from_db(fields=["trouble"])
        return self.mailbox.trouble_as_error() or _error("slots_taken")

    def _file(self, mailbox: Mailbox) -> Filed:
        filed = file_for(mailbox)
        self.advance(_count(filed))
        return filed

    def _file_rest(self) -> Error | None:
        """File what a run leaves over because somebody else was filing for this tenant."""
        mine = InboundMessage.objects.filter(mailbox=self.mailbox)
        if file_all(mine, file=lambda: self._file(self.mailbox), patience=self.for_lease):
            return None
        return _error("mailbox_busy")


def sync_now(
    mailbox: Mailbox,
    *,
    for_microsoft: Patience,
    advance: Advance,
    sleep: Callable[[float], None] = time.sleep,
) -> MailboxReport:
    """Fetch, file and tidy up one mailbox, whatever its schedule says. Never raises an IntegrationError."""
    patience = Patience(LEASE_PATIENCE_S, sleep)
    return Look(mailbox=mailbox, for_microsoft=for_microsoft, for_lease=patience, advance=advance).run()


def choose(addresses: Sequence[str]) -> list[tuple[str, Mailbox | Error]]:
    """Find the mailboxes to look at, in the order given: all that are on when none is named.

    An address without a mailbox, or with one that is switched off, comes with its error.
    """
    mailboxes = Mailbox.objects.select_related("tenant").order_by("address", "pk")
    if not addresses:
        return [(mailbox.address, mailbox) for mailbox in mailboxes if _is_on(mailbox)]
    wanted = list(dict.fromkeys(address.strip().lower() for address in addresses))
    found = list(mailboxes.filter(address__in=wanted))
    chosen: list[tuple[str, Mailbox | Error]] = []
    for address in wanted:
        named = [mailbox for mailbox in found if mailbox.address == address]
        chosen += [(address, mailbox if _is_on(mailbox) else _error("mailbox_off")) for mailbox in named]
        chosen += [] if named else [(address, _error("mailbox_missing"))]
    return chosen


def make_due(mailbox: Mailbox) -> None:
    """Let every retry of a mailbox come now, and the look into Sent Items: downloads, filing, tidying up."""
    look_at_once(mailbox)
    now = timezone.now()
    ledger = InboundMessage.objects.filter(mailbox=mailbox)
    ledger.filter(state=State.RECEIVED, retry_at__gt=now).update(retry_at=None)
    ledger.filter(state__in=SETTLED_STATES, acknowledged_at=None, acknowledge_at__gt=now).update(
        acknowledge_at=None
    )
    _look_for_leftovers(mailbox)


def file_all(rows: InboundQuerySet, *, file: Callable[[], Filed], patience: Patience) -> bool:
    """File until none of the rows is due; waits for another filer, and gives False when patience ends."""
    while _to_file(rows).exists():
        if not _count(file()) and not patience.wait(LOOK_S):
            return False
    return True


def _to_file(rows: InboundQuerySet) -> InboundQuerySet:
    """Keep the stored mails that are due, or are with a filer at this moment."""
    now = timezone.now()
    is_due = Q(retry_at=None) | Q(retry_at__lte=now) | Q(claimed_until__gte=now)
    return rows.filter(is_due, state=State.RECEIVED).exclude(raw_path="")


def _is_something_due(mailbox: Mailbox) -> bool:
    now = timezone.now()
    ledger = InboundMessage.objects.filter(mailbox=mailbox)
    if ledger.waiting_for_download(now).exists():
        return True
    # What another installation tidies up stays where it is, however often we look.
    is_theirs = Folder.objects.filter(mailbox=mailbox, other_installation__isnull=False).exists()
    return not is_theirs and ledger.unacknowledged(now).exists()


def _look_for_leftovers(mailbox: Mailbox) -> None:
    Mailbox.objects.filter(pk=mailbox.pk).update(is_settled=False)


def _asked_to_wait_s(report: Report) -> float | None:
    """Give the seconds Microsoft asked us to wait; None when it did not."""
    if report.waits_until is not None:
        return max(0.0, (report.waits_until - timezone.now()).total_seconds())
    if report.error is not None and report.error.retry_after is not None:
        return report.error.retry_after.total_seconds()
    return None


def _states(mailbox: Mailbox) -> Counter[str]:
    rows = InboundMessage.objects.filter(mailbox=mailbox).order_by().values_list("state")
    return Counter(dict(rows.annotate(count=Count("pk"))))


def _count(filed: Filed) -> int:
    return filed.filed + filed.skipped + filed.suspended + filed.quarantined


def _is_on(mailbox: Mailbox) -> bool:
    has_wire = mailbox.inbound_transport != Mailbox.Inbound.NONE
    return mailbox.is_active and mailbox.tenant.is_active and has_wire


def _error(code: str) -> Error:
    return diagnose_own(code).as_json()
