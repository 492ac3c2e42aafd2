"""The answer on the ticket's page, and the outbox: who may, what is refused, and that a note is never mailed."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from mailboxes.models import Mailbox, OutboundMessage
from tenants.diagnosis import diagnose_own
from tests.factories import MailboxFactory, TicketFactory
from tests.tenants.admin.conftest import Desk, signed_in
from tickets.models import Ticket
from tickets.replies import Answer, reply

LIST = "admin:mailboxes_outboundmessage_changelist"


@pytest.fixture(autouse=True)
def _storage_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT, settings.RAW_FSYNC = tmp_path / "media", False


def ticket_of(desk: Desk, transport: str = "graph") -> Ticket:
    mailbox = MailboxFactory(tenant=desk.ours, outbound_transport=transport)
    made: Ticket = TicketFactory(tenant=desk.ours, mailbox=mailbox)
    return made


def queued(desk: Desk) -> OutboundMessage:
    return reply(ticket_of(desk), Answer(text="Unplug it."), by=None)


def door(row: Any, name: str) -> str:
    model = "tickets_ticket" if isinstance(row, Ticket) else "mailboxes_outboundmessage"
    return reverse(f"admin:{model}_{name}", args=[row.pk])


def fields(**values: Any) -> dict[str, Any]:
    return {
        "answer": "Unplug it.",
        "to": "Ada <ada@fabrikam.example>",
        "cc": "",
        "bcc": "",
        "key": "k1",
    } | values


def test_an_answer_is_queued_with_time_to_take_it_back(desk: Desk) -> None:
    ticket = ticket_of(desk)
    files = [SimpleUploadedFile("scan.pdf", b"%PDF", content_type="application/pdf")]
    signed_in(desk.agent).post(door(ticket, "answer"), fields(bcc="boss@contoso.example", files=files))
    row = OutboundMessage.objects.get()
    assert (row.state, row.text, row.bcc[0]["email"]) == ("queued", "Unplug it.", "boss@contoso.example")
    assert row.retry_at > timezone.now()
    assert row.files[0]["name"] == "scan.pdf"


def test_a_double_click_is_one_mail(desk: Desk) -> None:
    """F-67."""
    ticket, client = ticket_of(desk), signed_in(desk.agent)
    for _click in range(2):
        client.post(door(ticket, "answer"), fields())
    assert OutboundMessage.objects.count() == 1


def test_what_was_typed_comes_back_when_it_is_refused(desk: Desk) -> None:
    ticket, client = ticket_of(desk), signed_in(desk.agent)
    page = client.post(door(ticket, "answer"), fields(to="ada"), follow=True).content.decode()
    assert "One of the recipients is not a mail address." in page
    assert "Unplug it.</textarea>" in page
    assert not OutboundMessage.objects.exists()


def test_a_note_is_never_mailed_and_an_answer_is_never_taken_for_one(desk: Desk) -> None:
    ticket, client = ticket_of(desk), signed_in(desk.agent)
    client.post(door(ticket, "note"), fields(text="Secret"))
    client.post(door(ticket, "note"), fields())
    client.post(door(ticket, "answer"), {"text": "Secret", "to": "ada@fabrikam.example"})
    assert not OutboundMessage.objects.exists()
    assert list(ticket.entries.values_list("kind", "text")) == [("note", "Secret")]


def test_a_mailbox_that_sends_nothing_says_so_in_place_of_the_form(desk: Desk) -> None:
    page = signed_in(desk.agent).get(door(ticket_of(desk, "none"), "change")).content.decode()
    assert "its outgoing mail is switched off" in page
    assert 'name="answer"' not in page


def test_an_answer_can_be_taken_back_on_its_ticket(desk: Desk) -> None:
    row, client = queued(desk), signed_in(desk.agent)
    assert "Take back" in client.get(door(row.entry.ticket, "change")).content.decode()
    answer = client.post(door(row, "cancel"), {"ticket": "1"})
    row.refresh_from_db()
    assert row.state == "cancelled"
    assert answer.headers["Location"].startswith(door(row.entry.ticket, "change"))


def test_a_failed_mail_is_explained_and_sent_again(desk: Desk) -> None:
    row, client = queued(desk), signed_in(desk.agent)
    error = {
        "code": "ErrorSendAsDenied",
        "cause": "No right.",
        "who": "customer_admin",
        "fix": "Give Send as.",
    }
    OutboundMessage.objects.update(state="failed", error=error)
    assert "Give Send as." in client.get(door(row, "change")).content.decode()
    client.post(door(row, "again"))
    row.refresh_from_db()
    assert row.state == "queued"


def test_a_failed_answer_is_explained_and_sent_again_on_its_ticket(desk: Desk) -> None:
    row, client = queued(desk), signed_in(desk.agent)
    OutboundMessage.objects.update(state="failed", error=diagnose_own("drafts_needed").as_json())
    ticket = row.entry.ticket
    Ticket.objects.update(status="open")
    page = client.get(door(ticket, "change")).content.decode()
    assert ("Grant the app registration Mail.ReadWrite" in page, "Send again" in page) == (True, True)
    client.post(door(row, "again"), {"ticket": "1"})
    ticket.refresh_from_db()
    assert (OutboundMessage.objects.get().state, ticket.status) == ("queued", "waiting")


def test_mail_in_doubt_that_was_seen_in_sent_items_counts_as_sent(desk: Desk) -> None:
    row, client = queued(desk), signed_in(desk.agent)
    assert "It was sent" not in client.get(door(row, "change")).content.decode()
    client.post(door(row, "left"))
    assert OutboundMessage.objects.get().state == "queued"
    OutboundMessage.objects.update(state="uncertain", error=diagnose_own("send_in_doubt").as_json())
    assert "It was sent" in client.get(door(row, "change")).content.decode()
    client.post(door(row, "left"))
    row.refresh_from_db()
    assert (row.state, row.error, row.sent_at) == ("sent", None, row.queued_at)


def test_mail_of_a_mailbox_that_is_off_says_why_it_waits(desk: Desk) -> None:
    row, client = queued(desk), signed_in(desk.agent)
    Mailbox.objects.update(is_active=False)
    assert "This mailbox or its tenant is switched off" in client.get(door(row, "change")).content.decode()


def test_mails_nobody_knows_the_end_of_are_counted(desk: Desk) -> None:
    row, client = queued(desk), signed_in(desk.agent)
    OutboundMessage.objects.update(state="failed")
    page = client.get(f"{reverse(LIST)}?state__in=failed,uncertain").content.decode()
    assert ("failed or in doubt (1)" in page, row.entry.ticket.reference in page) == (True, True)
    assert row.subject not in client.get(f"{reverse(LIST)}?state__exact=queued").content.decode()


def test_a_mail_under_way_is_not_cancelled(desk: Desk) -> None:
    row = queued(desk)
    OutboundMessage.objects.update(state="sending")
    page = signed_in(desk.agent).post(door(row, "cancel"), follow=True).content.decode()
    row.refresh_from_db()
    assert (row.state, "Too late" in page) == ("sending", True)


def test_the_outbox_lists_own_mail_alone(desk: Desk) -> None:
    row = queued(desk)
    assert row.entry.ticket.reference in signed_in(desk.viewer).get(reverse(LIST)).content.decode()
    assert row.entry.ticket.reference not in signed_in(desk.stranger).get(reverse(LIST)).content.decode()


def test_whoever_may_only_read_cannot_act(desk: Desk) -> None:
    row, client = queued(desk), signed_in(desk.viewer)
    assert client.post(door(row, "cancel")).status_code == 403
    assert 'name="answer"' not in client.get(door(row.entry.ticket, "change")).content.decode()


def test_a_strangers_doors_are_closed(desk: Desk) -> None:
    row, client = queued(desk), signed_in(desk.stranger)
    assert [client.post(door(row, name)).status_code for name in ("cancel", "again", "left")] == [404] * 3
    assert client.post(door(row.entry.ticket, "answer"), fields()).status_code == 404


def test_footer_is_shown_beside_the_answer_and_on_the_mail(desk: Desk) -> None:
    ticket = ticket_of(desk)
    type(ticket.mailbox)._base_manager.update(outbound_footer="{agent_name} <b>{organisation}</b>")  # type: ignore[union-attr]
    ticket.refresh_from_db()
    page = signed_in(desk.agent).get(door(ticket, "change")).content.decode()
    assert f"{ticket.queue.name} &lt;b&gt;Contoso&lt;/b&gt;" in page
    row = reply(ticket, Answer(text="Unplug it."), by=desk.agent)
    assert "&lt;b&gt;Contoso&lt;/b&gt;" in signed_in(desk.agent).get(door(row, "change")).content.decode()
