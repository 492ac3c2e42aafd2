"""Approvals by mail: asked from a ticket, reminded, taken back, ended."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from mailboxes.models import Mailbox, OutboundMessage
from tenants.errors import Misconfigured
from tenants.models import AuditEntry, Tenant
from tests import factories
from tests.tickets.approvers import ADA, BOB, advice, answer, asked, counted, events, mime_of, request_to
from tickets import approvals
from tickets.models import Approval, ThreadKey, Ticket
from tickets.policies.decisions import Counts, Words, read_decision
from tickets.policies.own_words import LINES
from tickets.quoting import quote_of
from tickets.replies import Answer, reply

pytestmark = pytest.mark.django_db


def state(approval: Approval) -> str:
    return str(Approval.objects.get(pk=approval.pk).state)


def test_each_approver_is_asked_by_a_mail_of_his_own(asking_ticket: Ticket) -> None:
    asked(asking_ticket, context="It costs 90.")
    rows = list(OutboundMessage.objects.order_by("pk"))
    assert [row.to[0]["email"] for row in rows] == [ADA, BOB]
    assert len({row.message_id for row in rows}) == 2
    for words in ("Grace Hopper asks", "Buy the printer?", "It costs 90.", "begin your answer", "no link"):
        assert words in rows[0].text


def test_a_mail_holds_no_link(asking_ticket: Ticket) -> None:
    """S-71: what opens links on the way finds none."""
    asked(asking_ticket)
    mime = b"".join(mime_of(row) for row in OutboundMessage.objects.all())
    assert b"http" not in mime


def test_the_ticket_tells_who_was_asked_and_the_audit_list_by_whom(asking_ticket: Ticket) -> None:
    approval = asked(asking_ticket, ADA)
    assert ADA in events(asking_ticket)[0]
    line = AuditEntry.objects.get(action="added")
    assert (line.subject_id, line.details["approvers"]) == (approval.pk, [ADA])


def test_two_clicks_ask_once(asking_ticket: Ticket) -> None:
    first, second = asked(asking_ticket, key="click"), asked(asking_ticket, key="click")
    assert (first.pk, OutboundMessage.objects.count()) == (second.pk, 2)


def test_chosen_files_of_the_ticket_travel_along_and_no_others(asking_ticket: Ticket) -> None:
    entry = factories.EntryFactory(ticket=asking_ticket)
    wanted, foreign = (
        factories.AttachmentFactory(entry=entry, name="quote.pdf"),
        factories.AttachmentFactory(),
    )
    factories.AttachmentFactory(entry=entry, name="secret.pdf")
    asked(asking_ticket, ADA, files=[wanted.pk, foreign.pk])
    assert [file["name"] for file in request_to(ADA).outbound.files] == ["quote.pdf"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"quorum": 3}, "approval_quorum"),
        ({"quorum": 0}, "approval_quorum"),
        ({"deadline_at": None}, "approval_deadline"),
        ({"deadline_at": timezone.now()}, "approval_deadline"),
    ],
)
def test_what_cannot_be_asked_is_refused_and_nothing_is_written(
    asking_ticket: Ticket, values: dict[str, Any], code: str
) -> None:
    with pytest.raises(Misconfigured) as refusal:
        asked(asking_ticket, **values)
    assert refusal.value.diagnosis.code == code
    assert (Approval.objects.count(), OutboundMessage.objects.count()) == (0, 0)


def test_our_own_mailboxes_are_not_asked(asking_ticket: Ticket, mailbox: Mailbox) -> None:
    with pytest.raises(Misconfigured, match="loop"):
        asked(asking_ticket, mailbox.address)


def test_answers_must_come_to_a_mailbox_that_is_read(asking_ticket: Ticket, mailbox: Mailbox) -> None:
    """S0-29, S0-30."""
    Mailbox.objects.filter(pk=mailbox.pk).update(inbound_transport="none")
    with pytest.raises(Misconfigured, match="Nobody would read"):
        asked(asking_ticket)


def test_an_approval_nobody_decides_expires_and_the_ticket_needs_somebody(
    asking_ticket: Ticket, mailbox: Mailbox
) -> None:
    approval = asked(asking_ticket)
    Approval.objects.update(deadline_at=timezone.now() - timedelta(minutes=1))
    Mailbox.objects.update(last_success_at=timezone.now())
    approvals.tend(timezone.now())
    asking_ticket.refresh_from_db()
    assert (state(approval), asking_ticket.status) == ("expired", "open")
    answer("Approved", to=request_to(ADA).outbound, mailbox=mailbox)
    assert (counted(), state(approval)) == (["late"], "expired")


def test_no_approval_expires_while_its_tenant_is_off(asking_ticket: Ticket, mailbox: Mailbox) -> None:
    """The answers that came in time wait in the mailbox until the tenant is on again."""
    approval = asked(asking_ticket)
    Approval.objects.update(deadline_at=timezone.now() - timedelta(days=2))
    Tenant.objects.update(is_active=False)
    approvals.tend(timezone.now())
    assert state(approval) == "open"
    Tenant.objects.update(is_active=True)
    approvals.tend(timezone.now())
    assert state(approval) == "expired"


def test_who_has_not_answered_is_reminded_and_can_answer_the_reminder(
    asking_ticket: Ticket, mailbox: Mailbox
) -> None:
    asked(asking_ticket, remind_every_h=4)
    answer("Approved", to=request_to(ADA).outbound, mailbox=mailbox)
    later = timezone.now() + timedelta(hours=5)
    approvals.tend(later)
    approvals.tend(later)
    (reminder,) = advice()
    assert (reminder.to[0]["email"], reminder.subject[:9]) == (BOB, "Reminder:")
    answer("Approved", to=reminder, mailbox=mailbox, sender=BOB)
    assert request_to(BOB).state == "approved"


def test_a_reminder_that_fails_keeps_no_other_back(
    asking_ticket: Ticket, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    asked(asking_ticket, remind_every_h=4)
    over = asked(asking_ticket, "eve@fabrikam.example")
    Approval.objects.filter(pk=over.pk).update(deadline_at=timezone.now())
    # A mail of this key can stand in the outbox once only.
    taken = approvals.outbox_key(f"reminder\0{request_to(ADA).pk}\0{1}")
    OutboundMessage.objects.filter(pk=request_to(ADA).outbound.pk).update(key=taken)
    Mailbox.objects.update(last_success_at=timezone.now())
    approvals.tend(timezone.now() + timedelta(hours=5))
    assert [one.to[0]["email"] for one in advice()] == [BOB]
    assert state(over) == "expired"
    assert "could not be tended" in caplog.text


def test_nobody_is_reminded_of_what_is_over(asking_ticket: Ticket) -> None:
    approval = asked(asking_ticket, remind_every_h=4)
    approvals.cancel(approval, by=factories.UserFactory())
    approvals.tend(timezone.now() + timedelta(hours=5))
    assert advice() == []


def test_a_cancelled_question_takes_its_waiting_mails_back(asking_ticket: Ticket, mailbox: Mailbox) -> None:
    approval = asked(asking_ticket)
    approvals.cancel(approval, by=factories.UserFactory(username="grace"))
    assert set(OutboundMessage.objects.values_list("state", flat=True)) == {"cancelled"}
    answer("Approved", to=request_to(ADA).outbound, mailbox=mailbox)
    assert (state(approval), counted()) == ("cancelled", ["late"])
    assert AuditEntry.objects.filter(actor="grace", details__state=["open", "cancelled"]).exists()
    with pytest.raises(Misconfigured, match="ended already"):
        approvals.cancel(approval, by=factories.UserFactory())


def test_whoever_was_asked_is_told_that_nobody_waits_any_more(asking_ticket: Ticket) -> None:
    approval = asked(asking_ticket, ADA)
    OutboundMessage.objects.update(state="sent", sent_at=timezone.now())
    approvals.cancel(approval, by=factories.UserFactory())
    [told] = advice()
    assert told.to[0]["email"] == ADA
    assert "no longer needed" in told.text
    assert told.in_reply_to == request_to(ADA).outbound.message_id


def test_staff_remind_whoever_has_not_answered_and_nobody_twice_within_an_hour(
    asking_ticket: Ticket, mailbox: Mailbox
) -> None:
    approval = asked(asking_ticket)
    answer("Approved", to=request_to(ADA).outbound, mailbox=mailbox)
    by = factories.UserFactory()
    assert approvals.remind(approval, by=by) == 0
    OutboundMessage.objects.update(queued_at=timezone.now() - timedelta(hours=2))
    assert [approvals.remind(approval, by=by), approvals.remind(approval, by=by)] == [1, 0]
    assert [row.to[0]["email"] for row in advice()] == [BOB]
    answer("Approved", to=advice()[0], mailbox=mailbox, sender=BOB)
    with pytest.raises(Misconfigured, match="ended already"):
        approvals.remind(approval, by=by)


def test_nobody_is_reminded_by_hand_of_a_deadline_that_is_over(asking_ticket: Ticket) -> None:
    approval = asked(asking_ticket)
    OutboundMessage.objects.update(queued_at=timezone.now() - timedelta(hours=2))
    Approval.objects.update(deadline_at=timezone.now())
    with pytest.raises(Misconfigured, match="ended already"):
        approvals.remind(approval, by=factories.UserFactory())
    assert advice() == []


def test_the_mails_are_in_the_language_chosen_and_name_the_zone(asking_ticket: Ticket) -> None:
    asked(asking_ticket, ADA, language="de", zone="Europe/Berlin", remind_every_h=4)
    row = request_to(ADA).outbound
    assert row.subject.startswith("Genehmigung erbeten: Buy the printer?")
    assert row.text.startswith(LINES["de"])
    for words in ("bittet um Ihre Genehmigung", "(Europe/Berlin)", "beginnen Sie Ihre Antwort"):
        assert words in row.text
    approvals.tend(timezone.now() + timedelta(hours=5))
    assert advice()[0].subject.startswith("Erinnerung: Genehmigung erbeten")
    # Rows stay English, whatever the mails are written in.
    assert "was asked to approve until" in events(asking_ticket)[0]


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_word_that_is_offered_decides(asking_ticket: Ticket, language: str) -> None:
    asked(asking_ticket, ADA, language=language)
    lines = [line for line in request_to(ADA).outbound.text.splitlines() if line.endswith("…)")]
    for line, counts in zip(lines, (Counts.APPROVED, Counts.REJECTED), strict=True):
        for word in re.findall(r"[^\s(:,…)][^(:,…)]*", line.replace("or:", "").replace("oder:", "")):
            assert read_decision(word.strip(), Words.of()).counts is counts, word


def test_a_request_is_formatted_and_its_words_cannot_be_markup(asking_ticket: Ticket) -> None:
    asked(asking_ticket, ADA, context="<b>bold</b>\nnext")
    html = request_to(ADA).outbound.html
    assert "<p>&lt;b&gt;bold&lt;/b&gt;<br>next</p>" in html
    assert "<p><strong>Buy the printer?</strong></p>" in html


def test_what_approvers_say_is_never_quoted_to_the_customer(asking_ticket: Ticket, mailbox: Mailbox) -> None:
    asked(asking_ticket, ADA)
    answer("Approved, though he is a pest", to=request_to(ADA).outbound, mailbox=mailbox)
    quote = quote_of(asking_ticket)
    assert quote is not None
    assert "pest" not in quote.text


def test_the_customers_thread_shows_nothing_of_approvals(asking_ticket: Ticket, mailbox: Mailbox) -> None:
    """The one-time marks must never reach anybody but their approver."""
    asked(asking_ticket, ADA)
    answer("Approved", to=request_to(ADA).outbound, mailbox=mailbox)
    row = reply(asking_ticket, Answer(text="It is bought."), by=None)
    assert (row.in_reply_to, row.references) == ("<root@customer.example>", ["<root@customer.example>"])


def test_one_time_marks_lie_hashed(asking_ticket: Ticket) -> None:
    asked(asking_ticket, ADA)
    key = ThreadKey.objects.get(request=request_to(ADA))
    assert len(key.key) == 64
    assert key.key not in request_to(ADA).outbound.message_id
