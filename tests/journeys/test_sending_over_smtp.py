"""A reply goes out over SMTP: once, whatever is cut, killed or refused on the way. S3-8, S3-19, F-68, F-70, F-71."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from mailboxes.models import OutboundMessage, Sender
from mailboxes.outbound import claims, outbox
from mailboxes.outbound.outbox import queue_again
from mailboxes.outbound.trial import send_trial
from tests import factories
from tests.journeys.customer import Customer
from tests.journeys.outgoing import answer, departed, later, send, state, ticket_of
from tests.mail_servers.submission import Submission
from tickets.replies import File

pytestmark = [pytest.mark.journey, pytest.mark.django_db]

ADA, BOB, EVE = (f"{name}@fabrikam.example" for name in ("ada", "bob", "eve"))


@pytest.fixture
def customer(over: Callable[..., Customer]) -> Customer:
    return over()


def ask(customer: Customer, *recipients: str, **values: Any) -> OutboundMessage:
    ticket = ticket_of(customer)
    customer.change(outbound_transport="smtp")
    to = [{"name": "", "email": one} for one in recipients]
    return answer(ticket, to=to, **values)


def told(row: OutboundMessage) -> tuple[str, str]:
    row.refresh_from_db()
    return row.state, (row.error or {}).get("code", "")


def test_an_answer_leaves_once_as_the_mailbox(customer: Customer, submission: Submission) -> None:
    row = ask(customer)
    assert send(customer).sent == 1
    taken = submission.taken[0]
    assert (state(row), submission.message_ids()) == ("sent", [row.message_id])
    assert (taken.user, taken.sender) == (customer.mailbox.address, customer.mailbox.address)
    assert send(customer).sent == 0


def test_blind_copies_stand_on_the_envelope_and_not_in_the_mail(
    customer: Customer, submission: Submission
) -> None:
    ask(customer, ADA, bcc=[{"name": "Eve", "email": EVE}], cc=[{"name": "", "email": BOB}])
    send(customer)
    taken = submission.taken[0]
    assert (set(taken.recipients), b"eve" in taken.content.lower()) == ({ADA, BOB, EVE}, False)


def test_files_travel_inside_of_the_mail(customer: Customer, submission: Submission) -> None:
    """Beyond what Graph takes in one request."""
    content = b"0123456789" * 250_000
    file = File(name="scan.pdf", content_type="application/pdf", chunks=lambda: [content])
    row = ask(customer, files=[file])
    send(customer)
    assert (state(row), len(submission.taken[0].content) > 3_000_000) == ("sent", True)


def test_files_too_large_for_smtp_fail_with_the_way_out(customer: Customer, submission: Submission) -> None:
    content = b"0" * 30_000_000
    file = File(name="film.bin", content_type="video/mp4", chunks=lambda: [content])
    row = ask(customer, files=[file])
    send(customer)
    assert (told(row), submission.taken) == (("failed", "mail_too_large_for_smtp"), [])


@pytest.mark.parametrize("cut", ["unheard", "untaken"])
def test_a_lost_answer_is_cleared_up_in_sent_items(
    customer: Customer, submission: Submission, cut: str
) -> None:
    """F-70: what lies there was sent; what does not is never sent again by itself."""
    submission.weather.cuts = [cut]
    row = ask(customer)
    send(customer)
    assert state(row) == "uncertain"
    later()
    send(customer)
    assert state(row) == ("sent" if cut == "unheard" else "uncertain")
    later(minutes=90)
    send(customer)
    assert told(row) == (("sent", "") if cut == "unheard" else ("uncertain", "send_in_doubt"))
    assert len(submission.taken) == (cut == "unheard")


@pytest.mark.parametrize("is_kept", [True, False])
def test_copy_in_sent_items_is_held_against_what_was_written(
    customer: Customer, submission: Submission, is_kept: bool
) -> None:
    """SMTP itself shows no copy: it is read over the wire the mailbox is read by."""
    keep = submission.keep
    submission.keep = lambda mime: keep(mime if is_kept else mime.replace(b"\r\nReferences:", b"\r\nX-Gone:"))
    ticket = ticket_of(customer)
    factories.EntryFactory(ticket=ticket, message_id="<asked@fabrikam.example>")
    customer.change(outbound_transport="smtp")
    answer(ticket)
    send(customer)
    Sender.objects.update(copy_due_at=timezone.now())
    outbox.send_in_turn(budget_s=5)
    assert Sender.objects.get().copy == {
        "own": True, "named": None, "message_id": True, "threading": is_kept, "shown_as": customer.mailbox.address,
    }  # fmt: skip


def test_a_person_who_has_looked_sends_it_again(customer: Customer, submission: Submission) -> None:
    submission.weather.cuts = ["untaken"]
    row = ask(customer)
    send(customer)
    assert queue_again(row, by=None)
    send(customer)
    assert (state(row), len(submission.taken)) == ("sent", 1)


def test_doubt_without_a_wire_to_look_over_waits_for_a_person(
    over: Callable[..., Customer], submission: Submission
) -> None:
    customer = over(inbound_transport="none")
    submission.weather.cuts = ["unheard"]
    row = ask(customer)
    send(customer)
    later()
    send(customer)
    assert (told(row), OutboundMessage.objects.get().retry_at) == (("uncertain", "send_in_doubt"), None)


def test_a_connection_lost_before_the_end_is_sent_again(customer: Customer, submission: Submission) -> None:
    """F-71."""
    submission.weather.cuts = ["begun"]
    row = ask(customer)
    send(customer)
    assert state(row) == "queued"
    later()
    send(customer)
    assert (state(row), len(submission.taken)) == ("sent", 1)


@pytest.mark.parametrize("step", ["hold", "settle"])
@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("cut", ["", "unheard", "untaken"])
def test_a_worker_that_dies_anywhere_leaves_one_mail_or_a_doubt(
    customer: Customer, submission: Submission, monkeypatch: pytest.MonkeyPatch, step: str, nth: int, cut: str
) -> None:
    """F-61, F-62."""
    row = ask(customer)
    submission.weather.cuts = [cut] if cut else []
    with monkeypatch.context() as patch:
        patch.setattr(claims, step, partial(_dying, getattr(claims, step), [nth]))
        try:
            send(customer)
        except KeyboardInterrupt:
            later()
    for _again in range(3):
        later()
        send(customer)
    sure = (state(row), len(submission.taken))
    assert sure == ("sent", 1) or (cut == "untaken" and sure == ("uncertain", 0))


def _dying(act: Callable[..., None], left: list[int], *args: Any, **values: Any) -> None:
    left[0] -= 1
    if not left[0]:
        raise KeyboardInterrupt
    act(*args, **values)


def test_only_the_recipient_put_off_is_asked_again(customer: Customer, submission: Submission) -> None:
    """F-68."""
    submission.weather.replies[BOB] = ["450 4.2.1 Mailbox busy"]
    row = ask(customer, ADA, BOB)
    send(customer)
    assert told(row) == ("queued", "recipient_later")
    later()
    send(customer)
    assert [one.recipients for one in submission.taken] == [(ADA,), (BOB,)]
    assert told(row) == ("sent", "")


def test_recipient_put_off_for_five_days_is_given_up(customer: Customer, submission: Submission) -> None:
    """F-68: although all who are asked again are put off at every try."""
    submission.weather.replies[BOB] = ["451 4.7.1 Greylisted"] * 9
    row = ask(customer, ADA, BOB)
    send(customer)
    later()
    OutboundMessage.objects.update(queued_at=timezone.now() - timedelta(days=6))
    send(customer)
    assert told(row) == ("bounced", "recipient_refused")
    assert row.deliveries == {ADA: "taken", BOB: "later"}


def test_a_refused_recipient_is_shown_and_the_others_have_it(
    customer: Customer, submission: Submission
) -> None:
    """F-68."""
    submission.weather.replies = {BOB: ["450 4.2.1 Busy"] * 2, EVE: ["550 5.1.1 Unknown"]}
    row = ask(customer, ADA, BOB, EVE)
    for _ in range(3):
        send(customer)
        later()
    assert told(row) == ("bounced", "recipient_refused")
    assert row.told_of_recipients() == [(ADA, "has it"), (BOB, "has it"), (EVE, "refused")]
    assert [one.recipients for one in submission.taken] == [(ADA,), (BOB,)]


def test_doubt_about_the_rest_is_not_cleared_up_by_the_copy_of_the_first_part(
    customer: Customer, submission: Submission
) -> None:
    submission.weather.replies[BOB] = ["450 4.2.1 Busy"]
    row = ask(customer, ADA, BOB)
    send(customer)
    submission.weather.cuts = ["untaken"]
    later()
    send(customer)
    later()
    send(customer)
    assert told(row) == ("uncertain", "send_in_doubt")


def test_a_mail_sent_in_part_does_not_go_to_all_over_graph(
    customer: Customer, submission: Submission
) -> None:
    submission.weather.replies[BOB] = ["450 4.2.1 Busy"]
    row = ask(customer, ADA, BOB)
    send(customer)
    customer.change(outbound_transport="graph")
    later()
    send(customer)
    assert told(row) == ("failed", "sent_in_part")


def begun_over_graph(customer: Customer, fault: str) -> OutboundMessage:
    row = answer(ticket_of(customer))
    customer.control.fault(fault, path="/send$")
    send(customer)
    customer.change(outbound_transport="smtp")
    later()
    return row


def test_draft_in_doubt_leaves_once_when_the_mailbox_moves_to_smtp(
    customer: Customer, submission: Submission
) -> None:
    """The draft shows that it has not left; nobody finds it in Outlook later and sends it once more."""
    row = begun_over_graph(customer, "reset_before")
    assert state(row) == "uncertain"
    send(customer)
    assert (state(row), submission.message_ids(), departed(customer)) == ("sent", [row.message_id], [])
    assert (customer.folders()["sentitems"], "drafts" in customer.folders()) == ([row.message_id], False)


def test_draft_that_was_sent_after_all_is_not_sent_over_smtp_again(
    customer: Customer, submission: Submission
) -> None:
    row = begun_over_graph(customer, "reset_after")
    queue_again(row, by="agent")
    send(customer)
    assert (state(row), submission.taken, len(departed(customer))) == ("sent", [], 1)


def test_throttling_puts_the_whole_mailbox_off(customer: Customer, submission: Submission) -> None:
    """F-73."""
    submission.weather.replies["MAIL"] = [
        "421 4.4.2 Message submission rate for this client has exceeded the configured limit"
    ]
    rows = [ask(customer), ask(customer)]
    send(customer)
    assert [state(row) for row in rows] == ["queued", "queued"]
    assert submission.taken == []


def test_smtp_that_is_switched_off_keeps_the_mail_waiting(customer: Customer, submission: Submission) -> None:
    submission.weather.replies["AUTH"] = [
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."
    ]
    row = ask(customer)
    send(customer)
    assert told(row) == ("queued", "smtp_auth_off")
    later()
    send(customer)
    assert told(row) == ("sent", "")


def test_send_as_that_was_not_given_is_final(customer: Customer, submission: Submission) -> None:
    """S0-14."""
    submission.weather.replies["DATA"] = [
        "550 5.7.60 SMTP; Client does not have permissions to send as this sender"
    ]
    row = ask(customer)
    send(customer)
    assert told(row) == ("failed", "ErrorSendAsDenied")


def test_test_mail_goes_the_same_way(customer: Customer, submission: Submission) -> None:
    customer.change(outbound_transport="smtp")
    assert send_trial(customer.row(), to="me@operator.example").status == "ok"
    submission.weather.strips_starttls = True
    failed = send_trial(customer.row(), to="me@operator.example")
    assert (failed.status, failed.diagnosis and failed.diagnosis.code) == ("fail", "starttls_missing")
    assert [one.recipients for one in submission.taken] == [("me@operator.example",)]


def test_doctor_signs_in_and_sends_nothing_when_nobody_said_where_to(
    customer: Customer, submission: Submission
) -> None:
    customer.change(outbound_transport="smtp")
    check = send_trial(customer.row(), to="")
    assert (check.status, check.detail, submission.taken) == ("skip", "the sign-in was accepted", [])
    submission.weather.replies["AUTH"] = [
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox."
    ]
    off = send_trial(customer.row(), to="")
    assert (off.status, off.diagnosis and off.diagnosis.code) == ("fail", "smtp_auth_off")
