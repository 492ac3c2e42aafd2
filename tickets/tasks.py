"""Doors of the schedule: load, call one flow, answer."""

from celery import shared_task
from django.utils import timezone

from mailboxes.enqueue import SYNC_MAILBOX, nudge, nudge_all
from mailboxes.inbound.sync import due_mailboxes, sync
from mailboxes.outbound import outbox
from tickets import approvals, filing
from tickets.sweeping import sweep
from tickets.unsent import reopen_failed

#: A long run makes room for the others this often and goes on at the end of the line: with a few workers, the flood of
#: one customer must not keep the mail of the next waiting. Seconds.
RUN_BUDGET_S = 20.0
#: One mail of 150 MB over a slow line may take 800 s after the budget is spent; the claim is renewed meanwhile. So may
#: the turn of sending before it.
SYNC_LIMIT_S = 1600
FILE_TENANT = "tickets.tasks.file_tenant"


@shared_task(name=SYNC_MAILBOX, soft_time_limit=SYNC_LIMIT_S, time_limit=SYNC_LIMIT_S + 60)
def sync_mailbox(mailbox_id: int) -> None:
    """Read one mailbox, unless staff has paused it; who has more goes on at the end of the line, after all that is due.

    Mail to send goes first: behind the long runs of a flood its own nudge would be too old when its turn has come.
    """
    try:
        if outbox.has_due():
            outbox.take_turn()
    finally:
        # Whatever is wrong with a mail to send, of whichever tenant: this mailbox is read.
        _read(mailbox_id)


def _read(mailbox_id: int) -> None:
    report = sync(mailbox_id, file=filing.file_for, budget_s=RUN_BUDGET_S, ignores_pause=False)
    if report.has_more or not report.was_settled:
        # While imports run the scheduler's own look mostly comes too late to the head of the queue.
        nudge_all(SYNC_MAILBOX, due_mailboxes(timezone.now()))


@shared_task(name="tickets.tasks.file_due")
def file_due() -> None:
    """Find tenants with stored mails nobody has filed: after a crash, or when a retry is due."""
    for tenant_id in filing.tenants_due():
        nudge(FILE_TENANT, tenant_id)


@shared_task(name=FILE_TENANT)
def file_tenant(tenant_id: int) -> None:
    filing.Filer(tenant_id).file_due()


@shared_task(name="tickets.tasks.sweep_attachments")
def sweep_attachments() -> None:
    sweep(timezone.now())


@shared_task(name="tickets.tasks.tend_tickets")
def tend_tickets() -> None:
    """Remind approvers, end what nobody has decided in time, and open tickets whose answer failed."""
    approvals.tend(timezone.now())
    reopen_failed()
