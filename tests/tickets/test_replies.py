"""Answers: what is refused at once, and what the mail and the ticket say."""

from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from mailboxes.models import Mailbox, OutboundMessage
from mailboxes.outbound.compose import compose, usable_ids
from mailboxes.parsing import parse
from tenants.errors import Misconfigured
from tests import factories
from tickets.models import ThreadKey, Ticket
from tickets.policies.loops import LOOP_HEADER
from tickets.policies.threads import message_key, reply_tokens
from tickets.replies import Answer, File, people, reply


@pytest.fixture
def ticket(mailbox: Mailbox) -> Ticket:
    Mailbox.objects.filter(pk=mailbox.pk).update(outbound_transport="graph")
    mailbox.refresh_from_db()
    made: Ticket = factories.TicketFactory(tenant=mailbox.tenant, mailbox=mailbox, subject="Printer")
    factories.EntryFactory(ticket=made, message_id="root@fabrikam.example")
    return made


def mail_of(row: OutboundMessage) -> Any:
    return message_from_bytes(compose(row, max_mime_bytes=2_900_000, shows_bcc=True).mime, policy=default)


def answered(ticket: Ticket, text: str = "Unplug it.", **values: Any) -> OutboundMessage:
    return reply(ticket, Answer(text=text, **values), by=None)


def test_an_answer_threads_at_the_customer_and_back_here(ticket: Ticket, tmp_path: Path) -> None:
    row = answered(ticket)
    mail = mail_of(row)
    assert (mail["In-Reply-To"], mail["References"]) == ("<root@fabrikam.example>",) * 2
    back = tmp_path / "back.eml"
    back.write_bytes(
        f"From: ada@fabrikam.example\r\nIn-Reply-To: {mail['Message-ID']}\r\n\r\nOk\r\n".encode()
    )
    assert list(reply_tokens(parse(back, received_at=row.queued_at))) == [ticket.reply_token]


def test_the_subject_is_kept_and_tagged_once(ticket: Ticket) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(subject=f"RE: Re: Printer [#{ticket.reference}]")
    ticket.refresh_from_db()
    assert mail_of(answered(ticket))["Subject"] == f"Re: [#{ticket.reference}] Printer"


def test_the_mail_carries_our_loop_mark(ticket: Ticket) -> None:
    assert mail_of(answered(ticket))[LOOP_HEADER] == str(ticket.tenant_id)


def test_the_ticket_waits_for_the_customer_and_shows_the_answer(ticket: Ticket) -> None:
    row = answered(ticket)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.last_entry_by, row.entry.text) == ("waiting", "staff", "Unplug it.")
    assert ThreadKey.objects.filter(ticket=ticket, key=message_key(row.message_id)).exists()


@pytest.mark.parametrize("subject", ["Hi\r\nBcc: spy@evil.example", "Hi\n\nBody", "Größe " * 60, "x" * 998])
def test_nothing_in_a_subject_becomes_a_header(ticket: Ticket, subject: str) -> None:
    """N8."""
    Ticket.objects.filter(pk=ticket.pk).update(subject=subject)
    ticket.refresh_from_db()
    mime = compose(answered(ticket), max_mime_bytes=2_900_000, shows_bcc=True).mime
    assert message_from_bytes(mime, policy=default)["Bcc"] is None
    assert max(map(len, mime.split(b"\r\n"))) <= 998


def test_nothing_in_a_name_becomes_a_header(ticket: Ticket) -> None:
    """N8."""
    to = [{"name": 'Ada" <x@y.example>\r\nBcc: spy@evil.example', "email": "ada@fabrikam.example"}]
    mail = mail_of(answered(ticket, to=to))
    assert mail["Bcc"] is None
    assert [one.addr_spec for one in mail["To"].addresses] == ["ada@fabrikam.example"]


