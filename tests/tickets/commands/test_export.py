"""export: what stands on tickets and in the ledger, in the promised shape, at a constant price."""

import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import (
    RECEIVED_AT,
    AttachmentFactory,
    EntryFactory,
    InboundMessageFactory,
    MailboxFactory,
    TagFactory,
    TenantFactory,
    TicketFactory,
)
from tickets import exports
from tickets.models import Entry, Ticket
from tickets.replies import Answer as Reply
from tickets.replies import reply

pytestmark = pytest.mark.django_db

Lines = Callable[..., list[dict[str, Any]]]
Answer = Callable[..., dict[str, Any]]


def make_ticket(**values: Any) -> Ticket:
    """A ticket with a mail that has a file, and a note."""
    ticket: Ticket = TicketFactory(**values)
    mail = InboundMessageFactory(mailbox=ticket.mailbox, state="filed")
    entry = EntryFactory(ticket=ticket, inbound=mail, message_id="<m1@fabrikam.example>")
    AttachmentFactory(entry=entry)
    later = RECEIVED_AT + timedelta(hours=1)
    note = {"kind": Entry.Kind.NOTE, "message_id": "", "from_name": "", "from_email": "", "to": []}
    EntryFactory(ticket=ticket, happened_at=later, new_text="", text="Called her.", **note)
    return ticket


def test_ticket_has_exactly_the_promised_names(lines: Lines) -> None:
    ticket = make_ticket(due_on=date(2026, 12, 24))
    ticket.tags.add(TagFactory(tenant=ticket.tenant, name="vip"))
    [line] = lines("export", "tickets")
    del line["entries"]
    assert line == {
        "reference": ticket.reference,
        "tenant": ticket.tenant.name,
        "mailbox": ticket.mailbox.address,
        "queue": ticket.queue.name,
        "status": "new",
        "priority": "normal",
        "tags": ["vip"],
        "due_on": "2026-12-24",
        "merged_into": None,
        "subject": ticket.subject,
        "requester": {"name": "Ada Byron", "email": "ada@fabrikam.example"},
        "opened_at": "2026-11-02T09:30:00Z",
    }


def test_mail_on_a_ticket_has_exactly_the_promised_names(lines: Lines) -> None:
    make_ticket()
    entry = lines("export", "tickets")[0]["entries"][0]
    [attachment] = entry.pop("attachments")
    assert entry == {
        "kind": "mail_in",
        "message_id": "<m1@fabrikam.example>",
        "from": {"name": "Ada Byron", "email": "ada@fabrikam.example"},
        "to": [{"name": "Help", "email": "help@contoso.example"}],
        "cc": [],
        "at": "2026-11-02T09:30:00Z",
        "text": "It burns.\n\n> Is it plugged in?",
        "new_text": "It burns.",
        "html": "",
        "auto_reply": False,
        "state": "filed",
    }
    assert {*attachment} == {"name", "content_type", "bytes", "sha256", "inline"}


def test_note_has_no_message_id_no_state_and_its_whole_text_as_new(lines: Lines) -> None:
    make_ticket()
    note = lines("export", "tickets")[0]["entries"][1]
    assert (note["kind"], note["message_id"], note["state"], note["new_text"]) == (
        "note",
        None,
        None,
        "Called her.",
    )


def test_a_merged_ticket_names_the_one_that_took_it_over(lines: Lines) -> None:
    first = TicketFactory()
    TicketFactory(merged_into=first, opened_at=RECEIVED_AT + timedelta(days=1))
    assert [line["merged_into"] for line in lines("export", "tickets")] == [None, first.reference]


def test_tickets_come_oldest_first(lines: Lines) -> None:
    ages = [3, 1, 2]
    made = {age: TicketFactory(opened_at=RECEIVED_AT - timedelta(days=age)).reference for age in ages}
    assert [line["reference"] for line in lines("export", "tickets")] == [made[3], made[2], made[1]]


def test_tickets_are_narrowed_to_a_tenant(lines: Lines) -> None:
    TicketFactory()
    ticket = TicketFactory(tenant=TenantFactory(name="Fabrikam"))
    assert [line["reference"] for line in lines("export", "tickets", "--tenant", "Fabrikam")] == [
        ticket.reference
    ]


