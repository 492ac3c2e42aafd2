"""Who may send a mail: one sender at a time, whenever two meet."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from mailboxes.governor import visit
from mailboxes.models import Mailbox, OutboundMessage
from mailboxes.outbound import claims
from mailboxes.outbound.journal import RowJournal
from tenants.whom import for_machine
from tests.factories import MailboxFactory
from tests.installation import wait_for

State = OutboundMessage.State


def queued(mailbox: Mailbox, **values: object) -> OutboundMessage:
    row: OutboundMessage = OutboundMessage.objects.create(
        tenant=mailbox.tenant, mailbox=mailbox, key="one", message_id="<one@contoso.example>", **values
    )
    return row


@for_machine()
def claim_beside(mailbox_id: int, state: str) -> OutboundMessage | None:
    """Claim over a connection of one's own."""
    try:
        if state == State.UNCERTAIN:
            return claims.claim_doubtful(mailbox_id)
        return claims.claim_due(mailbox_id, most_recipients=9)
    finally:
        connections.close_all()


def waits_for_a_row() -> bool:
    with connection.cursor() as cursor:
        # Within a transaction the first look would be shown again and again.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT pg_stat_clear_snapshot()"
        )  # else a transaction is shown what it saw the first time
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("state", [State.QUEUED, State.UNCERTAIN])
def test_two_who_claim_the_same_mail_at_once_do_not_both_have_it(state: str) -> None:
    """A server looks only at the row it waited for again, not at what a join had shown before."""
    mailbox = MailboxFactory(outbound_transport="graph")
    queued(mailbox, state=state, retry_at=timezone.now() - timedelta(seconds=1))
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first = (
                claims.claim_doubtful(mailbox.pk)
                if state == State.UNCERTAIN
                else claims.claim_due(mailbox.pk, most_recipients=9)
            )
            second = pool.submit(claim_beside, mailbox.pk, state)
            wait_for(waits_for_a_row, what="the second waits for the first")
        assert (first is not None, second.result(timeout=30)) == (True, None)


@pytest.mark.django_db
def test_a_mail_that_takes_long_keeps_its_mailbox_among_those_being_served() -> None:
    """Else its tenant would be given the next worker as well, and the mailbox a second sender."""
    mailbox = MailboxFactory(outbound_transport="graph")
    queued(mailbox)
    row = claims.claim_due(mailbox.pk, most_recipients=9)
    assert row is not None
    with visit(mailbox, hold=claims.LEASE) as gate:
        journal = RowJournal(row, turn_s=5, stay=gate.renew)
        for note in (journal.next_piece, journal.alive):
            ends_at = timezone.now() + claims.LEASE / 3
            Mailbox.objects.update(visitor_until=ends_at)
            gate.until = ends_at
            note()
            assert Mailbox.objects.filter(visitor_until__gt=ends_at).exists()
