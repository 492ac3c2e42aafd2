"""Tidy up at Microsoft what has been filed: copy when asked, then move, mark or delete.

A state of its own on the ledger row, swept until done. Only after the commit that filed a mail, and never twice on
purpose: what is gone already counts as done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice

from django.db.models import F, Q
from django.utils import timezone

from mailboxes.governor import renew
from mailboxes.inbound import guard
from mailboxes.inbound.download import STOPS_THE_RUN
from mailboxes.inbound.folders import find_targets, forget_targets
from mailboxes.inbound.retries import retry_at
from mailboxes.inbound.run import Run, Settled
from mailboxes.models import InboundMessage, Mailbox
from mailboxes.models.inbound import InboundQuerySet
from mailboxes.transports.base import Step
from tenants.errors import FolderGone, IntegrationError, ItemGone

#: How many leftovers are looked up at a time.
SWEEP_AT_ONCE = 100
STEPS = {
    Mailbox.After.MOVE: Step.MOVE,
    Mailbox.After.MARK_READ: Step.MARK_READ,
    Mailbox.After.DELETE: Step.DELETE,
}


def acknowledge(run: Run, mails: Sequence[Settled], *, is_again: bool = False) -> bool:
    """Take the configured steps with mails that were just settled; False when the folder is not ours to tidy up.

    `is_again`: an earlier run may have taken the steps and died before it wrote so.

    Raises what would stop the next mails too, after the ones that worked are written down.
    """
    step = STEPS.get(Mailbox.After(run.mailbox.after))
    if step is None and not run.mailbox.copy_to:
        _done([mail.pk for mail in mails])
        return True
    if not mails:
        return True
    if not guard.may_tidy_up(run):
        # Another installation works on this folder: what we have filed waits until somebody says whose it is.
        run.leaves_something = True
        return False
    for group in _groups(mails, run.transport.steps_at_once):
        try:
            _tidy_up(run, group, step, is_again=is_again)
        except FolderGone:
            # Somebody deleted the folder they go to: it is found by name, or made anew, and they go there.
            forget_targets(run)
            find_targets(run)
            _tidy_up(run, group, step, is_again=True)
    return True


def _tidy_up(run: Run, group: Sequence[Settled], step: Step | None, *, is_again: bool) -> None:
    if run.mailbox.copy_to:
        group = _copy(run, group, is_again=is_again)
    if step is Step.DELETE:
        # Of these we hold the beginning alone.
        kept, group = [mail for mail in group if mail.is_cut], [mail for mail in group if not mail.is_cut]
        _done([mail.pk for mail in kept])
    if step is not None:
        target = run.mailbox.move_to_id if step is Step.MOVE else ""
        group, stop = _take(run, group, step, target, is_again=is_again)
        _done([mail.pk for mail in group])
        if stop is not None:
            raise stop
    else:
        _done([mail.pk for mail in group])


def sweep(run: Run) -> None:
    """Find the settled mails that an earlier run did not get to, and take the steps with them."""
    while not run.is_over():
        rows = InboundMessage.objects.filter(mailbox=run.mailbox).unacknowledged(timezone.now())
        found = rows.order_by("pk").values_list("pk", "remote_id", "is_truncated")[:SWEEP_AT_ONCE]
        mails = [
            Settled(pk=pk, mailbox_id=run.mailbox.pk, remote_id=remote_id, is_cut=is_cut)
            for pk, remote_id, is_cut in found
        ]
        if not mails:
            return
        if not acknowledge(run, mails, is_again=True):
            return
        renew(run.mailbox, run.gate)
    run.leaves_something = True


def _copy(run: Run, group: Sequence[Settled], *, is_again: bool) -> Sequence[Settled]:
    """Copy what has not been copied yet; gives the mails that now are. Raises what stops the run."""
    pks = [mail.pk for mail in group]
    rows = InboundMessage.objects.filter(pk__in=pks)
    done = set(rows.exclude(copied_at=None).values_list("pk", flat=True)) | _copied_unnoted(run, rows)
    rows.filter(copied_at=None, acknowledge_tries=0).update(acknowledge_tries=1)
    wanted = [mail for mail in group if mail.pk not in done]
    fresh, stop = _take(run, wanted, Step.COPY, run.mailbox.copy_to_id, is_again=is_again)
    rows.filter(pk__in=[mail.pk for mail in fresh]).update(copied_at=timezone.now())
    if stop is not None:
        raise stop
    return [*(mail for mail in group if mail.pk in done), *fresh]


def _copied_unnoted(run: Run, rows: InboundQuerySet) -> set[int]:
    """Find the copies an earlier run made and did not live to write down, or whose answer was lost.

    Only a mail whose copying was begun before is looked for: the usual case costs no request.
    """
    begun = rows.filter(copied_at=None, acknowledge_tries__gt=0).exclude(message_id="")
    names = dict(begun.values_list("pk", "message_id"))
    if not names:
        return set()
    there = run.transport.copied(list(dict.fromkeys(names.values())), run.mailbox.copy_to_id)
    found = {pk for pk, message_id in names.items() if message_id in there}
    rows.filter(pk__in=found).update(copied_at=timezone.now())
    return found


def _take(
    run: Run, group: Sequence[Settled], step: Step, folder_id: str, *, is_again: bool
) -> tuple[Sequence[Settled], IntegrationError | None]:
    """Take one step; gives the mails it worked for, puts the others off, and names what would stop the next too."""
    if not group:
        return group, None
    results = run.transport.acknowledge([mail.remote_id for mail in group], step, folder_id=folder_id)
    errors = {mail.pk: error for mail in group if (error := results.get(mail.remote_id)) is not None}
    gone = [pk for pk, error in errors.items() if isinstance(error, ItemGone)]
    if gone and not is_again:
        # Gone counts as done either way; only where we cannot have done it ourselves, somebody else has.
        InboundMessage.objects.filter(pk__in=gone).update(taken_at=timezone.now())
        Mailbox.objects.filter(pk=run.mailbox.pk).update(taken_mails=F("taken_mails") + len(gone))
    failed = {pk: error for pk, error in errors.items() if not isinstance(error, ItemGone)}
    if failed:
        run.leaves_something = True
        _put_off(list(failed))
    stop = next((error for error in failed.values() if isinstance(error, (*STOPS_THE_RUN, FolderGone))), None)
    return [mail for mail in group if mail.pk not in failed], stop


def _done(pks: Sequence[int]) -> None:
    if pks:
        InboundMessage.objects.filter(pk__in=pks).update(acknowledged_at=timezone.now())


def _put_off(pks: Sequence[int]) -> None:
    rows = InboundMessage.objects.filter(pk__in=pks)
    tries = max(rows.values_list("acknowledge_tries", flat=True), default=0)
    rows.update(acknowledge_tries=F("acknowledge_tries") + 1, acknowledge_at=retry_at(tries))


def _groups(mails: Sequence[Settled], size: int) -> Iterator[Sequence[Settled]]:
    rest = iter(mails)
    while group := list(islice(rest, size)):
        yield group


def mailboxes_with_leftovers(now: datetime) -> list[int]:
    """Name the idle mailboxes with mails that wait to be tidied up, and make their next run look for them."""
    waiting = InboundMessage.objects.unacknowledged(now).values("mailbox_id")
    idle = Mailbox.objects.working().filter(pk__in=waiting, paused=Mailbox.Pause.NONE)
    idle = idle.exclude(folders__other_installation__isnull=False)
    idle = idle.filter(Q(claimed_until=None) | Q(claimed_until__lt=now))
    idle = idle.filter(Q(retry_after_until=None) | Q(retry_after_until__lt=now))
    # These are read as soon as it is their turn, and tidied up with that.
    idle = idle.exclude(is_settled=False, next_sync_at__lte=now)
    found = list(idle.values_list("pk", flat=True))
    if found:
        Mailbox.objects.filter(pk__in=found).update(is_settled=False)
    return found
