"""What answers to approvals change, and what changes nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mailboxes.models import Mailbox, OutboundMessage
from tenants.models.audit import OnlyAddedTo
from tests import factories
from tests.tickets.approvers import (
    ADA,
    BOB,
    advice,
    answer,
    asked,
    counted,
    events,
    mime_of,
    proof,
    request_to,
)
from tickets import approvals
from tickets.merging import merge
from tickets.models import Approval, ApprovalAnswer, Entry, Rule, Ticket
from tickets.rehearsing import rehearse
from tickets.renamed import remember
from tickets.replaying import replay
from tickets.replies import Answer, reply

pytestmark = pytest.mark.django_db


def state(approval: Approval) -> str:
    return str(Approval.objects.get(pk=approval.pk).state)


def test_answers_go_to_another_mailbox_when_one_is_chosen(asking_ticket: Ticket, mailbox: Mailbox) -> None:
    """S0-29: the approval address."""
    other = factories.MailboxFactory(tenant=mailbox.tenant, address=f"{'approvals' * 7}@contoso.example")
    asked(asking_ticket, ADA, answers_in=other)
    assert f"Reply-To: {other.address}".encode() in mime_of(request_to(ADA).outbound)
    answer("Approved", to=request_to(ADA).outbound, mailbox=other)
    assert request_to(ADA).state == "approved"


def test_an_approval_is_granted_with_its_quorum(asking_ticket: Ticket, mailbox: Mailbox) -> None:
    approval = asked(asking_ticket)
    answer("Approved.\n\nAda", to=request_to(ADA).outbound, mailbox=mailbox)
    assert state(approval) == "open"
    answer("Genehmigt", to=request_to(BOB).outbound, mailbox=mailbox, sender=BOB)
    assert state(approval) == "approved"
    assert events(asking_ticket)[-1] == "Approved: “Buy the printer?”"


def test_an_approval_is_refused_when_its_quorum_cannot_be_reached(
    asking_ticket: Ticket, mailbox: Mailbox
) -> None:
    approval = asked(asking_ticket)
    answer("Rejected: too dear", to=request_to(ADA).outbound, mailbox=mailbox)
    assert (state(approval), request_to(ADA).state, request_to(BOB).state) == (
        "rejected",
        "rejected",
        "waiting",
    )


def test_an_answer_is_filed_on_the_ticket_and_opens_it(asking_ticket: Ticket, mailbox: Mailbox) -> None:
    asked(asking_ticket)
    row = answer("Approved", to=request_to(ADA).outbound, mailbox=mailbox)
    asking_ticket.refresh_from_db()
    assert (Entry.objects.get(inbound=row).ticket, asking_ticket.status) == (asking_ticket, "open")


def test_a_forged_sender_decides_nothing_and_the_real_one_is_told_once(
    asking_ticket: Ticket, mailbox: Mailbox
) -> None:
    """S-67, S-68."""
    asked(asking_ticket)
    failed = ["Authentication-Results: spf=fail; dkim=none; dmarc=fail header.from=fabrikam.example"]
    for head in (failed, [], failed):
        answer("Approved", to=request_to(ADA).outbound, mailbox=mailbox, head=head)
    assert (counted(), request_to(ADA).state) == (["unproven"] * 3, "waiting")
    assert [row.to[0]["email"] for row in advice()] == [ADA]
    assert "not proven" in advice()[0].text


def test_somebody_else_is_told_nothing_of_the_matter(asking_ticket: Ticket, mailbox: Mailbox) -> None:
    """S-74, S-76."""
    asked(asking_ticket)
    for _again in range(2):
        answer("Approved", to=request_to(ADA).outbound, mailbox=mailbox, sender="eve@evil.example")
    assert (counted(), request_to(ADA).state) == (["other_sender"] * 2, "waiting")
    (told,) = advice()
    assert told.to[0]["email"] == "eve@evil.example"
    for secret in ("printer", ADA, asking_ticket.reference, asking_ticket.reply_token):
        assert secret.lower() not in f"{told.subject} {told.text} {told.message_id}".lower()


def test_an_unproven_stranger_gets_no_mail_of_ours(asking_ticket: Ticket, mailbox: Mailbox) -> None:
    """S-77: a forged sender must not make us write to anybody."""
    asked(asking_ticket)
    answer("Approved", to=request_to(ADA).outbound, mailbox=mailbox, sender="eve@evil.example", head=[])
    assert (counted(), advice()) == (["other_sender"], [])


def test_an_out_of_office_changes_nothing_and_is_not_answered(
    asking_ticket: Ticket, mailbox: Mailbox
) -> None:
    approval = asked(asking_ticket)
    head = [*proof(ADA), "Auto-Submitted: auto-replied"]
    answer("Approved until Monday", to=request_to(ADA).outbound, mailbox=mailbox, head=head)
    assert (counted(), state(approval), advice()) == (["automatic"], "open", [])
    answer("Approved", to=request_to(ADA).outbound, mailbox=mailbox)
    assert request_to(ADA).state == "approved"


def test_a_doubtful_answer_is_answered_once_and_that_mail_can_be_answered(
    asking_ticket: Ticket, mailbox: Mailbox
) -> None:
    asked(asking_ticket)
    for _again in range(2):
        answer("Hm, what does it cost?", to=request_to(ADA).outbound, mailbox=mailbox)
    (told,) = advice()
    assert (told.to[0]["email"], told.headers["Auto-Submitted"]) == (ADA, "auto-replied")
    answer("Approved", to=told, mailbox=mailbox)
    assert (counted(), request_to(ADA).state) == (["doubtful", "doubtful", "approved"], "approved")


def test_a_forwarded_answer_changes_nothing(asking_ticket: Ticket, mailbox: Mailbox) -> None:
    asked(asking_ticket)
    answer("Approved", to=request_to(ADA).outbound, mailbox=mailbox, subject="FW: Approval needed")
    assert (counted(), request_to(ADA).state) == (["forwarded"], "waiting")
    assert "forwarded" in advice()[0].text


def test_the_first_answer_stands(asking_ticket: Ticket, mailbox: Mailbox) -> None:
    asked(asking_ticket)
    for text in ("Approved", "Rejected", "Rejected"):
        answer(text, to=request_to(ADA).outbound, mailbox=mailbox)
    assert (counted(), request_to(ADA).state) == (["approved", "repeated", "repeated"], "approved")
    (told,) = advice()
    assert "already (approved)" in told.text


def test_a_late_answer_changes_nothing_though_read_before_the_end_was_noted(
    asking_ticket: Ticket, mailbox: Mailbox
) -> None:
    approval = asked(asking_ticket)
    late = approval.deadline_at + timedelta(minutes=1)
    answer("Approved", to=request_to(ADA).outbound, mailbox=mailbox, received_at=late)
    assert (counted(), state(approval), len(advice())) == (["late"], "open", 1)


def test_an_answer_that_came_in_time_counts_whenever_it_is_read(
    asking_ticket: Ticket, mailbox: Mailbox
) -> None:
    approval = asked(asking_ticket, ADA)
    over = timezone.now() - timedelta(hours=1)
    Approval.objects.update(deadline_at=over)
    Mailbox.objects.update(last_success_at=over - timedelta(minutes=1))
    approvals.tend(timezone.now())
    answer("Approved", to=request_to(ADA).outbound, mailbox=mailbox, received_at=over - timedelta(minutes=2))
    assert state(approval) == "approved"


def test_a_mail_without_the_one_time_mark_decides_nothing(asking_ticket: Ticket, mailbox: Mailbox) -> None:
    approval = asked(asking_ticket)
    subject = f"Approved [#{asking_ticket.reference}]"
    answer("Approved", to=None, mailbox=mailbox, subject=subject)
    other = reply(asking_ticket, Answer(text="Hello"), by=None)
    answer("Approved", to=other, mailbox=mailbox)
    assert (state(approval), counted()) == ("open", [])


def test_an_answer_to_what_somebody_wrote_about_the_request_decides_nothing(
    asking_ticket: Ticket, mailbox: Mailbox
) -> None:
    """She says yes to her colleague's question, with us in copy."""
    asked(asking_ticket, ADA)
    ours = request_to(ADA).outbound.message_id
    colleague = OutboundMessage(message_id="<lunch@fabrikam.example>")
    answer("Approved", to=colleague, about=ours, mailbox=mailbox)
    assert (counted(), request_to(ADA).state) == (["doubtful"], "waiting")
    answer("Approved", to=advice()[0], about=ours, mailbox=mailbox)
    assert request_to(ADA).state == "approved"


