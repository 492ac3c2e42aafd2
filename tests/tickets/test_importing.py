"""An import is taken back before anybody worked on it, and filed again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from mailboxes.models import InboundMessage, Mailbox
from tenants.models import AuditEntry
from tests import factories
from tests.tenants.admin.conftest import signed_in
from tests.tickets.conftest import Stored
from tickets import importing
from tickets.filing import file_for
from tickets.handling import set_status
from tickets.models import AnswerDraft, Entry, Ticket
from tickets.notes import add_note

pytestmark = pytest.mark.django_db


@pytest.fixture
def by() -> User:
    user: User = factories.UserFactory(username="boss")
    return user


@pytest.fixture
def imported(mailbox: Mailbox, stored: Stored) -> list[InboundMessage]:
    """Three mails of an import, two of them one conversation, filed."""
    rows = [stored("one"), stored("two"), stored("answer", in_reply_to="<one@fabrikam.example>")]
    InboundMessage.objects.update(is_imported=True)
    file_for(mailbox)
    return rows


def states() -> list[tuple[str, str]]:
    return list(InboundMessage.objects.order_by("pk").values_list("state", "reason"))


def test_undoing_removes_the_tickets_and_keeps_the_mails(
    mailbox: Mailbox, imported: list[InboundMessage], by: User
) -> None:
    """S0-28"""
    done = importing.undo(mailbox, by=by)
    assert (done.tickets, done.mails, done.kept, done.is_whole) == (2, 3, 0, True)
    assert not Ticket.objects.exists()
    assert states() == [("skipped", importing.UNDONE)] * 3


def test_undoing_pauses_and_is_told(mailbox: Mailbox, imported: list[InboundMessage], by: User) -> None:
    """S-110"""
    importing.undo(mailbox, by=by)
    assert Mailbox.objects.get().paused == Mailbox.Pause.STAFF
    line = AuditEntry.objects.get(action="changed", subject_id=mailbox.pk)
    assert (line.actor, line.details) == ("boss", {"import_undone": [2, 3]})


def test_filed_again_it_is_what_it_was(mailbox: Mailbox, imported: list[InboundMessage], by: User) -> None:
    importing.undo(mailbox, by=by)
    assert importing.file_again(mailbox, by=by) == 3
    file_for(mailbox)
    assert sorted(Ticket.objects.values_list("entry_count", flat=True)) == [1, 2]
    assert {state for state, _reason in states()} == {"filed"}


def test_what_was_tidied_up_is_not_tidied_up_twice(
    mailbox: Mailbox, imported: list[InboundMessage], by: User
) -> None:
    """F-04"""
    moved_at = timezone.now() - timedelta(hours=1)
    InboundMessage.objects.filter(pk=imported[0].pk).update(acknowledged_at=moved_at)
    importing.undo(mailbox, by=by)
    assert not InboundMessage.objects.unacknowledged(timezone.now()).exists()
    importing.file_again(mailbox, by=by)
    told = InboundMessage.objects.order_by("pk").values_list("acknowledged_at", flat=True)
    assert list(told) == [moved_at, None, None]


@pytest.mark.parametrize("work", ["note", "status", "answer"])
def test_ticket_that_somebody_worked_on_stays(
    mailbox: Mailbox, imported: list[InboundMessage], by: User, work: str
) -> None:
    ticket = Entry.objects.get(inbound=imported[0]).ticket
    if work == "note":
        add_note(ticket, "Look at this.", by=by)
    elif work == "status":
        set_status(Ticket.objects.filter(pk=ticket.pk), Ticket.Status.SOLVED, by=by)
    else:
        factories.EntryFactory(ticket=ticket, kind=Entry.Kind.MAIL_OUT)
    importing.undo(mailbox, by=by)
    assert list(Ticket.objects.all()) == [ticket]
    assert [state for state, _reason in states()] == ["filed", "skipped", "filed"]


def test_ticket_somebody_has_begun_to_answer_stays(
    mailbox: Mailbox, imported: list[InboundMessage], by: User
) -> None:
    ticket = Ticket.objects.order_by("pk")[0]
    AnswerDraft.objects.create(
        tenant=mailbox.tenant, ticket=ticket, user=by, text="Dear", written_at=timezone.now()
    )
    importing.undo(mailbox, by=by)
    assert [one.pk for one in Ticket.objects.all()] == [ticket.pk]


def test_ticket_with_mail_that_came_later_stays(
    mailbox: Mailbox, imported: list[InboundMessage], stored: Stored, by: User
) -> None:
    stored("later", in_reply_to="<two@fabrikam.example>")
    file_for(mailbox)
    assert importing.undo(mailbox, by=by).tickets == 1
    assert Ticket.objects.get().entry_count == 2


def test_what_waits_is_not_filed_any_more(mailbox: Mailbox, stored: Stored, by: User) -> None:
    stored("waits")
    InboundMessage.objects.update(is_imported=True)
    assert importing.undo(mailbox, by=by).mails == 1
    file_for(mailbox)
    assert not Ticket.objects.exists()


def test_other_mailboxes_keep_what_they_have(
    mailbox: Mailbox, imported: list[InboundMessage], stored: Stored, by: User
) -> None:
    other = factories.MailboxFactory(tenant=mailbox.tenant)
    stored("theirs", into=other)
    InboundMessage.objects.update(is_imported=True)
    file_for(mailbox)
    importing.undo(mailbox, by=by)
    assert Ticket.objects.get().mailbox == other


def test_time_that_is_up_says_so_and_the_next_click_goes_on(
    mailbox: Mailbox, imported: list[InboundMessage], by: User
) -> None:
    assert importing.undo(mailbox, by=by, budget_s=-1).is_whole is False
    assert importing.undo(mailbox, by=by).is_whole is True
    assert not Ticket.objects.exists()


def test_page_asks_before_anything_is_removed(mailbox: Mailbox, imported: list[InboundMessage]) -> None:
    client = signed_in(factories.OperatorFactory())
    url = reverse("admin:mailboxes_inboundmessage_undo_import", args=[mailbox.pk])
    assert "Undo the import and remove 2 tickets" in client.get(url).content.decode()
    assert Ticket.objects.count() == 2
    page = client.post(url, follow=True).content.decode()
    assert "Tickets removed: 2, mails set aside: 3" in page
    assert "File again what was set aside" in client.get(url).content.decode()
    client.post(reverse("admin:mailboxes_inboundmessage_import_again", args=[mailbox.pk]))
    assert {state for state, _reason in states()} == {"received"}
