"""Rules and trust while mail is filed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mailboxes.models import InboundMessage, Mailbox
from tests import factories
from tests.tickets.conftest import Stored
from tickets import claims
from tickets.filing import Filed, Filer
from tickets.models import Entry, Rule, Ticket
from tickets.rehearsing import rehearse

pytestmark = pytest.mark.django_db

FORGED = "spf=fail smtp.mailfrom=evil.example; dkim=none; dmarc=fail header.from=fabrikam.example"


def file(mailbox: Mailbox) -> Filed:
    return Filer(mailbox.tenant_id).file_due()


def rule(mailbox: Mailbox, **columns: Any) -> Rule:
    return Rule.objects.create(tenant_id=mailbox.tenant_id, **{"name": "Rule", **columns})


def test_rule_puts_a_new_ticket_where_it_belongs(mailbox: Mailbox, stored: Stored) -> None:
    queue, person = factories.QueueFactory(tenant=mailbox.tenant), factories.UserFactory()
    rule(mailbox, subject="*fire*", queue=queue, assignee=person, priority=4, tags=["Fire", "hot"])
    stored("printer")
    file(mailbox)
    ticket = Ticket.objects.get()
    assert (ticket.queue, ticket.assignee, ticket.priority) == (queue, person, 4)
    assert set(ticket.tags.values_list("name", flat=True)) == {"fire", "hot"}


def test_entry_tells_which_rule_acted_and_why(mailbox: Mailbox, stored: Stored) -> None:
    made = rule(mailbox, name="Fires", subject="*fire*", is_unanswered=True)
    rule(mailbox, name="Floods", subject="*water*")
    stored("printer")
    file(mailbox)
    decisions = Entry.objects.get().decisions
    assert [(one["rule"], one["told"]) for one in decisions["rules"]] == [(made.pk, "no automatic answer")]
    assert decisions["unanswered"] is True


def test_rules_of_another_tenant_are_not_asked(mailbox: Mailbox, stored: Stored) -> None:
    rule(factories.MailboxFactory(), discard="foreign")
    stored("printer")
    assert file(mailbox).filed == 1


def test_rule_that_is_off_is_not_asked(mailbox: Mailbox, stored: Stored) -> None:
    rule(mailbox, discard="off", is_active=False)
    stored("printer")
    assert file(mailbox).filed == 1


def test_discarded_mail_stays_in_the_ledger_with_its_reason(mailbox: Mailbox, stored: Stored) -> None:
    rule(mailbox, name="Ads", sender="*@fabrikam.example", discard="advertising")
    row = stored("printer")
    assert file(mailbox).skipped == 1
    row.refresh_from_db()
    assert (row.state, row.reason) == ("skipped", "discarded by the rule Ads: advertising")
    assert not Ticket.objects.exists()


def test_answer_to_a_ticket_leaves_what_staff_chose_and_adds_tags(mailbox: Mailbox, stored: Stored) -> None:
    stored("printer")
    file(mailbox)
    rule(mailbox, queue=factories.QueueFactory(tenant=mailbox.tenant), tags=["again"])
    stored("answer", in_reply_to="<printer@fabrikam.example>")
    file(mailbox)
    ticket = Ticket.objects.get()
    assert (ticket.queue, [tag.name for tag in ticket.tags.all()]) == (mailbox.queue, ["again"])


def test_failed_sender_gets_a_ticket_of_its_own_with_a_badge(mailbox: Mailbox, stored: Stored) -> None:
    """S-68, S-76: it answers a ticket, and may not join it unseen."""
    stored("printer")
    file(mailbox)
    reference = Ticket.objects.get().reference
    stored("forged", in_reply_to="<printer@fabrikam.example>", authentication_results=FORGED)
    file(mailbox)
    entry = Entry.objects.get(message_id="<forged@fabrikam.example>")
    assert entry.ticket.reference != reference
    assert (entry.decisions["trust"]["level"], entry.decisions["kept_from"]) == ("failed", reference)


def test_genuine_answer_still_finds_the_ticket_after_a_forged_one(mailbox: Mailbox, stored: Stored) -> None:
    stored("printer")
    file(mailbox)
    stored("forged", in_reply_to="<printer@fabrikam.example>", authentication_results=FORGED)
    file(mailbox)
    stored("genuine", in_reply_to="<printer@fabrikam.example>")
    file(mailbox)
    filed = dict(Entry.objects.values_list("message_id", "ticket_id"))
    assert filed["<genuine@fabrikam.example>"] == filed["<printer@fabrikam.example>"]


def test_stranger_who_names_a_ticket_gets_a_new_one_with_a_badge(mailbox: Mailbox, stored: Stored) -> None:
    """S-74"""
    ticket = factories.TicketFactory(tenant=mailbox.tenant)
    stored("guess", sender="eve@evil.example", subject=f"Re: [#{ticket.reference}] Printer")
    file(mailbox)
    entry = Entry.objects.get()
    assert (entry.ticket == ticket, entry.decisions["stranger_to"]) == (False, ticket.reference)


def test_one_mail_takes_at_most_twelve_statements(mailbox: Mailbox, stored: Stored) -> None:
    rule(mailbox, subject="*fire*", priority=3)
    stored("printer")
    with CaptureQueriesContext(connection) as captured:
        filer = Filer(mailbox.tenant_id, mailboxes=[mailbox])
        filer._file(claims.claim(mailbox.tenant_id))
    work = [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]
    assert len(work) <= 12, work


@pytest.mark.parametrize("has_rules", [True, False])
def test_batch_takes_less_than_a_statement_for_each_mail(
    mailbox: Mailbox, stored: Stored, has_rules: bool
) -> None:
    if has_rules:
        rule(mailbox, subject="*fire*", tags=["fire"], priority=3)
    for number in range(50):
        stored(f"mail-{number}")
    with CaptureQueriesContext(connection) as captured:
        assert file(mailbox).filed == 50
    assert len(captured) <= 50
    assert sum('FROM "tickets_rule"' in query["sql"] for query in captured) == int(has_rules)


def test_dry_run_tells_what_each_rule_does_and_writes_nothing(mailbox: Mailbox, stored: Stored) -> None:
    rule(mailbox, name="Fires", place=1, subject="*fire*", priority=3)
    rule(mailbox, name="Floods", place=2, subject="*water*")
    row = stored("printer")
    rehearsal = rehearse(row)
    assert [(step.name, step.has_acted) for step in rehearsal.steps] == [("Fires", True), ("Floods", False)]
    assert "priority high" in rehearsal.steps[0].told
    assert not Ticket.objects.exists()
    assert InboundMessage.objects.get().state == "received"


def test_dry_run_of_what_is_no_mail_says_so(mailbox: Mailbox, stored: Stored) -> None:
    assert rehearse(stored("odd", raw=b"\x00\x01 nothing")).why_not


def test_dry_run_of_a_suspended_mail_asks_no_rule(mailbox: Mailbox, stored: Stored) -> None:
    rule(mailbox)
    rehearsal = rehearse(stored("echo", sender=mailbox.address))
    assert (rehearsal.steps, rehearsal.end.startswith("suspended")) == ((), True)
