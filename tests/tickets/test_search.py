"""Search: what is typed finds the tickets that hold it, in every way a row is written, and nobody else's."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from mailboxes.models import Mailbox
from tenants.models import Tenant
from tests.factories import EntryFactory, InboundMessageFactory, TicketFactory
from tests.tickets.conftest import Stored
from tickets import search
from tickets.filing import file_for
from tickets.models import Entry, Ticket
from tickets.search import sqlite, words


def found(asked: str, *tenants: Tenant) -> list[int]:
    return search.ticket_ids(asked, tenants=[tenant.pk for tenant in tenants] or None)


@pytest.mark.parametrize(
    "asked",
    [
        "cooling",
        "cool",
        "COOLING fan",
        "fan ada",
        "grace@navy.example",
        "navy.example",
        "hopper",
        "grüße",
        "ada@fabrikam.example",
        "byron",
        "RF-77/B",
    ],
)
def test_a_ticket_is_found_by_words_of_its_mails_and_their_beginnings(db: None, asked: str) -> None:
    ticket = TicketFactory(subject="Fan is loud")
    EntryFactory(ticket=ticket, text="The cooling of RF-77/B hums.\n\nGrüße")
    EntryFactory(ticket=ticket, from_name="Grace Hopper", from_email="grace@navy.example")
    TicketFactory(subject="Paper jam", requester_name="Mary", requester_email="m@x.example")

    assert found(asked) == [ticket.pk]


def test_a_ticket_is_found_by_its_reference_whole_or_in_part(db: None) -> None:
    ticket = TicketFactory(reference="CON-7QF2KX4MZA")
    TicketFactory()

    assert found("CON-7QF2KX4MZA") == found("con-7qf2") == found("7QF2KX4MZA") == [ticket.pk]


@pytest.mark.parametrize("asked", ["ooling", "cooling pump", "z", "", "   ", "-", '"', "* OR *", "c"])
def test_what_no_place_holds_in_full_is_not_found(db: None, asked: str) -> None:
    EntryFactory(text="The cooling hums.")

    assert found(asked) == []


@pytest.mark.parametrize(
    "asked",
    [
        "hums' OR 1=1 --",
        'hums" OR text:"',
        "hums') | ('x",
        "hums NOT there",
        "hums:* & !x",
        "text: hums ^there",
        "NEAR(hums there)",
        "hums\0there\\",
        "hums %s %(query)s {of_tenants}",
        "hums " + "y" * 5000,
        "'" * 300,
        "hums 👍 ​ ́",
    ],
)
def test_marks_of_query_languages_are_words_or_nothing(db: None, asked: str) -> None:
    EntryFactory(text="Something hums there.")

    assert found(asked) in ([], [Ticket.objects.get().pk])
    assert found("hums there") == [Ticket.objects.get().pk]


def test_only_the_tenants_asked_for_answer(db: None) -> None:
    ours, theirs = EntryFactory(text="The cooling hums."), EntryFactory(text="The cooling hums.")

    assert found("cooling", ours.tenant) == [ours.ticket_id]
    assert set(found("cooling")) == {ours.ticket_id, theirs.ticket_id}
    assert search.ticket_ids("cooling", tenants=[]) == []


def test_hits_of_others_never_crowd_out_own_ones(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tickets.search.finding.MAX_HITS", 1)
    own = EntryFactory(text="The cooling hums.")
    EntryFactory(text="The cooling hums.")

    assert found("cooling", own.tenant) == [own.ticket_id]


def test_a_filed_mail_is_found_at_once(mailbox: Mailbox, stored: Stored) -> None:
    stored("sprocket", subject="Teeth are missing")
    file_for(mailbox)

    assert found("sprocket") == found("teeth miss") == [Ticket.objects.get().pk]


def test_the_index_follows_changes_and_deletion(db: None) -> None:
    entry = EntryFactory(text="The cooling hums.")
    entry.text = "The heating rattles."
    entry.save(update_fields=["text"])
    changed = found("cooling"), found("heating")
    Entry.objects.filter(pk=entry.pk).update(text="Silence.")

    assert changed == ([], [entry.ticket_id])
    assert found("silence") == [entry.ticket_id]
    entry.delete()
    assert found("silence") == []


def test_a_text_of_a_million_characters_is_stored_and_found_by_its_beginning(db: None) -> None:
    entry = EntryFactory(text="cooling " + " ".join(f"w{number}" for number in range(140_000)))

    assert found("cooling w4") == [entry.ticket_id]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite alone needs triggers")
def test_triggers_lost_with_a_copied_table_come_back_and_catch_up(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER tickets_entry_search_added")
    entry = EntryFactory(text="The cooling hums.")
    unseen = found("cooling")
    sqlite.put_up()

    assert (unseen, found("cooling")) == ([], [entry.ticket_id])


@pytest.mark.parametrize(
    "migration",
    ["tickets.migrations.0004_search_index", "mailboxes.migrations.0022_ledger_is_searched_by_words"],
)
def test_words_are_taken_apart_alike_by_column_and_question(migration: str) -> None:
    assert import_module(migration).JOINTS == words.JOINTS


def test_a_search_takes_one_statement(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    EntryFactory()
    with django_assert_num_queries(1):
        found("burns printer")


@pytest.mark.parametrize(
    "asked", ["loud", "LOU fan", "ada@", "fabrikam.example", "<m-1@fabrikam.example>", "m-1"]
)
def test_a_mail_in_the_ledger_is_found_by_subject_sender_and_message_id(db: None, asked: str) -> None:
    mail = InboundMessageFactory(
        subject="Fan is loud", sender="ada@fabrikam.example", message_id="<m-1@fabrikam.example>"
    )
    InboundMessageFactory(subject="Paper jam", sender="m@x.example", message_id="<2@x.example>")

    assert (
        search.mail_ids(asked, tenants=[mail.tenant_id]) == search.mail_ids(asked, tenants=None) == [mail.pk]
    )


def test_mails_of_other_tenants_are_not_found(db: None) -> None:
    mail = InboundMessageFactory(subject="Fan is loud")

    assert search.mail_ids("loud", tenants=[mail.tenant_id + 1]) == search.mail_ids("loud", tenants=[]) == []
