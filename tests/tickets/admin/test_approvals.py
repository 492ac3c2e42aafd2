"""Approvals in the admin: asked from a ticket's page, shown there, taken back, and everything listed."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mailboxes.models import Mailbox, OutboundMessage
from tests import factories
from tests.tenants.admin.conftest import signed_in
from tests.tickets.approvers import ADA, BOB, answer, asked, request_to
from tickets.models import Approval, DecisionWord, Ticket

pytestmark = pytest.mark.django_db


def member(ticket: Ticket, role: str) -> Client:
    return signed_in(factories.MembershipFactory(tenant=ticket.tenant, role=role).user)


def page_of(ticket: Ticket) -> str:
    return reverse("admin:tickets_ticket_ask", args=[ticket.pk])


def filled(**values: object) -> dict[str, object]:
    form = {"question": "Buy it?", "approvers": f"Ada <{ADA}>; {BOB}", "deadline_h": 24, "remind_every_h": 4}
    return {**form, "context": "It costs 90.", "quorum": "", "key": "one", "language": "en", **values}


def test_an_agent_asks_and_the_ticket_shows_it(asking_ticket: Ticket) -> None:
    client = member(asking_ticket, "agent")
    client.post(page_of(asking_ticket), filled())
    approval = Approval.objects.get()
    assert (approval.quorum, approval.remind_every_h, OutboundMessage.objects.count()) == (2, 4, 2)
    page = client.get(reverse("admin:tickets_ticket_change", args=[asking_ticket.pk])).content.decode()
    assert all(word in page for word in ("Buy it?", "waiting for answers", "Ada", BOB))


def test_a_moment_may_be_named_in_ones_own_zone(asking_ticket: Ticket) -> None:
    client = member(asking_ticket, "agent")
    client.cookies["zone"] = "Europe/Berlin"
    day = (timezone.now() + timedelta(days=3)).date()
    client.post(page_of(asking_ticket), filled(deadline_at=f"{day}T17:30", language="de"))
    approval = Approval.objects.get()
    berlin = approval.deadline_at.astimezone(ZoneInfo("Europe/Berlin"))
    assert f"{berlin:%Y-%m-%dT%H:%M}" == f"{day}T17:30"
    assert "17:30 (Europe/Berlin)" in request_to(ADA).outbound.text


def test_a_moment_that_is_over_is_refused(asking_ticket: Ticket) -> None:
    form = filled(deadline_at="2020-01-01T10:00")
    page = member(asking_ticket, "agent").post(page_of(asking_ticket), form).content.decode()
    assert ("The deadline" in page, 'value="2020-01-01T10:00"' in page) == (True, True)
    assert not Approval.objects.exists()


def test_a_viewer_cannot_ask_and_is_offered_nothing(asking_ticket: Ticket) -> None:
    client = member(asking_ticket, "viewer")
    assert client.post(page_of(asking_ticket), filled()).status_code == 404
    page = client.get(reverse("admin:tickets_ticket_change", args=[asking_ticket.pk])).content.decode()
    assert (Approval.objects.count(), "Ask for approval" in page) == (0, False)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"approvers": "nobody"}, "not a mail address"),
        ({"quorum": "5"}, "cannot come from these approvers"),
        ({"question": " "}, "required"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    asking_ticket: Ticket, values: dict[str, object], said: str
) -> None:
    page = member(asking_ticket, "agent").post(page_of(asking_ticket), filled(**values)).content.decode()
    assert said in page
    assert "It costs 90." in page
    assert not Approval.objects.exists()


def test_files_and_mailboxes_of_others_cannot_be_chosen(asking_ticket: Ticket) -> None:
    """S-02."""
    file, box = factories.AttachmentFactory(), factories.MailboxFactory()
    for planted in ({"files": [file.pk]}, {"answers_in": box.pk}):
        member(asking_ticket, "agent").post(page_of(asking_ticket), filled(**planted))
    assert not Approval.objects.exists()


def test_sizes_and_what_the_mailbox_takes_are_told_before_asking(asking_ticket: Ticket) -> None:
    entry = factories.EntryFactory(ticket=asking_ticket)
    file = factories.AttachmentFactory(entry=entry, name="scan.pdf", size_bytes=26 * 1024 * 1024)
    client = member(asking_ticket, "agent")
    Mailbox.objects.update(outbound_transport="smtp")
    page = client.get(page_of(asking_ticket)).content.decode()
    assert ("scan.pdf · 26.0\xa0MB" in page, "25.0\xa0MB together at most" in page) == (True, True)
    page = client.post(page_of(asking_ticket), filled(files=[file.pk])).content.decode()
    assert "SMTP" in page
    assert not Approval.objects.exists()


def test_a_mailbox_that_sends_nothing_says_so_instead_of_a_form(asking_ticket: Ticket) -> None:
    Mailbox.objects.update(outbound_transport="none")
    page = member(asking_ticket, "agent").get(page_of(asking_ticket)).content.decode()
    assert "sends no mail" in page
    assert "<textarea" not in page


def test_who_answered_what_stands_on_the_approvals_page(asking_ticket: Ticket, mailbox: Mailbox) -> None:
    approval = asked(asking_ticket)
    answer("Perhaps", to=request_to(ADA).outbound, mailbox=mailbox)
    answer("Approved", to=request_to(BOB).outbound, mailbox=mailbox, sender=BOB)
    client = member(asking_ticket, "viewer")
    page = client.get(reverse("admin:tickets_approval_change", args=[approval.pk])).content.decode()
    assert all(
        word in page for word in ("doubtful", "does not begin with a word", "answered with what to do")
    )
    assert "Cancel the approval" not in page
    listed = client.get(reverse("admin:tickets_approvalanswer_changelist")).content.decode()
    assert all(word in listed for word in (ADA, BOB, "doubtful"))
    assert "1 of 2 needed" in client.get(reverse("admin:tickets_approval_changelist")).content.decode()


def test_the_page_offers_no_reminder_after_the_deadline_and_promises_no_mail_that_cannot_leave(
    asking_ticket: Ticket,
) -> None:
    approval = asked(asking_ticket)
    client = member(asking_ticket, "agent")
    url = reverse("admin:tickets_approval_change", args=[approval.pk])
    shown = client.get(url).content.decode()
    assert ("Remind now" in shown, "is told by mail" in shown) == (True, True)
    Approval.objects.update(deadline_at=timezone.now())
    Mailbox.objects.update(outbound_transport="none")
    shown = client.get(url).content.decode()
    assert ("Remind now" in shown, "is told by mail" in shown) == (False, False)
    assert "so nobody is told of it" in shown


@pytest.mark.parametrize("paused", ["staff", "error"])
def test_a_mailbox_that_is_not_read_is_told_while_answers_are_awaited(
    asking_ticket: Ticket, paused: str
) -> None:
    url = reverse("admin:tickets_approval_change", args=[asked(asking_ticket).pk])
    client = member(asking_ticket, "viewer")
    assert "not being read" not in client.get(url).content.decode()
    Mailbox.objects.update(paused=paused)
    assert "not being read" in client.get(url).content.decode()
    Approval.objects.update(state="cancelled", ended_at=timezone.now())
    assert "not being read" not in client.get(url).content.decode()


def test_nobody_is_waited_for_when_an_approval_is_over(asking_ticket: Ticket, mailbox: Mailbox) -> None:
    approval = asked(asking_ticket, quorum=1)
    client = member(asking_ticket, "viewer")
    ticket_url = reverse("admin:tickets_ticket_change", args=[asking_ticket.pk])
    urls = [reverse("admin:tickets_approval_change", args=[approval.pk]), ticket_url]
    assert all("no answer yet" in client.get(url).content.decode() for url in urls)
    answer("Approved", to=request_to(ADA).outbound, mailbox=mailbox)
    pages = [client.get(url).content.decode() for url in urls]
    assert all("did not answer" in page and "no answer yet" not in page for page in pages)


def test_an_agent_cancels_once(asking_ticket: Ticket) -> None:
    approval = asked(asking_ticket)
    client, url = member(asking_ticket, "agent"), reverse("admin:tickets_approval_cancel", args=[approval.pk])
    assert client.get(url).status_code == 405
    client.post(url)
    approval.refresh_from_db()
    assert approval.state == "cancelled"
    assert "ended already" in client.post(url, follow=True).content.decode()


def test_an_admin_adds_a_word_that_decides(asking_ticket: Ticket, mailbox: Mailbox) -> None:
    client = member(asking_ticket, "admin")
    form = {"tenant": asking_ticket.tenant_id, "phrase": " Ship  IT ", "means": "approve"}
    client.post(reverse("admin:tickets_decisionword_add"), form)
    assert DecisionWord.objects.get().phrase == "ship it"
    asked(asking_ticket, ADA)
    answer("Ship it!", to=request_to(ADA).outbound, mailbox=mailbox)
    assert request_to(ADA).state == "approved"
