"""The folders of a run: looked up by name once and then kept by id, whatever people rename them to."""

from __future__ import annotations

from typing import Final

from django.conf import settings

from mailboxes.inbound.run import Run
from mailboxes.models import Mailbox
from mailboxes.models.mailbox import TARGETS
from mailboxes.transports.base import FolderSeen, MarkedFolders
from tenants.errors import Misconfigured

#: Kinds of mailbox that are no person's own, as Graph names them.
IMPERSONAL: Final = frozenset({"shared", "room", "equipment"})


def find_folders(run: Run) -> None:
    """Look up what has no id yet, or another name than it was looked up by. Raises FolderGone."""
    if not run.folder.remote_id or run.folder.path != run.mailbox.folder:
        _find_watched(run)
    find_targets(run)


def find_targets(run: Run) -> None:
    """Find the folders filed mails go to, and create those that are not there."""
    mailbox = run.mailbox
    wanted = {"move_to": mailbox.after == Mailbox.After.MOVE, "copy_to": bool(mailbox.copy_to)}
    found = {
        TARGETS[path]: run.transport.find_folder(getattr(mailbox, path), create=True).remote_id
        for path, is_wanted in wanted.items()
        if is_wanted and not getattr(mailbox, TARGETS[path])
    }
    if found:
        _note_targets(run, found)


def forget_targets(run: Run) -> None:
    """Drop the ids of the folders filed mails go to: one of them was deleted."""
    _note_targets(run, dict.fromkeys(TARGETS.values(), ""))


def walk_again(run: Run) -> None:
    """Start the folder from its beginning."""
    run.note(cursor="", is_walking=True)


def found_another(run: Run) -> bool:
    """Look for a folder of the same name in place of the one that is gone. Raises FolderGone when there is none."""
    gone = run.folder.remote_id
    _find_watched(run)
    return run.folder.remote_id != gone


def _find_watched(run: Run) -> None:
    mailbox, folder = run.mailbox, run.folder
    seen = run.transport.find_folder(mailbox.folder)
    is_another = bool(folder.remote_id) and folder.remote_id != seen.remote_id
    if is_another or folder.is_walking:
        _hold_unless_meant(run, seen)
    anew = {"cursor": "", "is_walking": True} if is_another else {}
    run.note(remote_id=seen.remote_id, path=mailbox.folder, **anew)
    if folder.is_walking:
        # Only a walk that takes everything knows beforehand how much that is.
        total = seen.total if mailbox.since == Mailbox.Since.ALL else None
        Mailbox.objects.filter(pk=mailbox.pk).update(backlog_total=total)


def _hold_unless_meant(run: Run, seen: FolderSeen) -> None:
    """Leave an inbox alone that is full and may be a person's, until somebody confirms it. Raises Misconfigured.

    A shared mailbox is nobody's own; of what kind it is, is only asked when the count gives cause for it.
    """
    mailbox = run.mailbox
    is_full = seen.total >= settings.FULL_INBOX_MAILS
    if mailbox.count_confirmed_at is not None or not mailbox.reads_inbox or not is_full:
        return
    if isinstance(run.transport, MarkedFolders) and run.transport.purpose().lower() in IMPERSONAL:
        return
    Mailbox.objects.filter(pk=mailbox.pk).update(held_mails=seen.total)
    raise Misconfigured.own("inbox_full", detail=f"{seen.total} mails")


def _note_targets(run: Run, ids: dict[str, str]) -> None:
    """Keep the ids, provided that the claim is still ours: they belong to the mailbox of the address it began with."""
    mine = Mailbox.objects.filter(pk=run.mailbox.pk, claim_number=run.mailbox.claim_number)
    if not mine.update(**ids):
        raise run.lost()
    for column, remote_id in ids.items():
        setattr(run.mailbox, column, remote_id)
