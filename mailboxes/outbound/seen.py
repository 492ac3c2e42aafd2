"""Our own mails, met in Sent Items: known by Message-ID or by the draft's id; whatever was thought, they have left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from mailboxes.models import Mailbox, OutboundMessage
from mailboxes.models.outbound import OutboundQuerySet
from mailboxes.transports.base import Ref

State = OutboundMessage.State
#: Taken back while in doubt, its draft sent from Outlook by somebody, sent since the backup was made that is used now:
#: the copy shows that it left all the same.
_NOT_KNOWN_AS_SENT: Final = (State.QUEUED, State.UNCERTAIN, State.CANCELLED, State.FAILED)
#: A draft may lie so long between its making and its sending; bounds the look for ids, of which there is no index.
LAG: Final = timedelta(days=6)


def ours_among(mailbox: Mailbox, refs: Sequence[Ref]) -> frozenset[str]:
    """Tell which mails of a page, by remote id, are our own; those that were in doubt or given up are sent, then.

    A mail whose send is under way is known as well: its ids were committed before it was asked for.
    """
    if not refs:
        return frozenset()
    rows = OutboundMessage.objects.filter(tenant_id=mailbox.tenant_id)
    by_message_id = _by_message_id(rows, refs)
    found = {ref.remote_id for ref in refs if ref.message_id in by_message_id}
    left = [ref for ref in refs if ref.remote_id not in found]
    by_remote_id = _by_remote_id(rows.filter(mailbox=mailbox), left)
    found |= by_remote_id.keys()
    _settle(rows, {*by_message_id.values(), *by_remote_id.values()})
    return frozenset(found)


def is_ours(tenant_id: int, message_id: str) -> bool:
    """Tell whether a mail of this Message-ID stands in the outbox of the tenant."""
    bare = message_id.strip().strip("<>")
    same = Q(message_id=f"<{bare}>") | Q(remote_message_id=f"<{bare}>")
    return bool(bare) and OutboundMessage.objects.filter(same, tenant_id=tenant_id).exists()


def _by_message_id(rows: OutboundQuerySet, refs: Sequence[Ref]) -> dict[str, int]:
    ids = {ref.message_id for ref in refs if ref.message_id}
    same = rows.filter(Q(message_id__in=ids) | Q(remote_message_id__in=ids))
    found: dict[str, int] = {}
    for pk, *names in same.values_list("pk", "message_id", "remote_message_id"):
        found |= dict.fromkeys(filter(None, names), pk)
    return found


def _by_remote_id(rows: OutboundQuerySet, refs: Sequence[Ref]) -> dict[str, int]:
    if not refs:
        return {}
    since = min(ref.received_at for ref in refs) - LAG
    same = rows.filter(remote_id__in=[ref.remote_id for ref in refs], asked_at__gte=since)
    return dict(same.values_list("remote_id", "pk"))


def _settle(rows: OutboundQuerySet, pks: set[int]) -> None:
    """Mark as sent what was in doubt or given up; whoever looks for it at this moment finds his claim gone.

    Where recipients were told apart, a copy does not say to whom it went: those are left to `resolve`.
    """
    free = Q(claimed_until=None) | Q(claimed_until__lt=timezone.now())
    rows.filter(free, pk__in=pks, state__in=_NOT_KNOWN_AS_SENT, deliveries={}).update(
        state=State.SENT,
        sent_at=Coalesce("asked_at", Now()),
        claim_number=F("claim_number") + 1,
        claimed_until=None,
        retry_at=None,
        error=None,
    )