@pytest.mark.parametrize(
    ("aliases", "counts"), [("", "unproven"), ("help@contoso-group.example", "approved")]
)
def test_exchanges_own_mark_counts_for_every_domain_the_directory_receives_mail_at(
    asking_ticket: Ticket, mailbox: Mailbox, aliases: str, counts: str
) -> None:
    factories.MailboxFactory(tenant=mailbox.tenant, aliases=aliases)
    boss = "boss@contoso-group.example"
    asked(asking_ticket, boss)
    head = ["X-MS-Exchange-Organization-AuthAs: Internal"]
    answer("Approved", to=request_to(boss).outbound, mailbox=mailbox, sender=boss, head=head)
    assert counted() == [counts]


def test_an_answer_to_one_request_does_not_decide_another_approvers(
    asking_ticket: Ticket, mailbox: Mailbox
) -> None:
    asked(asking_ticket)
    answer("Approved", to=request_to(BOB).outbound, mailbox=mailbox, sender=ADA)
    assert (counted(), request_to(ADA).state) == (["other_sender"], "waiting")


def test_an_answer_of_another_tenant_finds_nothing(asking_ticket: Ticket) -> None:
    """S-73."""
    approval = asked(asking_ticket)
    answer("Approved", to=request_to(ADA).outbound, mailbox=factories.MailboxFactory())
    assert (state(approval), counted()) == ("open", [])