def test_ticket_of_a_deleted_mailbox_is_exported(lines: Lines) -> None:
    TicketFactory(mailbox=None)
    assert lines("export", "tickets")[0]["mailbox"] is None


@pytest.mark.parametrize("chunk", [1, 2, 5])
def test_tickets_take_four_statements_for_each_chunk(
    lines: Lines, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(exports, "CHUNK_TICKETS", chunk)
    for _ticket in range(5):
        make_ticket()
    with CaptureQueriesContext(connection) as queries:
        assert len(lines("export", "tickets")) == 5
    reads = [one for one in queries if one["sql"].startswith(("SELECT", "DECLARE"))]
    assert len(reads) == 1 + 3 * -(-5 // chunk)


def test_ledger_has_exactly_the_promised_names(lines: Lines) -> None:
    ticket = make_ticket()
    mail = ticket.entries.exclude(inbound=None).get().inbound
    assert lines("export", "ledger") == [
        {
            "mailbox": ticket.mailbox.address,
            "remote_id": mail.remote_id,
            "message_id": mail.message_id,
            "received_at": "2026-11-02T09:30:00Z",
            "state": "filed",
            "reason": "",
            "ticket": ticket.reference,
            "source": "poll",
            "sha256": "",
        }
    ]


def test_ledger_is_narrowed_to_mailboxes_whatever_the_letter_case(lines: Lines) -> None:
    InboundMessageFactory()
    mail = InboundMessageFactory(mailbox=MailboxFactory(address="help@fabrikam.example"))
    assert [line["remote_id"] for line in lines("export", "ledger", "Help@Fabrikam.example")] == [
        mail.remote_id
    ]


def test_ledger_takes_one_statement_however_long_it_is(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "CHUNK_MAILS", 2)
    mailbox = MailboxFactory()
    InboundMessageFactory.create_batch(7, mailbox=mailbox)
    with CaptureQueriesContext(connection) as queries:
        assert len(lines("export", "ledger")) == 7
    assert sum(one["sql"].startswith(("SELECT", "DECLARE")) for one in queries) == 1


def test_message_id_gets_its_brackets(lines: Lines) -> None:
    InboundMessageFactory(message_id="bare@fabrikam.example")
    assert lines("export", "ledger")[0]["message_id"] == "<bare@fabrikam.example>"


def test_letters_stay_letters_on_utf8_and_are_escaped_elsewhere() -> None:
    TicketFactory(subject="Größe 文字 🔥")
    shown = {}
    for encoding in ("utf-8", "latin-1"):
        out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        call_command("export", "tickets", stdout=out)
        out.seek(0)
        shown[encoding] = out.read()
    assert "Größe 文字 🔥" in shown["utf-8"]
    assert r"\u6587\u5b57" in shown["latin-1"]


@pytest.mark.parametrize(
    ("arguments", "path", "code"),
    [
        (("tickets", "--tenant", "Nobody"), "tenant", "tenant_missing"),
        (("ledger", "nobody@contoso.example"), "addresses[0]", "mailbox_missing"),
        (("ledger", "--tenant", "Contoso"), "ledger", "argument_unused"),
        (("tickets", "help@contoso.example"), "tickets", "argument_unused"),
        (("approvals", "--tenant", "Nobody"), "tenant", "tenant_missing"),
        (("approvals", "help@contoso.example"), "approvals", "argument_unused"),
    ],
)
def test_name_that_is_not_there_is_a_fault_with_its_path(
    answer: Answer, arguments: tuple[str, ...], path: str, code: str
) -> None:
    told = answer("export", *arguments)
    assert (told["exit"], told["ok"], told["errors"][0]["path"], told["errors"][0]["code"]) == (
        1,
        False,
        path,
        code,
    )


def test_outbox_lists_every_mail_of_ours_with_its_ticket(lines: Lines) -> None:
    mailbox = MailboxFactory(outbound_transport="graph")
    ticket = TicketFactory(tenant=mailbox.tenant, mailbox=mailbox)
    row = reply(ticket, Reply(text="Unplug it."), by=None)
    line = lines("export", "outbox")[0]
    assert line.items() >= {"id": row.pk, "mailbox": mailbox.address, "ticket": ticket.reference}.items()
    assert (line["state"], line["attempts"], line["error"], line["sent_at"]) == ("queued", 0, None, None)
    assert lines("export", "outbox", MailboxFactory().address) == []
