"""The path of incoming mail: claim the mailbox, list, store, file, tidy up, let go. One run at a time per mailbox."""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from mailboxes.budget import spent
from mailboxes.consents import explain_denial
from mailboxes.errors import LeaseLost
from mailboxes.governor import RunGate, renew
from mailboxes.inbound.acknowledge import acknowledge, sweep
from mailboxes.inbound.folders import find_folders, found_another, walk_again
from mailboxes.inbound.ingest import begin, fetch_waiting, ingest
from mailboxes.inbound.retries import look_again_at
from mailboxes.inbound.run import Filed, FileReceived, Run
from mailboxes.inbound.sent import read_sent
from mailboxes.models import Folder, Mailbox
from tenants.errors import CursorExpired, FolderGone, IntegrationError

#: A mailbox paused by an error is looked at this often: whoever repairs it at Microsoft need not tell us.
PROBE_EVERY: Final = timedelta(hours=1)
#: A listing that takes longer leaves time to file meanwhile; on a quicker line both would only share the processor.
SLOW_ANSWER_S: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one run did.

    `is_busy`: somebody else had the mailbox. `waits_until`: Microsoft asked for patience, nothing was tried.
    `has_more`: time was up before the end. `was_settled`: the run before it had left nothing over.
    """

    address: str
    fetched: int = 0
    filed: Filed | None = None
    requests: int = 0
    seconds: float = 0.0
    error: IntegrationError | None = None
    is_busy: bool = False
    waits_until: datetime | None = None
    has_more: bool = False
    was_settled: bool = True


def sync(mailbox_id: int, *, file: FileReceived, budget_s: float, ignores_pause: bool = True) -> Report:
    """Read one mailbox until nothing is new or the time is up. Never raises an IntegrationError: it is on the row."""
    _spare_the_collector()
    started = time.monotonic()
    folder = _inbox_of(mailbox_id)
    is_paused = folder.mailbox.paused == Mailbox.Pause.STAFF and not ignores_pause
    if is_paused or not (folder.mailbox.is_active and folder.mailbox.tenant.is_active):
        # Asked for before it was paused or switched off: nobody has to take such nudges back.
        return Report(address=folder.mailbox.address)
    waits_until = folder.mailbox.retry_after_until
    if waits_until is not None and waits_until > timezone.now():
        return Report(address=folder.mailbox.address, waits_until=waits_until)
    run = _claim(folder, deadline=started + budget_s)
    if run is None:
        return Report(address=folder.mailbox.address, is_busy=True)
    error: IntegrationError | None = None
    began_at = timezone.now()
    try:
        _read(run, file)
    except IntegrationError as failure:
        error = explain_denial(run.mailbox, failure)
        _failed(run, error)
    except LeaseLost:
        return Report(address=run.mailbox.address, is_busy=True)
    else:
        _succeeded(run, began_at)
    finally:
        run.close()
    return Report(
        address=run.mailbox.address,
        fetched=run.fetched,
        filed=run.filed,
        requests=run.requests,
        seconds=time.monotonic() - started,
        error=error,
        has_more=run.is_over() and error is None,
        was_settled=run.was_settled,
    )


@cache
def _spare_the_collector() -> None:
    """Once in a process: take what the program itself is made of out of the garbage collector's rounds.

    Parsing makes garbage by the thousand, and each full round walked half a million objects that stay for good:
    7 % of the time a mail takes.
    """
    gc.collect()
    gc.freeze()


def _inbox_of(mailbox_id: int) -> Folder:
    """Load the folder with its mailbox, registration, tenant and queue in one go."""
    folders = Folder.objects.select_related(
        "mailbox__registration__tenant", "mailbox__tenant", "mailbox__queue"
    )
    folder: Folder | None = folders.filter(mailbox_id=mailbox_id, purpose=Folder.Purpose.INBOX).first()
    if folder is not None:
        return folder
    mailbox = Mailbox.objects.get(pk=mailbox_id)
    Folder.objects.get_or_create(
        mailbox=mailbox, purpose=Folder.Purpose.INBOX, defaults={"tenant_id": mailbox.tenant_id}
    )
    return _inbox_of(mailbox_id)


def _claim(folder: Folder, *, deadline: float) -> Run | None:
    mailbox, now = folder.mailbox, timezone.now()
    if mailbox.claimed_until is not None and mailbox.claimed_until >= now:
        return None
    gate = RunGate(has_visitor=mailbox.visitor_until is not None and mailbox.visitor_until > now)
    # As it was read, or not at all: a run that has ended since may have been told to wait, and a visitor who has sat
    # down since would be a fifth at the table.
    as_read = {name: getattr(mailbox, name) for name in ("claim_number", "claimed_until", "visitor_until")}
    # Whoever had it has never let go of it, which is no trouble before it has lasted.
    is_unended = mailbox.claimed_until is not None
    taken = Mailbox.objects.filter(pk=mailbox.pk, **as_read).update(
        claimed_until=now + timedelta(seconds=settings.SYNC_LEASE_S),
        claim_number=F("claim_number") + 1,
        slots=gate.count,
        last_attempt_at=now,
        is_settled=False,
        **({"trouble_since_at": mailbox.trouble_since_at or now} if is_unended else {}),
    )
    if not taken:
        return None
    mailbox.claim_number += 1
    return Run(
        mailbox=mailbox,
        folder=folder,
        gate=gate,
        deadline=deadline,
        was_settled=mailbox.is_settled,
    )


def _read(run: Run, file: FileReceived) -> None:
    find_folders(run)
    if not run.was_settled:
        _finish_leftovers(run, file)
    try:
        _walk_where_it_is(run, file)
    except CursorExpired:
        # Microsoft forgot where we were. The ledger knows what it has seen, so walking again doubles nothing.
        walk_again(run)
        _walk_where_it_is(run, file)
    if not run.was_settled:
        # After the listing: by now the network is known to be there, and what does not come is that mail's fault.
        fetch_waiting(run)
        acknowledge(run, run.count(file(run.mailbox)))
    # Behind the inbox: the mail that somebody has answered is on its ticket when the answer is looked at.
    read_sent(run)
    _file(run, file)
    _tidy_up(run)


def _walk_where_it_is(run: Run, file: FileReceived) -> None:
    try:
        _walk(run, file)
    except FolderGone:
        # Deleted, and perhaps made anew under its name; if not, the look-up says that it is missing.
        if not found_another(run):
            raise
        _walk(run, file)


def _walk(run: Run, file: FileReceived) -> None:
    """Read page by page; on a slow line the mails of one page are filed while those of the next are on their way."""
    asked = time.monotonic()
    try:
        for batch in run.transport.fetch(run.folder.remote_id, run.folder.cursor):
            is_slow = time.monotonic() - asked > SLOW_ANSWER_S
            arriving = begin(run, batch)
            if is_slow:
                _file(run, file)
            is_whole = ingest(run, batch, arriving)
            if not is_slow:
                _file(run, file)
            # Not before the downloads are done: Exchange runs four requests of one batch at once.
            _tidy_up(run)
            if batch.is_last and is_whole:
                run.folder.is_walking = False
                break
            if run.is_over():
                break
            renew(run.mailbox, run.gate)
            asked = time.monotonic()
    except IntegrationError:
        _file(run, file)  # what is stored needs nothing more from Microsoft
        raise
    _file(run, file)
    _tidy_up(run)


def _file(run: Run, file: FileReceived) -> None:
    """File what has been stored; the database is not even asked when nothing has."""
    if run.unfiled:
        run.unfiled = 0
        run.untidied += run.count(file(run.mailbox))


def _tidy_up(run: Run) -> None:
    settled, run.untidied = run.untidied, []
    acknowledge(run, settled)


def _finish_leftovers(run: Run, file: FileReceived) -> None:
    acknowledge(run, run.count(file(run.mailbox)))
    sweep(run)


def _succeeded(run: Run, began_at: datetime) -> None:
    """Let go of the mailbox; it is well. A nudge that came meanwhile makes the next run start at once."""
    now = timezone.now()
    is_done = not run.is_over()
    rest = timedelta(seconds=settings.SYNC_INTERVAL_S if is_done else 0)
    values: dict[str, Any] = {
        "last_success_at": now,
        "is_settled": is_done and not run.leaves_something and not run.folder.is_walking,
        "failures": 0,
        "trouble": None,
        "trouble_since_at": None,
        "retry_after_until": None,
        "paused": Case(When(paused=Mailbox.Pause.ERROR, then=Value(Mailbox.Pause.NONE)), default=F("paused")),
        "next_sync_at": Case(When(nudged_at__gte=began_at, then=Value(now)), default=Value(now + rest)),
    }
    if run.fetched > run.fetched_sent:
        values |= {"last_mail_at": now, "quiet_since_at": None}
    _release(run, values)


def _failed(run: Run, error: IntegrationError) -> None:
    """Let go of the mailbox; it says since when, why, who must act, and when the next try is made."""
    mailbox, now = run.mailbox, timezone.now()
    wait_until = now + error.retry_after if error.retry_after else None
    soon = wait_until or look_again_at(mailbox.failures)
    _release(
        run,
        {
            "failures": F("failures") + 1,
            "trouble": error.diagnosis.as_row(),
            "trouble_since_at": mailbox.trouble_since_at or now,
            "retry_after_until": wait_until,
            "paused": _paused_by(error),
            "next_sync_at": now + PROBE_EVERY if error.permanent else soon,
        },
    )


def _paused_by(error: IntegrationError) -> Case:
    """Pause for what no retry can help, and for nothing else, unless staff has paused the mailbox meanwhile."""
    paused = Mailbox.Pause.ERROR if error.permanent else Mailbox.Pause.NONE
    return Case(When(paused=Mailbox.Pause.STAFF, then=F("paused")), default=Value(paused.value))


def _release(run: Run, values: dict[str, Any]) -> None:
    mine = Mailbox.objects.filter(pk=run.mailbox.pk, claim_number=run.mailbox.claim_number)
    mine.update(claimed_until=None, slots=0, **spent(run.charged, timezone.now()), **values)


def due_mailboxes(now: datetime) -> Sequence[int]:
    """Take the ids of the mailboxes whose look is due, and move their next look on: a lost nudge costs one interval.

    First those that were read to the end, whose looks are short. Of those with something left, imports above all, only
    as many as workers are free, longest unread first; the others stay due. So the queue stays shorter than a nudge
    lives, however many imports there are, and nobody's mail waits behind all of them.
    """
    rows = Mailbox.objects.due(now).exclude(claimed_until__gt=now)
    rows = rows.annotate(is_long=Q(is_settled=False, trouble__isnull=True))
    found = list(rows.order_by(F("last_attempt_at").asc(nulls_first=True)).values_list("pk", "is_long"))
    due = [pk for pk, is_long in found if not is_long]
    long = [pk for pk, is_long in found if is_long]
    due += list(Mailbox.objects.repaired().values_list("pk", flat=True))
    if long:
        busy = Mailbox.objects.filter(claimed_until__gt=now).count()
        # One at least: somebody free to ask is there, and claims outlive a worker that was killed.
        due += long[: max(1, settings.CELERY_WORKER_CONCURRENCY - busy)]
    if due:
        later = now + timedelta(seconds=settings.SYNC_INTERVAL_S)
        Mailbox.objects.filter(pk__in=due).update(next_sync_at=later)
    return due
