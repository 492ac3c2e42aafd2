"""Whoever was asked and has not answered hears that nothing is needed any more: once, and only if mail reaches him."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from mailboxes.models import Mailbox, OutboundMessage
from tests import factories
from tests.tickets.approvers import ADA, BOB, advice, answer, asked, counted, events, mime_of, request_to
from tickets import approvals
from tickets.models import Approval, Ticket
from tickets.policies.own_words import LINES
from tickets.replaying import replay

pytestmark = pytest.mark.django_db
CAY = "cay@fabrikam.example"


@pytest.fixture(autouse=True)
def time_is_up(mailbox: Mailbox) -> None:
    """Mailboxes are read up to now, so that whatever is over ends at once."""
    Mailbox.objects.filter(pk=mailbox.pk).update(last_success_at=timezone.now() + timedelta(days=9))


def left() -> None:
    OutboundMessage.objects.update(state="sent", sent_at=timezone.now())


def told() -> list[str]:
    return [row.to[0]["email"] for row in advice()]


@pytest.mark.parametrize(("word", "said"), [("Approved", "have approved"), ("Rejected", "been rejected")])
def test_whoever_has_not_answered_hears_once_that_others_have_decided(
    asking_ticket: Ticket, mailbox: Mailbox, word: str, said: str
) -> None:
    asked(asking_ticket, ADA, BOB, quorum=1 if word == "Approved" else 2)
    left()
    row = answer(word, to=request_to(ADA).outbound, mailbox=mailbox)
    row.refresh_from_db()
    replay([row])
    approvals.tend(timezone.now() + timedelta(days=2))
    (mail,) = advice()
    assert (mail.to[0]["email"], mail.in_reply_to) == (BOB, request_to(BOB).outbound.message_id)
    assert said in mail.text
    assert events(asking_ticket)[-1].startswith(f"{BOB} was told that the decision is no longer needed")


def test_whoever_has_not_answered_hears_that_the_time_is_over(asking_ticket: Ticket) -> None:
    approval = asked(asking_ticket, ADA, BOB, language="de")
    left()
    for _again in range(2):
        approvals.tend(approval.deadline_at + timedelta(minutes=1))
    assert told() == [ADA, BOB]
    assert advice()[0].subject.startswith("Nicht mehr nötig: Genehmigung erbeten")
    assert "Frist" in advice()[0].text


def test_what_is_said_at_the_end_is_marked_as_a_machines_and_asks_for_nothing(asking_ticket: Ticket) -> None:
    """RFC 3834: no machine answers it."""
    approval = asked(asking_ticket, ADA)
    left()
    approvals.tend(approval.deadline_at + timedelta(minutes=1))
    (mail,) = advice()
    mime = mime_of(mail)
    assert b"Auto-Submitted: auto-generated" in mime
    assert b"X-Auto-Response-Suppress: All" in mime
    assert LINES["en"] not in mail.text


def test_nobody_is_told_whose_mail_came_back_never_left_or_who_has_answered(
    asking_ticket: Ticket, mailbox: Mailbox
) -> None:
    asked(asking_ticket, ADA, BOB, CAY, "dan@fabrikam.example", quorum=1, remind_every_h=4)
    left()
    approvals.tend(timezone.now() + timedelta(hours=5))
    left()
    OutboundMessage.objects.filter(pk=request_to(BOB).outbound.pk).update(state="bounced")
    OutboundMessage.objects.filter(to__0__email=CAY).update(state="failed")
    before = len(advice())
    answer("Approved", to=request_to(ADA).outbound, mailbox=mailbox)
    assert told()[before:] == ["dan@fabrikam.example"]


def test_what_still_waits_in_the_outbox_is_taken_back(asking_ticket: Ticket, mailbox: Mailbox) -> None:
    asked(asking_ticket, ADA, BOB, quorum=1)
    answer("Hm", to=request_to(BOB).outbound, mailbox=mailbox, sender=BOB)
    answer("Approved", to=request_to(ADA).outbound, mailbox=mailbox)
    states = {row.to[0]["email"]: row.state for row in OutboundMessage.objects.all()}
    assert states == {ADA: "queued", BOB: "cancelled"}


def test_an_answer_to_the_last_word_changes_nothing(asking_ticket: Ticket, mailbox: Mailbox) -> None:
    asked(asking_ticket, ADA, BOB, quorum=1)
    left()
    answer("Approved", to=request_to(ADA).outbound, mailbox=mailbox)
    answer("Rejected", to=advice()[0], mailbox=mailbox, sender=BOB)
    assert (counted(), Approval.objects.get().state) == (["approved", "late"], "approved")


def test_who_has_answered_hears_nothing_when_a_question_is_taken_back(
    asking_ticket: Ticket, mailbox: Mailbox
) -> None:
    approval = asked(asking_ticket, ADA, BOB)
    left()
    answer("Approved", to=request_to(ADA).outbound, mailbox=mailbox)
    approvals.cancel(approval, by=factories.UserFactory())
    assert told() == [BOB]


def test_no_reminder_follows_a_request_that_came_back(asking_ticket: Ticket) -> None:
    asked(asking_ticket, ADA, BOB, remind_every_h=4)
    left()
    OutboundMessage.objects.filter(pk=request_to(ADA).outbound.pk).update(state="bounced")
    approvals.tend(timezone.now() + timedelta(hours=5))
    assert told() == [BOB]
