"""Mail that refers to a ticket its sender has no part in: a ticket of its own, with a badge that leads to the other."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mailboxes.models import Mailbox
from tests import factories
from tests.tenants.admin.conftest import signed_in
from tests.tickets.conftest import Stored
from tickets.filing import file_for
from tickets.models import Entry, ThreadKey, Ticket
from tickets.policies.threads import message_key

pytestmark = pytest.mark.django_db

EVE, BOB = "Eve <eve@evil.example>", "Bob <bob@third.example>"
PROVEN = "spf=pass; dkim=pass; dmarc=pass header.from=fabrikam.example; compauth=pass"


def entry_of(name: str) -> Entry:
    found: Entry = Entry.objects.select_related("ticket").get(message_id=f"<{name}@fabrikam.example>")
    return found


def decision(name: str, key: str) -> Any:
    return (entry_of(name).decisions or {}).get(key)


@pytest.mark.parametrize("header", ["in_reply_to", "references"])
@pytest.mark.parametrize("is_one_batch", [True, False])
def test_stranger_with_a_guessed_reference_opens_a_ticket_that_names_the_other(
    mailbox: Mailbox, stored: Stored, header: str, is_one_batch: bool
) -> None:
    """S-74, MT-071"""
    stored("question")
    if not is_one_batch:
        file_for(mailbox)
    stored("guess", sender=EVE, **{header: "<question@fabrikam.example>"})
    file_for(mailbox)
    asked, guess = entry_of("question").ticket, entry_of("guess").ticket
    assert guess != asked
    assert decision("guess", "outside_of") == asked.reference
    assert asked.entry_count == 1


def test_stranger_with_a_customers_own_message_id_opens_a_ticket_of_his_own(
    mailbox: Mailbox, stored: Stored
) -> None:
    """MT-064"""
    stored("question")
    file_for(mailbox)
    stored("twin", raw=factories.mail(message_id="<question@fabrikam.example>", sender=EVE, text="Pay me."))
    file_for(mailbox)
    assert Ticket.objects.count() == 2


def test_second_mail_of_a_stranger_finds_his_first(mailbox: Mailbox, stored: Stored) -> None:
    stored("question")
    stored("guess", sender=EVE, in_reply_to="<question@fabrikam.example>")
    file_for(mailbox)
    ids = "<question@fabrikam.example> <guess@fabrikam.example>"
    stored("more", sender=EVE, in_reply_to="<question@fabrikam.example>", references=ids)
    file_for(mailbox)
    assert entry_of("more").ticket == entry_of("guess").ticket


@pytest.mark.parametrize("is_one_batch", [True, False])
def test_somebody_a_participant_copied_joins_with_a_badge(
    mailbox: Mailbox, stored: Stored, is_one_batch: bool
) -> None:
    stored("question", cc=BOB)
    if not is_one_batch:
        file_for(mailbox)
    stored("answer", sender=BOB, in_reply_to="<question@fabrikam.example>")
    file_for(mailbox)
    assert entry_of("answer").ticket == entry_of("question").ticket
    assert decision("answer", "part") == "addressed"


def test_somebody_copied_in_a_later_mail_of_the_same_batch_joins(mailbox: Mailbox, stored: Stored) -> None:
    stored("question")
    file_for(mailbox)
    stored("copied", cc=BOB, in_reply_to="<question@fabrikam.example>")
    stored("answer", sender=BOB, in_reply_to="<copied@fabrikam.example>")
    file_for(mailbox)
    assert Ticket.objects.count() == 1


def test_who_has_written_on_the_ticket_is_no_news(mailbox: Mailbox, stored: Stored) -> None:
    stored("question", cc=BOB)
    stored("answer", sender=BOB, in_reply_to="<question@fabrikam.example>")
    file_for(mailbox)
    stored("again", sender=BOB, in_reply_to="<question@fabrikam.example>")
    file_for(mailbox)
    assert decision("again", "part") is None
    assert Ticket.objects.count() == 1


def test_somebody_our_answer_went_to_takes_part(mailbox: Mailbox, stored: Stored) -> None:
    stored("question")
    file_for(mailbox)
    ticket = Ticket.objects.get()
    factories.EntryFactory(
        ticket=ticket,
        kind=Entry.Kind.MAIL_OUT,
        from_email=mailbox.address,
        cc=[{"name": "", "email": "bob@third.example"}],
    )
    stored("answer", sender=BOB, in_reply_to="<question@fabrikam.example>")
    file_for(mailbox)
    assert entry_of("answer").ticket == ticket


def test_proven_colleague_of_the_requester_joins_with_a_badge(mailbox: Mailbox, stored: Stored) -> None:
    stored("question")
    file_for(mailbox)
    hop = "from a.outlook.example by b.outlook.example; x"
    stored(
        "colleague",
        raw=f"Received: {hop}\r\nAuthentication-Results: {PROVEN}\r\nReceived: {hop}\r\n".encode()
        + factories.mail(
            message_id="<colleague@fabrikam.example>",
            sender="Dan <dan@fabrikam.example>",
            in_reply_to="<question@fabrikam.example>",
        ),
    )
    file_for(mailbox)
    assert decision("colleague", "part") == "colleague"
    assert Ticket.objects.count() == 1


def test_holder_of_our_token_joins_with_a_badge(mailbox: Mailbox, stored: Stored) -> None:
    """S-76: our mail was passed on; what he writes is his own word."""
    ticket = factories.TicketFactory(tenant=mailbox.tenant)
    stored("passed", sender=EVE, in_reply_to=f"<{ticket.reply_token}.3@desk.example>")
    file_for(mailbox)
    entry = entry_of("passed")
    assert (entry.ticket, entry.decisions["part"], entry.from_email) == (
        ticket,
        "holder",
        "eve@evil.example",
    )


def test_holder_of_an_answer_from_outlook_joins_with_a_badge(mailbox: Mailbox, stored: Stored) -> None:
    """S-76: its id is none of ours, and random all the same."""
    stored("question")
    file_for(mailbox)
    ticket = Ticket.objects.get()
    answer = factories.EntryFactory(ticket=ticket, kind=Entry.Kind.MAIL_OUT)
    ThreadKey.objects.create(tenant=ticket.tenant, ticket=ticket, key=message_key(answer.message_id))
    stored("passed", sender=EVE, in_reply_to=answer.message_id)
    file_for(mailbox)
    assert (entry_of("passed").ticket, decision("passed", "part")) == (ticket, "holder")


def test_batch_asks_once_who_takes_part(mailbox: Mailbox, stored: Stored) -> None:
    for number in range(10):
        stored(f"question-{number}", cc=BOB)
    file_for(mailbox)
    for number in range(10):
        stored(f"answer-{number}", sender=BOB, in_reply_to=f"<question-{number}@fabrikam.example>")
    with CaptureQueriesContext(connection) as captured:
        file_for(mailbox)
    asked = [one["sql"] for one in captured if '"to"' in one["sql"] and one["sql"].startswith("SELECT")]
    assert (len(asked), Ticket.objects.count()) == (1, 10)


def test_answers_of_requesters_ask_nothing_more(mailbox: Mailbox, stored: Stored) -> None:
    stored("question")
    file_for(mailbox)
    stored("answer", in_reply_to="<question@fabrikam.example>")
    with CaptureQueriesContext(connection) as captured:
        file_for(mailbox)
    assert not [one for one in captured if '"to"' in one["sql"] and one["sql"].startswith("SELECT")]


def test_badge_leads_to_the_ticket_that_was_named(mailbox: Mailbox, stored: Stored) -> None:
    stored("question")
    stored("guess", sender=EVE, in_reply_to="<question@fabrikam.example>")
    file_for(mailbox)
    client = signed_in(factories.OperatorFactory())
    page = client.get(reverse("admin:tickets_ticket_change", args=[entry_of("guess").ticket_id]))
    named = entry_of("question").ticket
    assert f'href="{reverse("admin:tickets_ticket_changelist")}?q={named.reference}"' in page.content.decode()
    assert (
        named.reference
        in client.get(reverse("admin:tickets_ticket_changelist"), {"q": named.reference}).content.decode()
    )


def test_copy_from_another_mailbox_of_the_tenant_names_it_and_leads_there(
    mailbox: Mailbox, stored: Stored
) -> None:
    """MT-065"""
    other = factories.MailboxFactory(tenant=mailbox.tenant)
    stored("question")
    stored("question", into=other)
    file_for(mailbox)
    first, second = Entry.objects.order_by("pk")
    client = signed_in(factories.OperatorFactory())
    page = client.get(reverse("admin:tickets_ticket_change", args=[first.ticket_id])).content.decode()
    for twin, address in ((first, mailbox.address), (second, other.address)):
        assert re.search(rf'href="#entry-{twin.pk}"[^>]*>also came to {re.escape(address)}<', page)


def test_mail_that_came_once_names_no_other_mailbox(mailbox: Mailbox, stored: Stored) -> None:
    stored("question")
    stored("question", into=factories.MailboxFactory())
    file_for(mailbox)
    ticket = Ticket.objects.get()
    page = signed_in(factories.OperatorFactory()).get(
        reverse("admin:tickets_ticket_change", args=[ticket.pk])
    )
    assert "also came to" not in page.content.decode()
