"""Which ticket a mail belongs to: by our token, what it answers or refers to, a participant's tag; else a new one."""

from __future__ import annotations

import itertools

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from mailboxes.models import Mailbox
from tests import factories
from tests.tickets.conftest import Stored
from tests.tickets.policies.test_loops import BOUNCE
from tickets.conversations import Conversations
from tickets.filing import Filer
from tickets.models import Entry, ThreadKey, Ticket

pytestmark = pytest.mark.django_db


def file(mailbox: Mailbox) -> None:
    Filer(mailbox.tenant_id).file_due()


def conversations() -> list[list[str]]:
    """The mails of each ticket, by name."""
    shown: dict[int, list[str]] = {}
    for entry in Entry.objects.order_by("pk"):
        shown.setdefault(entry.ticket_id, []).append(entry.message_id.split("@")[0].strip("<"))
    return sorted(sorted(names) for names in shown.values())


def test_reply_joins_by_in_reply_to(mailbox: Mailbox, stored: Stored) -> None:
    stored("question")
    file(mailbox)
    stored("reply", in_reply_to="<question@fabrikam.example>")
    file(mailbox)
    assert conversations() == [["question", "reply"]]


def test_reply_joins_by_the_oldest_reference(mailbox: Mailbox, stored: Stored) -> None:
    """Its parent went to somebody else; the root came to us."""
    stored("root")
    stored("far", in_reply_to="<unseen@x>", references="<root@fabrikam.example> <other@x> <unseen@x>")
    file(mailbox)
    assert conversations() == [["far", "root"]]


def test_in_reply_to_counts_more_than_references(mailbox: Mailbox, stored: Stored) -> None:
    stored("one")
    stored("two")
    stored("reply", in_reply_to="<two@fabrikam.example>", references="<one@fabrikam.example>")
    file(mailbox)
    assert conversations() == [["one"], ["reply", "two"]]


def test_mails_that_answer_the_same_unseen_mail_meet(mailbox: Mailbox, stored: Stored) -> None:
    stored("left", in_reply_to="<unseen@x>")
    stored("right", in_reply_to="<unseen@x>")
    file(mailbox)
    assert conversations() == [["left", "right"]]


@pytest.mark.parametrize("order", list(itertools.permutations(["root", "middle", "leaf"])))
@pytest.mark.parametrize("together", [True, False])
def test_conversation_is_one_ticket_in_whatever_order_it_is_filed(
    mailbox: Mailbox, stored: Stored, order: tuple[str, ...], together: bool
) -> None:
    headers = {
        "root": {},
        "middle": {"in_reply_to": "<root@fabrikam.example>", "references": "<root@fabrikam.example>"},
        "leaf": {
            "in_reply_to": "<middle@fabrikam.example>",
            "references": "<root@fabrikam.example> <middle@fabrikam.example>",
        },
    }
    for name in order:
        stored(name, **headers[name])
        if not together:
            file(mailbox)
    file(mailbox)
    assert conversations() == [["leaf", "middle", "root"]]


def test_our_token_counts_more_than_anything(mailbox: Mailbox, stored: Stored) -> None:
    ours = factories.TicketFactory(tenant=mailbox.tenant, mailbox=mailbox, queue=mailbox.queue)
    stored("other")
    reply = f"<other@fabrikam.example> <{ours.reply_token}.3@desk.example>"
    stored("reply", in_reply_to="<other@fabrikam.example>", references=reply)
    file(mailbox)
    assert Entry.objects.get(message_id="<reply@fabrikam.example>").ticket == ours


def test_token_of_another_tenant_opens_nothing_there(mailbox: Mailbox, stored: Stored) -> None:
    """S-73, MT-074"""
    foreign = factories.TicketFactory()
    stored(
        "reply",
        in_reply_to=f"<{foreign.reply_token}.3@desk.example>",
        subject=f"Re: [#{foreign.reference}] x",
    )
    file(mailbox)
    assert not foreign.entries.exists()
    assert Entry.objects.get().ticket.tenant == mailbox.tenant


def test_ids_of_another_tenant_are_unknown(mailbox: Mailbox, stored: Stored) -> None:
    """MT-065: the same mail to two tenants is one ticket each."""
    other = factories.MailboxFactory()
    stored("question", into=other)
    file(other)
    stored("reply", in_reply_to="<question@fabrikam.example>")
    file(mailbox)
    assert conversations() == [["question"], ["reply"]]


def test_mail_to_two_mailboxes_of_a_tenant_is_kept_twice_on_one_ticket(
    mailbox: Mailbox, stored: Stored
) -> None:
    """MT-065: never lost."""
    stored("question")
    stored("question", into=factories.MailboxFactory(tenant=mailbox.tenant))
    file(mailbox)
    assert conversations() == [["question", "question"]]


def test_tag_in_the_subject_is_good_for_a_participant(mailbox: Mailbox, stored: Stored) -> None:
    ticket = factories.TicketFactory(tenant=mailbox.tenant, requester_email="ada@fabrikam.example")
    stored("reply", subject=f"AW: [#{ticket.reference}] Printer")
    file(mailbox)
    assert ticket.entries.count() == 1


