"""Making one ticket of several, and two of one: entries, thread keys, search and what comes later follow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mailboxes.models import Mailbox
from tenants.models import AuditEntry
from tests.factories import (
    RECEIVED_AT,
    EntryFactory,
    InboundMessageFactory,
    MailboxFactory,
    TagFactory,
    TicketFactory,
    UserFactory,
    mail,
)
from tickets import merging, search
from tickets.filing import file_for
from tickets.models import Entry, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def by() -> User:
    user: User = UserFactory(username="agent")
    return user


@pytest.fixture
def mailbox() -> Mailbox:
    made: Mailbox = MailboxFactory()
    return made


def file(mailbox: Mailbox, *, at: int = 0, **parts: Any) -> Ticket:
    """Let a mail come in, so many hours later; gives its ticket."""
    moment = RECEIVED_AT + timedelta(hours=at)
    row = InboundMessageFactory(mailbox=mailbox, received_at=moment, raw=mail(**parts))
    file_for(mailbox)
    return Entry.objects.get(inbound=row).ticket


def two(mailbox: Mailbox) -> tuple[Ticket, Ticket]:
    first = file(mailbox, message_id="<1@a.example>", text="Humming.")
    return first, file(mailbox, at=1, message_id="<2@a.example>", text="Still rattling.")


def test_entries_go_over_and_the_merged_ticket_stands_for_the_other(mailbox: Mailbox, by: User) -> None:
    first, second = two(mailbox)
    merging.merge([second], into=first, by=by)

    first.refresh_from_db()
    second.refresh_from_db()
    kinds = list(first.entries.values_list("kind", flat=True))
    assert kinds == ["mail_in", "mail_in", "system"]
    assert (first.entry_count, second.entry_count, second.status) == (3, 0, "closed")
    assert second.standing_for() == first
    assert first.last_entry_at == RECEIVED_AT + timedelta(hours=1)


def test_search_finds_the_texts_on_the_ticket_they_went_to(mailbox: Mailbox, by: User) -> None:
    first, second = two(mailbox)
    merging.merge([second], into=first, by=by)

    assert search.ticket_ids("rattling", tenants={first.tenant_id}) == [first.pk]


@pytest.mark.parametrize("mark", ["reference", "token", "tag"])
def test_a_later_mail_lands_where_its_ticket_was_merged_into(mailbox: Mailbox, by: User, mark: str) -> None:
    first, second = two(mailbox)
    merging.merge([second], into=first, by=by)
    marks = {
        "reference": {"in_reply_to": "<2@a.example>"},
        "token": {"in_reply_to": f"<{second.reply_token}.x@contoso.example>"},
        "tag": {"subject": f"Re: [#{second.reference}] Printer"},
    }

    assert file(mailbox, at=2, message_id="<3@a.example>", **marks[mark]) == first


def test_merging_is_taken_back_with_everything(mailbox: Mailbox, by: User) -> None:
    first, second = two(mailbox)
    merging.merge([second], into=first, by=by)
    merging.unmerge(Ticket.objects.get(pk=second.pk), by=by)

    second.refresh_from_db()
    assert (second.status, second.merged_into, second.waits_since) == (
        "open",
        None,
        RECEIVED_AT + timedelta(hours=1),
    )
    assert list(second.entries.values_list("kind", flat=True)) == ["mail_in", "system"]
    assert file(mailbox, at=2, message_id="<3@a.example>", in_reply_to="<2@a.example>") == second
    assert file(mailbox, at=3, message_id="<4@a.example>", in_reply_to="<1@a.example>") == first


def test_the_oldest_wait_counts_and_what_rests_is_opened(mailbox: Mailbox, by: User) -> None:
    first, second = two(mailbox)
    Ticket.objects.filter(pk=second.pk).update(status="solved")
    merging.merge([first], into=second, by=by)

    second.refresh_from_db()
    assert (second.status, second.waits_since) == ("open", RECEIVED_AT)


def test_tags_and_watchers_come_along(by: User) -> None:
    first = TicketFactory()
    second = TicketFactory(tenant=first.tenant)
    tag = TagFactory(tenant=first.tenant)
    second.tags.add(tag)
    second.watchers.add(by)
    merging.merge([second], into=first, by=by)

    assert (list(first.tags.all()), list(first.watchers.all())) == ([tag], [by])


def test_a_chain_ends_at_its_last_ticket(by: User) -> None:
    a = TicketFactory()
    b, c = TicketFactory.create_batch(2, tenant=a.tenant)
    EntryFactory(ticket=a)
    merging.merge([a], into=b, by=by)
    merging.merge([b], into=c, by=by)

    a.refresh_from_db()
    assert (a.merged_into, a.entries.count(), c.entries.filter(kind="mail_in").count()) == (c, 0, 1)


@pytest.mark.parametrize("case", ["foreign", "itself", "merged"])
def test_what_cannot_be_merged_stays_as_it_is(by: User, case: str) -> None:
    first = TicketFactory()
    other = TicketFactory() if case == "foreign" else TicketFactory(tenant=first.tenant)
    entry = EntryFactory(ticket=first)
    if case == "merged":
        merging.merge([other], into=TicketFactory(tenant=first.tenant), by=by)

    with pytest.raises(merging.NotPossible):
        merging.merge([first], into=first if case == "itself" else other, by=by)
    entry.refresh_from_db()
    assert entry.ticket == first


def test_split_off_mail_is_a_ticket_of_whoever_wrote_it_and_its_answers_follow(
    mailbox: Mailbox, by: User
) -> None:
    ticket = file(mailbox, message_id="<1@a.example>", cc="bob@a.example")
    file(mailbox, at=1, message_id="<2@a.example>", in_reply_to="<1@a.example>", sender="Bob <bob@a.example>")
    moved = Entry.objects.get(message_id__contains="2@a.example")
    made = merging.split(ticket, [moved.pk], by=by)

    made.refresh_from_db()
    since = RECEIVED_AT + timedelta(hours=1)
    assert (made.requester_email, made.queue, made.waits_since) == ("bob@a.example", ticket.queue, since)
    assert file(mailbox, at=2, in_reply_to="<2@a.example>", sender="bob@a.example") == made
    ticket.refresh_from_db()
    assert list(ticket.entries.values_list("kind", flat=True)) == ["mail_in", "system"]


@pytest.mark.parametrize("chosen", ["none", "all", "note"])
def test_split_needs_a_mail_and_leaves_something(by: User, chosen: str) -> None:
    entry = EntryFactory()
    note = EntryFactory(ticket=entry.ticket, kind="note")
    ids = {"none": [], "all": [entry.pk, note.pk], "note": [note.pk]}[chosen]

    with pytest.raises(merging.NotPossible):
        merging.split(entry.ticket, ids, by=by)


def test_an_entry_of_another_ticket_is_not_split_off(by: User) -> None:
    own, foreign = EntryFactory(), EntryFactory()
    EntryFactory(ticket=own.ticket)
    merging.split(own.ticket, [own.pk, foreign.pk], by=by)

    foreign.refresh_from_db()
    assert foreign.ticket.tenant == foreign.tenant


def test_who_merged_and_split_stands_in_the_audit_list(by: User) -> None:
    first = TicketFactory()
    second = TicketFactory(tenant=first.tenant)
    entries = EntryFactory.create_batch(2, ticket=first)
    merging.split(first, [entries[0].pk], by=by)
    merging.merge([second], into=first, by=by)

    lines = AuditEntry.objects.filter(tenant=first.tenant, actor="agent").order_by("pk")
    assert [line.subject_id for line in lines] == [first.pk, second.pk]


def test_mail_that_names_many_merged_tickets_asks_no_more_than_one_that_names_one(
    mailbox: Mailbox, by: User
) -> None:
    first = file(mailbox, message_id="<0@a.example>")
    for number in range(1, 6):
        other = file(mailbox, at=number, message_id=f"<{number}@a.example>", text=f"Number {number}.")
        merging.merge([other], into=first, by=by)
    asked = []
    for ids in ("<1@a.example>", "<1@a.example> <2@a.example> <3@a.example> <4@a.example> <5@a.example>"):
        with CaptureQueriesContext(connection) as queries:
            ticket = file(mailbox, at=9, message_id=f"<{len(ids)}@a.example>", references=ids, text=ids)
        assert ticket == first
        asked.append(len(queries))
    assert asked[0] == asked[1]
