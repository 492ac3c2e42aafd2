"""A reply goes out: once, whatever is cut, killed or clicked twice on the way."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from mailboxes.models import OutboundMessage
from mailboxes.outbound import claims, outbox
from mailboxes.outbound.outbox import cancel, queue_again
from tenants.errors import Misconfigured
from tests.journeys.customer import Customer
from tests.journeys.outgoing import answer, departed, later, send, state, ticket_of
from tickets.models import Ticket
from tickets.replies import File

LARGE = b"0123456789" * 700_000
Connected = Callable[..., Customer]


def attached(content: bytes, name: str = "scan.pdf") -> File:
    return File(name=name, content_type="application/pdf", chunks=lambda: [content])


def test_an_answer_leaves_once_and_lies_in_sent_items(customer: Customer) -> None:
    row = answer(ticket_of(customer))
    assert send(customer).sent == 1
    assert [one["internetMessageId"] for one in departed(customer)] == [row.message_id]
    assert customer.folders()["sentitems"] == [row.message_id]


def test_an_answer_without_large_files_needs_two_requests(customer: Customer) -> None:
    answer(ticket_of(customer))
    customer.control("counters/reset")
    send(customer)
    assert len([one for one in customer.control.targets() if "/v1.0/" in one]) == 2


def test_the_same_answer_queued_twice_is_one_mail(customer: Customer) -> None:
    """F-67: a double click."""
    ticket = ticket_of(customer)
    first, second = answer(ticket, key="click"), answer(ticket, key="click")
    send(customer)
    assert (first.pk, len(departed(customer))) == (second.pk, 1)


def test_a_lost_answer_is_doubt_and_is_found_in_sent_items(customer: Customer) -> None:
    """F-62, F-65: Microsoft acted, and we did not hear of it."""
    row = answer(ticket_of(customer))
    customer.control.fault("reset_after", path="/send$")
    send(customer)
    assert state(row) == "uncertain"
    later()
    send(customer)
    assert (state(row), len(departed(customer))) == ("sent", 1)


def test_a_request_that_never_arrived_is_sent_after_the_draft_was_seen(customer: Customer) -> None:
    """F-61: the connection broke before Microsoft acted."""
    row = answer(ticket_of(customer))
    customer.control.fault("reset_before", path="/send$")
    send(customer)
    assert state(row) == "uncertain"
    later()
    send(customer)
    assert (state(row), len(departed(customer))) == ("sent", 1)


def test_a_draft_is_not_sent_again_while_the_first_request_may_be_under_way(customer: Customer) -> None:
    """F-64: the server may still accept what we gave up waiting for."""
    row = answer(ticket_of(customer))
    customer.control.fault("reset_before", path="/send$")
    send(customer)
    OutboundMessage.objects.update(retry_at=row.queued_at)
    send(customer)
    assert (state(row), departed(customer)) == ("uncertain", [])


def test_a_gateway_error_after_acceptance_is_doubt(customer: Customer) -> None:
    """F-65: 504."""
    row = answer(ticket_of(customer))
    customer.control.fault("status", path="/send$", options={"status": 504})
    send(customer)
    assert state(row) == "uncertain"


def test_a_lost_draft_is_found_and_used(customer: Customer) -> None:
    row = answer(ticket_of(customer))
    customer.control.fault("reset_after", method="POST", path=r"/messages\?")
    send(customer)
    assert state(row) == "queued"
    later()
    send(customer)
    assert (state(row), "drafts" in customer.folders()) == ("sent", False)


@pytest.mark.parametrize("step", ["hold", "settle"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_worker_that_dies_anywhere_leaves_one_mail(
    customer: Customer, monkeypatch: pytest.MonkeyPatch, step: str, nth: int
) -> None:
    """F-61, F-62: killed before or after each write, so between any two requests."""
    row = answer(ticket_of(customer))
    with monkeypatch.context() as patch:
        patch.setattr(claims, step, partial(_dying, getattr(claims, step), [nth]))
        try:
            send(customer)
        except KeyboardInterrupt:
            later()
    for _again in range(3):
        send(customer)
        later()
    assert (state(row), len(departed(customer))) == ("sent", 1)


def _dying(act: Callable[..., None], left: list[int], *args: Any, **values: Any) -> None:
    left[0] -= 1
    if not left[0]:
        raise KeyboardInterrupt
    act(*args, **values)


def test_a_refusal_is_final_and_says_who_acts(customer: Customer) -> None:
    """S0-14: the from address is not owned."""
    customer.change(outbound_from="boss@elsewhere.example")
    row = answer(ticket_of(customer))
    send(customer)
    row.refresh_from_db()
    error = row.error_as_json() or {}
    assert (row.state, error["code"]) == ("failed", "ErrorSendAsDenied")
    assert "Add-RecipientPermission -Identity 'boss@elsewhere.example' -Trustee" in error["fix"]


def written_to(ticket: Ticket, address: str) -> None:
    """Have the customer's latest mail stand there as written to this address."""
    ticket.entries.update(to=[{"name": "", "email": address}])


