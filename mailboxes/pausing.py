"""Flow: staff stop a mailbox for a while, and let it go on."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from mailboxes.enqueue import enqueue_sync
from mailboxes.models import Mailbox
from tenants import audit
from tenants.whom import for_its_tenant


@for_its_tenant
def pause(mailbox: Mailbox, *, by: audit.Actor = None) -> None:
    """Fetch nothing until somebody resumes; a run under way ends by itself."""
    with transaction.atomic():
        Mailbox.objects.filter(pk=mailbox.pk).update(paused=Mailbox.Pause.STAFF)
        audit.note(audit.Action.PAUSED, mailbox, by=by)


def cut_off(mailboxes: QuerySet[Mailbox]) -> None:
    """Take mailboxes away from the runs that hold them: a run finds out at its next page and writes nothing more."""
    mailboxes.filter(claimed_until__isnull=False).update(
        claimed_until=None, claim_number=F("claim_number") + 1, slots=0
    )


@for_its_tenant
def resume(mailbox: Mailbox, *, by: audit.Actor = None) -> None:
    """Go on at once, whoever or whatever paused it."""
    with transaction.atomic():
        Mailbox.objects.filter(pk=mailbox.pk).update(paused=Mailbox.Pause.NONE, next_sync_at=timezone.now())
        audit.note(audit.Action.RESUMED, mailbox, by=by)
        enqueue_sync(mailbox.pk)


@for_its_tenant
def confirm(mailbox: Mailbox, *, typed: str, by: audit.Actor = None) -> bool:
    """Let a full inbox be read once its number of mails is typed; False when it is another number, or none is held."""
    digits = "".join(char for char in typed if char.isdecimal())
    if mailbox.held_mails is None or digits != str(mailbox.held_mails):
        return False
    now = timezone.now()
    with transaction.atomic():
        Mailbox.objects.filter(pk=mailbox.pk, paused=Mailbox.Pause.ERROR).update(paused=Mailbox.Pause.NONE)
        Mailbox.objects.filter(pk=mailbox.pk).update(count_confirmed_at=now, held_mails=None)
        audit.note(audit.Action.CHANGED, mailbox, by=by, confirmed_mails=["", mailbox.held_mails])
        enqueue_sync(mailbox.pk)
    return True
