"""Answers written in Outlook: Sent Items is read beside the inbox, now and then, and nothing in it is touched.

What we have sent ourselves lies there too. It is known by its id or its Message-ID before anything is downloaded, and
where its fate was in doubt, lying there settles it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from django.utils import timezone

from mailboxes.governor import renew
from mailboxes.inbound.folders import walk_again
from mailboxes.inbound.ingest import begin, ingest
from mailboxes.inbound.run import Filed, Run
from mailboxes.models import Folder, Mailbox
from mailboxes.outbound.seen import ours_among
from mailboxes.transports.base import SENT_ITEMS
from tenants.errors import CursorExpired, IntegrationError

#: An idle look costs one request; an answer may reach its ticket a little later than the customer's next mail would.
LOOK_EVERY: Final = timedelta(minutes=3)
#: A folder that may not be read is tried again this often.
PROBE_EVERY: Final = timedelta(hours=1)


def read_sent(run: Run) -> None:
    """Store what people have sent since the last look, when a look is due. Raises what would stop the inbox as well.

    What stands in the way of this folder alone is noted on it: mail goes on coming in.
    """
    if not run.mailbox.is_reading_sent or run.folder.is_walking or run.is_over():
        return
    folder = _folder_of(run)
    now = timezone.now()
    if folder.next_look_at is not None and folder.next_look_at > now and not _is_asked_for(run.mailbox):
        return
    beside = _beside(run, folder)
    try:
        _walk_from_where_it_was(beside)
    except IntegrationError as error:
        if not error.permanent:
            raise
        _note(folder, look_in=PROBE_EVERY, trouble=error.diagnosis.as_json())
    else:
        is_done = not run.is_over() and not folder.is_walking
        _note(folder, look_in=LOOK_EVERY if is_done else timedelta(), trouble=None)
    finally:
        _add(run, beside)


def look_at_once(mailbox: Mailbox) -> None:
    """Make the next run look into Sent Items whatever the time."""
    Folder.objects.filter(mailbox=mailbox, purpose=Folder.Purpose.SENT).update(next_look_at=None)


def _folder_of(run: Run) -> Folder:
    """Give the row of Sent Items; the first time, what was sent before is left alone."""
    mailbox = run.mailbox
    values = {
        "tenant_id": mailbox.tenant_id,
        "path": SENT_ITEMS,
        "remote_id": SENT_ITEMS,
        "since_at": run.at_microsoft(timezone.now()),
    }
    folder, _is_new = Folder.objects.get_or_create(
        mailbox=mailbox, purpose=Folder.Purpose.SENT, defaults=values
    )
    return folder


def _is_asked_for(mailbox: Mailbox) -> bool:
    """Tell whether somebody has pressed "Sync now" since the last look; the row is as it was before the claim."""
    asked_at, looked_at = mailbox.nudged_at, mailbox.last_attempt_at
    return asked_at is not None and (looked_at is None or asked_at >= looked_at)


def _beside(run: Run, folder: Folder) -> Run:
    """Make a run of the same claim and the same wire over another folder; its mails are looked up one and all."""
    run.transport  # noqa: B018 - opened once, for both
    counts = {"fetched": 0, "fetched_sent": 0, "unfiled": 0, "untidied": [], "leaves_something": False}
    return replace(run, folder=folder, was_settled=False, filed=Filed(), **counts)  # type: ignore[arg-type]


def _walk_from_where_it_was(run: Run) -> None:
    try:
        _walk(run)
    except CursorExpired:
        walk_again(run)
        _walk(run)


def _walk(run: Run) -> None:
    for batch in run.transport.fetch(run.folder.remote_id, run.folder.cursor):
        ours = ours_among(run.mailbox, batch.refs)
        foreign = replace(batch, refs=[ref for ref in batch.refs if ref.remote_id not in ours])
        is_whole = ingest(run, foreign, begin(run, foreign))
        if batch.is_last and is_whole:
            run.folder.is_walking = False
            return
        if run.is_over():
            return
        renew(run.mailbox, run.gate)


def _add(run: Run, beside: Run) -> None:
    run.fetched += beside.fetched
    run.fetched_sent += beside.fetched
    run.unfiled += beside.unfiled
    run.leaves_something |= beside.leaves_something


def _note(folder: Folder, *, look_in: timedelta, trouble: dict[str, str] | None) -> None:
    Folder.objects.filter(pk=folder.pk).update(next_look_at=timezone.now() + look_in, trouble=trouble)