def test_an_answer_leaves_from_the_alias_the_customer_wrote_to(customer: Customer) -> None:
    alias = f"sales@{customer.mailbox.tenant.domain}"
    customer.change(aliases=alias)
    customer.control(f"{customer.path}/rights", {"aliases": [alias], "sends_from_alias": True})
    ticket = ticket_of(customer)
    written_to(ticket, alias)
    row = answer(ticket)
    send(customer)
    (sent,) = customer.letters("sentitems")
    assert (state(row), alias in sent["From"]) == ("sent", True)


def test_an_alias_exchange_refuses_is_replaced_and_remembered(customer: Customer) -> None:
    """S0-14 to S0-16: the mail leaves once, from the from address, and the next one is not tried in vain."""
    alias = f"sales@{customer.mailbox.tenant.domain}"
    customer.change(aliases=alias)
    ticket = ticket_of(customer)
    written_to(ticket, alias)
    row = answer(ticket)
    send(customer)
    (sent,) = customer.letters("sentitems")
    assert (state(row), customer.mailbox.address in sent["From"]) == ("sent", True)
    assert (len(departed(customer)), "drafts" in customer.folders()) == (1, False)
    assert answer(ticket).from_email == customer.mailbox.address


def test_the_reply_address_stands_in_the_mail(customer: Customer) -> None:
    """S0-30."""
    customer.change(reply_to="desk@contoso.example")
    answer(ticket_of(customer))
    send(customer)
    (sent,) = customer.letters("sentitems")
    assert sent["Reply-To"] == "desk@contoso.example"


def test_too_many_requests_put_the_whole_mailbox_off(customer: Customer) -> None:
    ticket = ticket_of(customer)
    rows = [answer(ticket), answer(ticket)]
    fault = {"status": 429, "code": "ApplicationThrottled", "headers": {"Retry-After": "30"}}
    customer.control.fault("status", path="/messages", options=fault)
    send(customer)
    assert [state(row) for row in rows] == ["queued", "queued"]
    answer(ticket)
    assert outbox.send_in_turn(budget_s=5)[0] == 0
    assert departed(customer) == []
    customer.change(send_wait_until=None)
    assert outbox.send_in_turn(budget_s=5)[1].sent == 1


def test_a_mailbox_keeps_to_its_pace(customer: Customer, settings: Any) -> None:
    """F-73: 30 a minute."""
    settings.SEND_PER_MINUTE = 2
    ticket = ticket_of(customer)
    for _ in range(3):
        answer(ticket)
    send(customer)
    assert len(departed(customer)) == 2


def test_without_the_right_to_drafts_the_mail_goes_out_whole(customer: Customer) -> None:
    """S0-7: Mail.Send alone."""
    customer.control(f"apps/{customer.client_id}", {"roles": ["Mail.Send"]}, method="PATCH")
    row = answer(ticket_of(customer))
    send(customer)
    assert (state(row), len(departed(customer))) == ("sent", 1)


