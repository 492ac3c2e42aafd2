"""Large files go to their draft in pieces; whatever is cut on the way, the mail leaves once and whole. F-74."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mailboxes.models import UploadSession
from mailboxes.outbound import outbox
from tests.journeys.customer import Customer
from tests.journeys.outgoing import answer, departed, later, send, state, ticket_of
from tickets.replies import File

pytestmark = [pytest.mark.journey, pytest.mark.django_db]

#: Four pieces.
LARGE = bytes(range(256)) * 40_000
Connected = Callable[..., Customer]


def attached(content: bytes, name: str = "scan.pdf") -> File:
    return File(name=name, content_type="application/pdf", chunks=lambda: [content])


def files_sent(customer: Customer) -> dict[str, Any]:
    """Give the files of the one mail that left, by name."""
    (mail,) = customer.letters("sentitems")
    return {
        str(part.get_filename()): part.get_payload(decode=True) for part in mail.walk() if part.get_filename()
    }


def requests_to(customer: Customer, part: str) -> int:
    return sum(part in one for one in customer.control.targets())


def lose(customer: Customer, kind: str, method: str, *, nth: int = 1, **options: Any) -> None:
    customer.control.fault(kind, method=method, path="AttachmentSessions", nth=nth, options=options)


def test_a_cut_upload_goes_on_where_it_stopped(customer: Customer) -> None:
    answer(ticket_of(customer), files=[attached(LARGE)])
    lose(customer, "reset_before", "PUT", nth=2)
    send(customer)
    assert (files_sent(customer), requests_to(customer, "PUT")) == ({"scan.pdf": LARGE}, 5)


def test_lost_answer_to_the_last_piece_does_not_send_the_file_again(customer: Customer) -> None:
    """The session ends with its last piece, so that nobody can be asked whether that arrived."""
    row = answer(ticket_of(customer), files=[attached(LARGE), attached(LARGE[::-1], "b.pdf")])
    lose(customer, "reset_after", "PUT", nth=4)
    send(customer)
    row.refresh_from_db()
    assert (row.state, (row.error or {})["code"]) == ("queued", "upload_lost")
    later()
    send(customer)
    assert files_sent(customer) == {"scan.pdf": LARGE, "b.pdf": LARGE[::-1]}
    assert requests_to(customer, "createUploadSession") == 2


@pytest.mark.parametrize("status", [401, 404, 410])
def test_session_that_has_expired_is_opened_anew(customer: Customer, status: int) -> None:
    row = answer(ticket_of(customer), files=[attached(LARGE)])
    lose(customer, "status", "PUT", nth=3, status=status)
    for _ in range(2):
        lose(customer, "status", "GET", status=status)
    send(customer)
    assert state(row) == "queued"
    later()
    send(customer)
    assert (state(row), files_sent(customer)) == ("sent", {"scan.pdf": LARGE})
    assert requests_to(customer, "createUploadSession") == 2


def test_upload_gives_way_to_others_and_goes_on(connected: Connected) -> None:
    """Two large files of one tenant hold nobody up: each turn sends a piece, and then others go first."""
    flood, other = connected(), connected()
    row = answer(ticket_of(flood), files=[attached(LARGE)])
    served, report = outbox.send_in_turn(budget_s=0)
    assert (served, report.has_more, requests_to(flood, "PUT")) == (flood.mailbox.pk, True, 1)
    answer(ticket_of(other))
    outbox.send_in_turn(budget_s=0)
    assert (len(departed(other)), requests_to(flood, "PUT")) == (1, 1)
    while outbox.send_in_turn(budget_s=0)[0]:
        pass
    row.refresh_from_db()
    assert (row.state, row.tries, files_sent(flood)) == ("sent", 1, {"scan.pdf": LARGE})
    assert not UploadSession.objects.exists()
    assert (requests_to(flood, "PUT"), requests_to(flood, "createUploadSession")) == (4, 1)


def test_short_mail_of_the_same_mailbox_does_not_wait_for_an_upload(customer: Customer) -> None:
    ticket = ticket_of(customer)
    answer(ticket, files=[attached(LARGE)])
    outbox.send_in_turn(budget_s=0)
    short = answer(ticket)
    outbox.send_in_turn(budget_s=0)
    assert (state(short), len(departed(customer))) == ("sent", 1)


def test_address_of_an_upload_is_not_kept_in_the_clear(customer: Customer) -> None:
    answer(ticket_of(customer), files=[attached(LARGE)])
    outbox.send_in_turn(budget_s=0)
    (session,) = UploadSession.objects.extra(select={"raw": "address"})
    assert "AttachmentSessions" in session.address
    assert "AttachmentSessions" not in str(session.raw)


def test_empty_files_arrive(customer: Customer) -> None:
    answer(ticket_of(customer), files=[attached(b""), attached(LARGE, "a.pdf"), attached(b"", "b.txt")])
    send(customer)
    assert files_sent(customer) == {"scan.pdf": b"", "a.pdf": LARGE, "b.txt": b""}