def test_a_mail_filed_again_is_heard_once(asking_ticket: Ticket, mailbox: Mailbox) -> None:
    asked(asking_ticket)
    row = answer("Approved", to=request_to(ADA).outbound, mailbox=mailbox)
    row.refresh_from_db()
    replay([row])
    assert (counted(), advice()) == (["approved"], [])


def test_an_id_that_exchange_gave_the_request_is_known_as_well(
    asking_ticket: Ticket, mailbox: Mailbox
) -> None:
    asked(asking_ticket, ADA)
    OutboundMessage.objects.update(remote_message_id="<renamed@prod.outlook.com>")
    approvals.tend(timezone.now())
    renamed = OutboundMessage(message_id="<renamed@prod.outlook.com>")
    answer("Approved", to=renamed, mailbox=mailbox)
    assert counted() == ["approved"]


def test_an_id_that_exchange_gives_the_request_is_known_before_it_leaves(
    asking_ticket: Ticket, mailbox: Mailbox
) -> None:
    asked(asking_ticket, ADA)
    sent = request_to(ADA).outbound
    sent.remote_message_id = "<renamed@prod.outlook.com>"
    remember(sent)
    answer("Approved", to=OutboundMessage(message_id="<renamed@prod.outlook.com>"), mailbox=mailbox)
    assert counted() == ["approved"]


def test_whoever_a_rule_keeps_from_automatic_answers_gets_no_advice(
    asking_ticket: Ticket, mailbox: Mailbox
) -> None:
    asked(asking_ticket, ADA)
    Rule.objects.create(tenant=mailbox.tenant, name="No answers", place=1, sender="*", is_unanswered=True)
    answer("Well, perhaps.", to=request_to(ADA).outbound, mailbox=mailbox)
    assert (counted(), advice()) == (["doubtful"], [])


def test_a_rule_that_discards_mail_discards_no_answer_of_an_approver(
    asking_ticket: Ticket, mailbox: Mailbox
) -> None:
    asked(asking_ticket, ADA)
    Rule.objects.create(tenant=mailbox.tenant, name="Ads", place=1, sender="*", discard="advertising")
    row = answer("Approved", to=request_to(ADA).outbound, mailbox=mailbox)
    other = answer("Approved", to=None, mailbox=mailbox)
    row.refresh_from_db()
    other.refresh_from_db()
    assert (rehearse(row).end, rehearse(other).end) == ("filed on a ticket", other.reason)
    assert (request_to(ADA).state, row.state, other.state) == ("approved", "filed", "skipped")


def test_a_bounce_of_a_request_is_noted_on_the_ticket(asking_ticket: Ticket, mailbox: Mailbox) -> None:
    asked(asking_ticket, ADA)
    head = [*proof(ADA), "Auto-Submitted: auto-replied", "Return-Path: <>"]
    answer(
        "Undeliverable",
        to=request_to(ADA).outbound,
        mailbox=mailbox,
        sender="mailer-daemon@x.example",
        head=head,
    )
    assert (counted(), advice()) == (["automatic"], [])


def test_other_mail_costs_no_statement_more(asking_ticket: Ticket, mailbox: Mailbox) -> None:
    before = _statements(asking_ticket, mailbox)
    asked(asking_ticket)
    assert _statements(asking_ticket, mailbox) == before


def _statements(asking_ticket: Ticket, mailbox: Mailbox) -> list[str]:
    """Give the statements by which a mail of the customer is filed, without their values."""
    ours = reply(asking_ticket, Answer(text="Hello"), by=None)
    with CaptureQueriesContext(connection) as queries:
        answer("Hello", to=ours, mailbox=mailbox, sender="cleo@customer.example")
    return [query["sql"][:40] for query in queries if "SAVEPOINT" not in query["sql"]]


def test_the_list_of_answers_is_only_added_to(asking_ticket: Ticket, mailbox: Mailbox) -> None:
    asked(asking_ticket)
    answer("Approved", to=request_to(ADA).outbound, mailbox=mailbox)
    line = ApprovalAnswer.objects.get()
    for refused in (line.save, line.delete, ApprovalAnswer.objects.all().delete):
        with pytest.raises(OnlyAddedTo):
            refused()
    for statement in ("UPDATE tickets_approvalanswer SET reason = 'x'", "DELETE FROM tickets_approvalanswer"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_merged_ticket_takes_its_approval_along(asking_ticket: Ticket, mailbox: Mailbox) -> None:
    approval = asked(asking_ticket, ADA)
    into = factories.TicketFactory(tenant=asking_ticket.tenant, mailbox=mailbox)
    merge([asking_ticket], into=into, by=factories.UserFactory())
    row = answer("Approved", to=request_to(ADA).outbound, mailbox=mailbox)
    assert (state(approval), Entry.objects.get(inbound=row).ticket) == ("approved", into)
    assert events(into)[-1].startswith("Approved:")