@pytest.mark.parametrize(("cut", "ends"), [("reset_after", "sent"), ("reset_before", "queued")])
def test_doubt_of_a_mailbox_that_sends_nothing_any_more_is_cleared_up(
    connected: Connected, cut: str, ends: str
) -> None:
    """F-65: and nobody else's mail waits behind it. What turns out not to have left stays here."""
    silenced, other = connected(), connected()
    row = answer(ticket_of(silenced))
    silenced.control.fault(cut, path="/send$")
    send(silenced)
    silenced.change(outbound_transport="none")
    later()
    answer(ticket_of(other))
    for _ in range(2):
        outbox.send_in_turn(budget_s=5)
    assert (state(row), len(departed(silenced)), len(departed(other))) == (ends, int(ends == "sent"), 1)
    assert outbox.mailboxes_due() == []


def test_doubt_that_no_wire_can_clear_waits_for_a_person(customer: Customer) -> None:
    """S0-8: Mail.Send alone cannot look into Sent Items."""
    customer.control(f"apps/{customer.client_id}", {"roles": ["Mail.Send"]}, method="PATCH")
    row = answer(ticket_of(customer))
    customer.control.fault("reset_after", path="/sendMail")
    send(customer)
    later()
    send(customer)
    row.refresh_from_db()
    assert (row.state, row.retry_at, row.error["code"]) == ("uncertain", None, "send_in_doubt")


def test_a_large_file_goes_by_upload_session(customer: Customer) -> None:
    row = answer(ticket_of(customer), files=[attached(LARGE), attached(b"small", "a.txt")])
    send(customer)
    assert state(row) == "sent"
    assert any("AttachmentSessions" in one for one in customer.control.targets())


def test_a_large_file_without_the_right_to_drafts_is_refused_with_the_permission(customer: Customer) -> None:
    customer.control(f"apps/{customer.client_id}", {"roles": ["Mail.Send"]}, method="PATCH")
    row = answer(ticket_of(customer), files=[attached(LARGE)])
    send(customer)
    row.refresh_from_db()
    assert (row.state, row.error["code"]) == ("failed", "drafts_needed")


def test_a_cancelled_mail_is_not_sent_and_can_be_queued_again(customer: Customer) -> None:
    """F-76."""
    row = answer(ticket_of(customer))
    assert cancel(row, by=None)
    send(customer)
    assert (state(row), departed(customer)) == ("cancelled", [])
    assert queue_again(row, by=None)
    send(customer)
    assert len(departed(customer)) == 1


def test_a_tenant_that_is_switched_off_sends_nothing(customer: Customer) -> None:
    """F-76."""
    row = answer(ticket_of(customer))
    type(row.tenant).objects.filter(pk=row.tenant_id).update(is_active=False)
    assert (send(customer).sent, outbox.mailboxes_due()) == (0, [])


@pytest.mark.parametrize("status", ["waiting", "solved", "closed"])
def test_a_report_of_non_delivery_moves_the_row(customer: Customer, status: str) -> None:
    ticket = ticket_of(customer, requester_email="")
    unknown = [f"{name}@{customer.mailbox.address.partition('@')[2]}" for name in ("nobody", "no.one")]
    to = [{"name": "", "email": one} for one in (*unknown, "ada@fabrikam.example")]
    row = answer(ticket, to=to)
    send(customer)
    type(ticket)._base_manager.filter(pk=ticket.pk).update(status=status)
    customer.sync()
    ticket.refresh_from_db()
    assert (state(row), ticket.status) == ("bounced", "open")
    assert (ticket.entries.filter(kind="system").count(), ticket.entries.count()) == (1, 5)
    row.refresh_from_db()
    assert row.told_of_recipients() == [(one, "refused") for one in unknown]


def test_a_mailbox_without_outgoing_mail_refuses_the_answer(customer: Customer) -> None:
    ticket = ticket_of(customer)
    customer.change(outbound_transport="none")
    ticket.mailbox.refresh_from_db()  # type: ignore[union-attr]
    with pytest.raises(Misconfigured) as refused:
        answer(ticket)
    assert refused.value.code == "outbound_off"
