"""Taking stored mails for filing: one filer per tenant at a time, oldest first, a doubtful mail always alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import connection
from django.utils import timezone

from mailboxes.inbound.retries import retry_at
from mailboxes.models import InboundMessage
from mailboxes.models.inbound import InboundQuerySet

# The rows themselves are the claim: nothing is taken while another filer holds rows of this tenant. `tries` grows with
# the claim and is committed with it, so a mail that kills its worker is counted, and comes alone the next time; and
# since it grows, it is the fencing number too. The inner look orders by (tried before?, received): untried mails
# never wait behind a poisoned one. Of two claims at the same moment one goes away with nothing: SQLite writes one
# after the other, and a server that does not needs {alone}, for the snapshot of the second may hold newer mails.
_CLAIM: Final = """
UPDATE mailboxes_inboundmessage
   SET tries = tries + 1, claimed_until = %(until)s, retry_at = %(retry_at)s
 WHERE id IN (
        SELECT id FROM (
            SELECT id, tries,
                   row_number() OVER (ORDER BY (CASE WHEN tries > 0 THEN 1 ELSE 0 END), received_at, id) AS place
              FROM mailboxes_inboundmessage
             WHERE tenant_id = %(tenant)s AND state = 'received' AND raw_path <> ''
               AND (retry_at IS NULL OR retry_at <= %(now)s)
        ) AS due
        WHERE place = 1 OR (tries = 0 AND place <= %(most)s))
   AND (claimed_until IS NULL OR claimed_until < %(now)s)
   AND EXISTS (SELECT 1 FROM tenants_tenant WHERE id = %(tenant)s AND is_active)
   AND NOT EXISTS (SELECT 1 FROM mailboxes_inboundmessage AS other
                    WHERE other.tenant_id = %(tenant)s AND other.state = 'received'
                      AND other.claimed_until >= %(now)s){alone}
RETURNING {columns},
          EXISTS (SELECT 1 FROM tickets_rule WHERE tenant_id = %(tenant)s AND is_active) AS has_rules,
          EXISTS (SELECT 1 FROM tickets_queue
                   WHERE tenant_id = %(tenant)s AND answers_automatically) AS has_auto_answers,
          EXISTS (SELECT 1 FROM mailboxes_mailbox AS ours JOIN tenants_tenant ON tenants_tenant.id = ours.tenant_id
                   WHERE ours.tenant_id = %(tenant)s
                     AND (ours.aliases <> '' OR ours.address NOT LIKE '%%@' || tenants_tenant.domain)
                 ) AS has_other_domains
"""
#: Held until the claim is committed; whoever does not get it at once has nothing to file.
_ALONE: Final = " AND (SELECT pg_try_advisory_xact_lock(%(lock)s))"
_LOCK_SPACE: Final = 0x6D33_3635 << 32


def claim(tenant_id: int) -> list[InboundMessage]:
    """Take the mails to file next, oldest first; empty when nothing is due, another filer is at work, or all is off.

    Each row also says whether its tenant has rules (`has_rules`), a queue that answers automatically
    (`has_auto_answers`), addresses that need not lie in its domain (`has_other_domains`): fewer looks for the many
    that have none.
    """
    now = timezone.now()
    values = {
        "tenant": tenant_id,
        "now": now,
        "until": now + timedelta(seconds=settings.SYNC_LEASE_S),
        # Should this worker die, the mails are due again when the claim has run out.
        "retry_at": now + timedelta(seconds=settings.SYNC_LEASE_S),
        "most": settings.FILING_BATCH,
        "lock": _LOCK_SPACE | (tenant_id & 0xFFFF_FFFF),
    }
    fields = InboundMessage._meta.concrete_fields
    statement = _CLAIM.format(
        columns=", ".join(connection.ops.quote_name(str(field.column)) for field in fields),
        alone=_ALONE if connection.vendor == "postgresql" else "",
    )
    # A raw query set turns the returned columns into rows, times and JSON included, on both databases.
    rows = InboundMessage.objects.raw(statement, values)
    return sorted(rows, key=lambda row: (row.received_at, row.pk))


def still_held(rows: Sequence[InboundMessage]) -> bool:
    """Prolong the claim; False when it has run out and somebody else has taken one of the rows."""
    until = timezone.now() + timedelta(seconds=settings.SYNC_LEASE_S)
    return _mine(rows).update(claimed_until=until) == len(rows)


def settle(rows: Sequence[InboundMessage], state: str, **values: object) -> bool:
    """Write the outcome of claimed rows and end the claim; False when the claim was lost."""
    done = {"state": state, "claimed_until": None, "retry_at": None, "filed_at": timezone.now(), **values}
    return _mine(rows).update(**done) == len(rows)


def put_back(row: InboundMessage, *, error: dict[str, str], traceback: str) -> None:
    """End the claim of a mail that could not be filed; it is tried again later, alone."""
    _mine([row]).update(
        claimed_until=None, retry_at=retry_at(row.tries - 1), error=error, traceback=traceback[-20_000:]
    )


def _mine(rows: Sequence[InboundMessage]) -> InboundQuerySet:
    # All rows of a claim have been tried equally often: a mail tried before is always claimed alone.
    tries = rows[0].tries
    return InboundMessage.objects.filter(pk__in=[row.pk for row in rows], tries=tries, state="received")