def test_an_address_that_would_become_a_header_is_not_written(ticket: Ticket) -> None:
    """Nobody can enter one; a row that holds one all the same is not sent."""
    row = answered(ticket)
    row.to = [{"name": "", "email": "ada@fabrikam.example\r\nBcc: spy@evil.example"}]
    with pytest.raises(Misconfigured) as refused:
        mail_of(row)
    assert refused.value.code == "recipient_invalid"


def test_ids_that_would_break_a_header_are_left_out() -> None:
    ids = [
        "<ok@a.example>",
        "<bad id@a.example>",
        "<é@a.example>",
        "<x@a\r\n.example>",
        f"<{'y' * 400}@a.example>",
    ]
    assert usable_ids(ids) == ["<ok@a.example>"]


def test_of_a_long_conversation_the_root_and_the_latest_stay() -> None:
    ids = [f"<{number}@a.example>" for number in range(100)]
    kept = usable_ids(ids)
    assert (kept[0], kept[-1], len(kept)) == (ids[0], ids[-1], 20)


def test_files_travel_with_their_names_and_bytes(ticket: Ticket) -> None:
    files = [File(name="größe.txt", content_type="text/plain", chunks=lambda: [b"12", b"3"])] * 2
    found = list(mail_of(answered(ticket, files=files)).iter_attachments())
    assert [one.get_filename() for one in found] == ["größe.txt", "größe (2).txt"]
    assert [one.get_payload(decode=True) for one in found] == [b"123", b"123"]


def test_an_empty_file_travels_too(ticket: Ticket) -> None:
    files = [File(name="empty", content_type="message/rfc822", chunks=lambda: [])]
    found = list(mail_of(answered(ticket, files=files)).iter_attachments())
    assert (found[0].get_content_type(), found[0].get_content()) == ("application/octet-stream", b"")


@pytest.mark.parametrize(
    "text",
    [
        *("ada", "ada@", "a@b@c.example", "a b@c.example", "a@größe.example", "Ada <ada>"),
        *("ada@a.exampleBcc: eve@e.example", "Ada <ada@a.example>\nBcc: eve@e.example", "all:ada@a.example"),
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        people(text)
    assert refused.value.code == "recipient_invalid"


def test_addresses_are_read_as_people_write_them() -> None:
    found = people('"Support: Ada" <ada@fabrikam.example>; bob@bücher.example')
    assert [one["email"] for one in found] == ["ada@fabrikam.example", "bob@xn--bcher-kva.example"]


@pytest.mark.parametrize(
    ("values", "code"), [({"text": "  "}, "reply_empty"), ({"to": "own"}, "recipient_own")]
)
def test_an_answer_that_cannot_arrive_is_refused_and_writes_nothing(
    ticket: Ticket, values: dict[str, Any], code: str
) -> None:
    own = [{"name": "", "email": ticket.mailbox.address.upper()}]  # type: ignore[union-attr]
    with pytest.raises(Misconfigured) as refused:
        answered(ticket, **(values | ({"to": own} if "to" in values else {})))
    assert (refused.value.code, OutboundMessage.objects.count()) == (code, 0)


def test_a_formatted_answer_is_plain_text_and_html_side_by_side(ticket: Ticket) -> None:
    file = File(name="a.txt", content_type="text/plain", chunks=lambda: [b"x"])
    row = answered(ticket, "", html="<p>Unplug <b>it</b>.<script>x</script></p>", files=[file])
    mail = mail_of(row)
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/plain"]
    assert mail.get_body(("plain",)).get_content().strip() == "Unplug it."
    assert "<p>Unplug <b>it</b>.</p>" in mail.get_body(("html",)).get_content()
    assert (row.entry.html, row.entry.text) == ("<p>Unplug <b>it</b>.</p>", "Unplug it.")  # type: ignore[attr-defined]


def test_formatting_without_words_is_an_empty_answer(ticket: Ticket) -> None:
    with pytest.raises(Misconfigured) as refused:
        answered(ticket, "", html="<p><br></p>")
    assert refused.value.code == "reply_empty"
