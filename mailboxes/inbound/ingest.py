"""Raw first: each new mail of a page is on disk and in the ledger before anything looks inside."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from mailboxes import storage
from mailboxes.inbound.download import Downloads, Fetched, empty_mail
from mailboxes.inbound.retries import retry_at
from mailboxes.inbound.run import Run
from mailboxes.models import Folder, InboundMessage, Mailbox
from mailboxes.models.inbound import remote_key_of
from mailboxes.parsing.gate import one_line
from mailboxes.transports.base import Batch, Ref
from tenants.errors import IntegrationError, ItemGone, NetworkFailure

#: How many mails that could not be downloaded before are tried again per run.
REFETCH_AT_ONCE: Final = 100
#: An empty answer may be a fault of the wire: it is believed when it comes twice in a row, after so many tries more.
EMPTY_TRIES: Final = 2
#: What a download may change on a row that waited for it.
FETCHED_FIELDS: Final = (
    "raw_path", "raw_bytes", "sha256", "is_truncated", "state", "reason", "error", "tries", "retry_at",
)  # fmt: skip
#: On a slow line a page is committed bit by bit, so that a crash or the end of the time costs this much. Seconds.
FLUSH_EVERY_S: Final = 15.0


def begin(run: Run, batch: Batch) -> Downloads:
    """Send for what is new on a page; it comes while the caller does something else."""
    if run.folder.is_walking and run.folder.purpose == Folder.Purpose.INBOX:
        _settle_now(run)
    return Downloads(run, _new_refs(run, batch.refs))


def ingest(run: Run, batch: Batch, arriving: Downloads) -> bool:
    """Store what arrives of a page, then its rows and the cursor in one transaction.

    Gives False when time was up before the end of the page: its rows are in the ledger, the cursor stays. Raises the
    error that stopped the run, likewise after the mails that did arrive are in the ledger.
    """
    waiting: list[InboundMessage] = []
    stop: IntegrationError | None = None
    is_whole = True
    flushed = time.monotonic()
    for item in arriving:
        stop = stop or item.stop
        if item.stop is None or item.error is not None:
            waiting.append(_row(run, item))
        if time.monotonic() - flushed > FLUSH_EVERY_S:
            _store(run, waiting, None)
            waiting, flushed = [], time.monotonic()
            if run.is_over() and is_whole:
                is_whole = not arriving.begin_no_more()
    _store(run, waiting, batch if is_whole and stop is None else None)
    if stop is not None:
        raise stop
    return is_whole


def _store(run: Run, rows: Sequence[InboundMessage], batch: Batch | None) -> None:
    storage.settle_folders(row.raw_path for row in rows if row.raw_path)
    with transaction.atomic():
        if rows:
            InboundMessage.objects.bulk_create(rows, ignore_conflicts=True)
        if batch is not None:
            _advance(run, batch)
    arrived = sum(1 for row in rows if row.raw_path)
    run.fetched += arrived
    run.unfiled += arrived
    run.leaves_something |= any(not row.raw_path and row.state == "received" for row in rows)


def fetch_waiting(run: Run) -> None:
    """Try again to download the mails that were listed but did not come."""
    rows = InboundMessage.objects.filter(mailbox=run.mailbox).waiting_for_download(timezone.now())
    waiting = {row.remote_id: row for row in rows.order_by("received_at")[:REFETCH_AT_ONCE]}
    refs = [Ref(remote_id=row.remote_id, received_at=row.received_at) for row in waiting.values()]
    for item in Downloads(run, refs):
        if item.stop is not None and not isinstance(item.stop, NetworkFailure):
            raise item.stop
        if item.stop is None or item.error is not None:
            run.fetched += _note_again(waiting[item.ref.remote_id], item)
    still = InboundMessage.objects.filter(mailbox=run.mailbox, state="received", raw_path="")
    run.leaves_something |= still.exists()


def _note_again(row: InboundMessage, item: Fetched) -> bool:
    """Write down what came of another try; False when nothing came, or somebody else was quicker."""
    still_waits = InboundMessage.objects.filter(pk=row.pk, state="received", raw_path="", tries=row.tries)
    if _is_empty_mail(row, item):
        item = empty_mail(item.ref, row.tenant_id)
    _note(row, item)
    _count_try(row, item)
    storage.settle_folders([row.raw_path] if row.raw_path else [])
    # Only these, and only once: a worker whose claim has ended must not bring a filed mail back.
    return bool(still_waits.update(**{name: getattr(row, name) for name in FETCHED_FIELDS}) and row.raw_path)


def _is_empty_mail(row: InboundMessage, item: Fetched) -> bool:
    """Tell a mail with nothing in it from an answer that was lost: its listing knows no header of it either.

    The Message-ID says nothing: Exchange gives one to a mail that has none.
    """
    is_nameless = not (row.subject or row.sender)
    is_empty = item.error is not None and item.error.code == "answer_empty"
    was_empty = row.error is not None and row.error["code"] == "answer_empty"
    return is_empty and was_empty and is_nameless and row.tries + 1 >= EMPTY_TRIES


def _settle_now(run: Run) -> None:
    """Put "from now on" on Microsoft's clock, once: it was noted by ours, before anybody had asked for the time there.

    Between two clocks mail would fall that is neither old here nor new there. The folder keeps what was settled.
    """
    mailbox = run.mailbox
    noted = mailbox.since_at
    if mailbox.since != Mailbox.Since.NOW or noted is None or run.folder.since_at == noted:
        return
    mailbox.since_at = run.folder.since_at = run.at_microsoft(noted)
    with transaction.atomic():
        # As it was read: whoever has settled it, or chosen another moment, since then is right.
        if Mailbox.objects.filter(pk=mailbox.pk, since_at=noted).update(since_at=mailbox.since_at):
            run.note(since_at=mailbox.since_at)


def _new_refs(run: Run, refs: Sequence[Ref]) -> list[Ref]:
    """Leave out what the ledger knows, what a page names twice, and, in a walk, what came before `since`."""
    wanted = {ref.remote_id: ref for ref in refs}
    is_inbox = run.folder.purpose == Folder.Purpose.INBOX
    bound = run.mailbox.since_at if is_inbox else run.folder.since_at
    if run.folder.is_walking and bound is not None:
        # Graph gives whole seconds: a mail of the very first one must not fall between.
        since = bound.replace(microsecond=0)
        wanted = {key: ref for key, ref in wanted.items() if ref.received_at >= since}
    if not wanted or (run.was_settled and not run.folder.is_walking):
        return list(wanted.values())
    keys = {remote_key_of(remote_id): remote_id for remote_id in wanted}
    known = InboundMessage.objects.filter(mailbox=run.mailbox, remote_key__in=keys)
    for key in known.values_list("remote_key", flat=True):
        del wanted[keys[key]]
    return list(wanted.values())


def _row(run: Run, item: Fetched) -> InboundMessage:
    ref = item.ref
    row = run.ledger_row(
        remote_id=ref.remote_id,
        remote_key=remote_key_of(ref.remote_id),
        received_at=ref.received_at,
        message_id=one_line(ref.message_id, max_chars=998),
        subject=one_line(ref.subject, max_chars=255),
        sender=one_line(ref.sender, max_chars=320),
        is_imported=_is_imported(run, ref),
    )
    if run.folder.purpose == Folder.Purpose.SENT:
        row.is_sent, row.acknowledged_at = True, timezone.now()
    _note(row, item)
    return row


def _is_imported(run: Run, ref: Ref) -> bool:
    """Tell a mail that was there before us; by the later of two clocks that differ, for it is never answered."""
    bound = run.folder.imported_until or run.mailbox.created_at
    return ref.received_at < max(bound, run.at_microsoft(bound))


def _note(row: InboundMessage, item: Fetched) -> None:
    if item.download is not None:
        row.raw_path, row.raw_bytes = item.raw_path, item.download.size_bytes
        row.sha256, row.is_truncated = item.download.sha256, item.download.is_truncated
        row.error = None
    elif isinstance(item.error, ItemGone):
        row.state = InboundMessage.State.GONE
        row.reason = "moved or deleted by somebody before it could be fetched"
    elif item.error is not None:
        row.error = item.error.diagnosis.as_json()
        row.retry_at = retry_at(0)


def _count_try(row: InboundMessage, item: Fetched) -> None:
    """Put off a mail that cannot be downloaded; after enough tries it goes to quarantine, where it can be seen."""
    if item.error is None:
        row.tries, row.retry_at = 0, None  # from here on they count the tries of filing
        return
    row.tries += 1
    row.retry_at = retry_at(row.tries)
    if row.tries >= settings.FETCH_TRIES and row.state == InboundMessage.State.RECEIVED:
        row.state = InboundMessage.State.QUARANTINED
        row.reason = "Microsoft lists this mail but does not hand it over"


def _advance(run: Run, batch: Batch) -> None:
    run.note(cursor=batch.cursor, is_walking=run.folder.is_walking and not batch.is_last)
