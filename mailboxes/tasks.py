"""Doors of the schedule: load, call one flow, answer."""

from celery import shared_task
from django.utils import timezone

from mailboxes import checkups, device_codes, scope_proof, tokens
from mailboxes.enqueue import (
    COMPARE_MAILBOX,
    EXAMINE_MAILBOX,
    LOOK_DEVICE_CODE,
    SEND_MAILBOX,
    SYNC_MAILBOX,
    nudge_all,
)
from mailboxes.inbound import reconcile
from mailboxes.inbound.acknowledge import mailboxes_with_leftovers
from mailboxes.inbound.sync import due_mailboxes
from mailboxes.models import Mailbox
from mailboxes.outbound import drafts, outbox
from mailboxes.sweeping import sweep_storage as sweep

#: Each may have to wait for a mailbox's seat and for Microsoft.
SCOPES_AT_ONCE = 5
#: Handing over 35 MB by SMTP may take this long after the budget is spent; the claim is renewed meanwhile.
SEND_LIMIT_S = 800


@shared_task(name="mailboxes.tasks.sync_due")
def sync_due() -> None:
    nudge_all(SYNC_MAILBOX, due_mailboxes(timezone.now()))


@shared_task(name="mailboxes.tasks.acknowledge_due")
def acknowledge_due() -> None:
    """Find mails that are filed but still lie in the inbox: their mailbox gets a run that tidies up."""
    nudge_all(SYNC_MAILBOX, mailboxes_with_leftovers(timezone.now()))


@shared_task(name="mailboxes.tasks.sweep_storage")
def sweep_storage() -> None:
    sweep(timezone.now())


@shared_task(name="mailboxes.tasks.compare_due")
def compare_due() -> None:
    """Compare each mailbox with the ledger once a day, a few at a time."""
    nudge_all(COMPARE_MAILBOX, reconcile.due(timezone.now()))


@shared_task(name=COMPARE_MAILBOX)
def compare_mailbox(mailbox_id: int) -> None:
    reconcile.compare_as_due(mailbox_id)


@shared_task(name="mailboxes.tasks.examine_due")
def examine_due() -> None:
    """Find mailboxes that have not been examined tonight; a few at a time, so that none waits behind them."""
    nudge_all(EXAMINE_MAILBOX, checkups.due(timezone.now()))


@shared_task(name=EXAMINE_MAILBOX)
def examine_mailbox(mailbox_id: int) -> None:
    mailbox = Mailbox.objects.select_related("tenant", "registration__tenant").filter(pk=mailbox_id).first()
    if mailbox is not None:
        checkups.check_up(mailbox)
        drafts.remove_leftovers(mailbox)


@shared_task(name="mailboxes.tasks.prove_scopes_due")
def prove_scopes_due() -> None:
    """Try the control mailboxes that are due, as many as fit into one task; the rest is due an hour later."""
    for registration in scope_proof.due(timezone.now())[:SCOPES_AT_ONCE]:
        scope_proof.prove_scope(registration)


@shared_task(name="mailboxes.tasks.send_due")
def send_due() -> None:
    """Find mail to send whose nudge was lost, whose retry is due, whose sender died or whose fate is open."""
    nudge_all(SEND_MAILBOX, outbox.mailboxes_due())


@shared_task(name=SEND_MAILBOX, soft_time_limit=SEND_LIMIT_S, time_limit=SEND_LIMIT_S + 60)
def send_mailbox(mailbox_id: int) -> None:
    """Send from the mailbox whose turn it is, whichever was named."""
    outbox.take_turn()


@shared_task(name="mailboxes.tasks.exercise_sign_ins")
def exercise_sign_ins() -> None:
    """Use the sign-ins nothing else uses: Microsoft ends them after 90 idle days."""
    tokens.exercise_idle(timezone.now())


@shared_task(name="mailboxes.tasks.look_for_device_codes")
def look_for_device_codes() -> None:
    nudge_all(LOOK_DEVICE_CODE, device_codes.due(timezone.now()))


@shared_task(name=LOOK_DEVICE_CODE)
def look_for_device_code(mailbox_id: int) -> None:
    device_codes.look(mailbox_id)
