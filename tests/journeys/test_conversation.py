"""An agent and a customer write to each other, with files both ways; both mailboxes hold the same conversation."""

from __future__ import annotations

import uuid
from email.message import EmailMessage, Message
from email.utils import format_datetime, make_msgid

import pytest
from django.utils import timezone

from tests.journeys.customer import Customer
from tests.journeys.outgoing import send
from tickets.models import Attachment, Entry, Ticket
from tickets.replies import Answer, File, reply

TURNS = 5


@pytest.fixture
def ada(customer: Customer) -> str:
    """Somebody with a mailbox at Microsoft that is none of ours; gives the address."""
    domain = f"{uuid.uuid4().hex[:8]}.example"
    house = {"directory_id": str(uuid.uuid4()), "name": "Fabrikam", "domains": [domain]}
    customer.control("scenario", {"tenants": [{**house, "mailboxes": [{"address": f"ada@{domain}"}]}]})
    customer.change(outbound_transport="graph")
    return f"ada@{domain}"


def writes(customer: Customer, ada: str, turn: int, *, to: Message | None) -> None:
    """Let the customer write, below what she got last."""
    mail = EmailMessage()
    mail["From"], mail["To"] = f"Ada <{ada}>", customer.mailbox.address
    mail["Subject"] = f"Re: {to['Subject']}" if to else "The printer is on fire"
    mail["Date"], mail["Message-ID"] = format_datetime(timezone.now()), make_msgid(domain="fabrikam.example")
    if to is not None:
        mail["In-Reply-To"] = to["Message-ID"]
        mail["References"] = " ".join([*str(to["References"] or "").split(), to["Message-ID"]])
    mail.set_content(f"Question {turn}")
    mail.add_attachment(_photo(turn), maintype="image", subtype="png", filename=f"photo-{turn}.png")
    customer.arrive_raw(mail.as_bytes())
    assert customer.sync().error is None


def answers(customer: Customer, turn: int) -> None:
    file = File(name=f"manual-{turn}.bin", content_type="application/pdf", chunks=lambda: [_manual(turn)])
    reply(Ticket.objects.get(), Answer(text=f"Answer {turn}", files=[file]), by=None)
    assert send(customer).sent == 1


def _photo(turn: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + bytes([turn]) * 5_000


def _manual(turn: int) -> bytes:
    # The last one is too large to travel inside of a draft.
    return bytes([turn]) * (4_000_000 if turn == TURNS else 10_000)


def _files(mail: Message) -> list[bytes]:
    found = [part.get_payload(decode=True) for part in mail.walk() if part.get_filename()]
    return [one for one in found if isinstance(one, bytes)]


def test_ten_mails_are_one_conversation_in_both_mailboxes(customer: Customer, ada: str) -> None:
    last: Message | None = None
    for turn in range(1, TURNS + 1):
        writes(customer, ada, turn, to=last)
        answers(customer, turn)
        last = customer.letters("inbox", address=ada)[-1]

    said = Entry.objects.filter(ticket=Ticket.objects.get()).order_by("pk")
    turns = [(f"Question {turn}", f"Answer {turn}") for turn in range(1, TURNS + 1)]
    assert [one.new_text.strip() or one.text.strip() for one in said] == [
        text for pair in turns for text in pair
    ]
    assert Attachment.objects.filter(entry__in=said).count() == 2 * TURNS

    got, asked = customer.letters("inbox", address=ada), customer.letters("Processed")
    assert [_files(mail) for mail in got] == [[_manual(turn)] for turn in range(1, TURNS + 1)]
    assert [mail["In-Reply-To"] for mail in got] == [mail["Message-ID"] for mail in asked]
    assert all(asked[0]["Message-ID"] in mail["References"] for mail in got)
    assert len({mail["Subject"].removeprefix("Re: ") for mail in got}) == 1
    assert [mail["Message-ID"] for mail in customer.letters("sentitems")] == [
        mail["Message-ID"] for mail in got
    ]