def test_tag_in_the_subject_is_no_good_for_a_stranger(mailbox: Mailbox, stored: Stored) -> None:
    """S-74: subjects are forwarded; whoever has read one does not read on."""
    ticket = factories.TicketFactory(tenant=mailbox.tenant, requester_email="ada@fabrikam.example")
    stored("nosy", subject=f"Re: [#{ticket.reference}] Printer", sender="eve@evil.example")
    file(mailbox)
    assert not ticket.entries.exists()
    assert Ticket.objects.count() == 2


def test_bounce_joins_the_mail_it_is_about(mailbox: Mailbox, stored: Stored) -> None:
    """MT-173"""
    ticket = factories.TicketFactory(tenant=mailbox.tenant)
    ours = f"<{ticket.reply_token}.3@desk.example>".encode()
    stored("bounce", raw=BOUNCE.replace(b"<ours@contoso.example>", ours))
    file(mailbox)
    assert (Entry.objects.get().ticket, Entry.objects.get().auto_reply) == (ticket, True)


def test_made_up_bounce_of_a_mail_that_is_not_ours_joins_nothing(mailbox: Mailbox, stored: Stored) -> None:
    """MT-173, S-74: anybody can write one about an id he has seen."""
    stored("question")
    file(mailbox)
    stored("bounce", raw=BOUNCE.replace(b"<ours@contoso.example>", b"<question@fabrikam.example>"))
    file(mailbox)
    assert Ticket.objects.count() == 2


def test_same_id_with_other_content_is_kept_as_well(mailbox: Mailbox, stored: Stored) -> None:
    """MT-064"""
    stored("same", raw=factories.mail(message_id="<same@x>", text="one"))
    stored("same", raw=factories.mail(message_id="<same@x>", text="two"))
    file(mailbox)
    assert Entry.objects.count() == 2


def flagged() -> list[str]:
    entries = Entry.objects.order_by("pk")
    return [
        one.text.strip() for one in entries if {"id_reused"} & {problem["code"] for problem in one.problems}
    ]


@pytest.mark.parametrize("is_one_batch", [True, False])
def test_second_mail_of_an_id_is_flagged_when_it_says_something_else(
    mailbox: Mailbox, stored: Stored, is_one_batch: bool
) -> None:
    """MT-064"""
    stored("same", raw=factories.mail(message_id="<same@x>", text="one"))
    if not is_one_batch:
        file(mailbox)
    stored("same", raw=factories.mail(message_id="<same@x>", text="two"))
    file(mailbox)
    assert flagged() == ["two"]


def test_mail_that_came_to_two_mailboxes_is_not_flagged(mailbox: Mailbox, stored: Stored) -> None:
    """MT-065"""
    stored("same", raw=factories.mail(message_id="<same@x>", text="one"))
    file(mailbox)
    other = factories.MailboxFactory(tenant=mailbox.tenant)
    stored("same", raw=factories.mail(message_id="<same@x>", text="one"), into=other)
    file(mailbox)
    assert (Entry.objects.count(), flagged()) == (2, [])


def test_original_that_comes_after_its_reply_is_not_flagged(mailbox: Mailbox, stored: Stored) -> None:
    stored("reply", in_reply_to="<question@fabrikam.example>")
    file(mailbox)
    stored("question")
    file(mailbox)
    assert (Ticket.objects.count(), flagged()) == (1, [])


@pytest.mark.parametrize("message_id", ["<a'b\"c@x>", "<" + "x" * 5000 + "@x>", "<ümläut@x>"])
def test_odd_ids_thread_like_others(mailbox: Mailbox, stored: Stored, message_id: str) -> None:
    """MT-067, MT-068: longer than any index takes, quotes, 8-bit."""
    stored("odd", raw=factories.mail(message_id=message_id))
    stored("reply", in_reply_to=message_id)
    file(mailbox)
    assert Ticket.objects.count() == 1


def test_look_ups_of_a_batch_are_made_at_once(mailbox: Mailbox, stored: Stored, settings: Settings) -> None:
    for number in range(20):
        stored(f"mail-{number}", in_reply_to=f"<mail-{number - 1}@fabrikam.example>")
    with CaptureQueriesContext(connection) as few:
        file(mailbox)
    looked_up = [one for one in few if "tickets_threadkey" in one["sql"] and one["sql"].startswith("SELECT")]
    assert len(looked_up) == 1
    assert conversations() == [sorted(f"mail-{number}" for number in range(20))]


def test_keys_are_stored_once(mailbox: Mailbox, stored: Stored) -> None:
    for number in range(3):
        stored(f"reply-{number}", in_reply_to="<question@fabrikam.example>")
    file(mailbox)
    assert ThreadKey.objects.count() == len(set(ThreadKey.objects.values_list("key", flat=True)))
    assert Conversations(mailbox.tenant_id, []).tickets == {}


def test_the_last_word_is_of_the_last_mail_however_each_found_its_ticket(
    mailbox: Mailbox, stored: Stored
) -> None:
    stored("question")
    file(mailbox)
    ticket = Ticket.objects.get()
    stored("away", in_reply_to=f"<{ticket.reply_token}.3@desk.example>", auto_submitted="auto-replied")
    stored("person", in_reply_to="<question@fabrikam.example>")
    file(mailbox)
    ticket.refresh_from_db()
    assert (ticket.last_entry_by, ticket.entry_count) == ("customer", 3)
