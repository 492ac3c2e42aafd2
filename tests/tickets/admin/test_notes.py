"""The note for the customer's administrator names the application that was refused, and no other. S0-24."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from mailboxes.accounts import proved_for
from mailboxes.models import Mailbox, MailboxSignIn, OutboundMessage
from mailboxes.sides import SendingSide
from tenants.diagnosis import diagnose_token
from tenants.round_trip import return_address
from tests.factories import AppRegistrationFactory, InboundMessageFactory, MailboxFactory, TicketFactory
from tests.tenants.admin.conftest import Desk, signed_in
from tickets.replies import Answer, reply

REFUSED = diagnose_token({"error_description": "AADSTS7000112: switched off"}).as_row()


@pytest.fixture
def mailbox(desk: Desk) -> Mailbox:
    """One that is read by one application and sends by another."""
    made: Mailbox = MailboxFactory(
        tenant=desk.ours,
        outbound_transport="graph",
        outbound_registration=AppRegistrationFactory(tenant=desk.ours),
        outbound_sign_in="authorization_code",
    )
    return made


def note(desk: Desk, row: Any) -> str:
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    page = signed_in(desk.admin).get(address).content.decode()
    return str(page.partition("ready to send")[2].partition("</pre>")[0])


def names(mailbox: Mailbox, words: str, *, sending: bool) -> bool:
    apps = mailbox.registration.client_id, SendingSide(mailbox).registration.client_id
    return (apps[0] in words, apps[1] in words) == (not sending, sending) and mailbox.address in words


def test_of_a_mail_of_ours_it_names_the_one_that_sends(desk: Desk, mailbox: Mailbox) -> None:
    row = reply(TicketFactory(tenant=desk.ours, mailbox=mailbox), Answer(text="Unplug it."), by=None)
    OutboundMessage.objects.update(state="failed", error=REFUSED)
    assert names(mailbox, note(desk, row), sending=True)


def test_of_a_mail_that_came_in_it_names_the_one_that_reads(desk: Desk, mailbox: Mailbox) -> None:
    row = InboundMessageFactory(mailbox=mailbox, state="quarantined", error=REFUSED)
    assert names(mailbox, note(desk, row), sending=False)


def test_of_the_sign_in_for_sending_it_names_the_one_that_sends(desk: Desk, mailbox: Mailbox) -> None:
    MailboxSignIn.objects.create(
        tenant=desk.ours,
        mailbox=mailbox,
        direction="out",
        account=mailbox.address,
        signed_in_at=timezone.now(),
        proved_for=proved_for(SendingSide(mailbox)),
        refused=REFUSED,
        refused_at=timezone.now(),
    )
    assert names(mailbox, note(desk, mailbox), sending=True)


def test_it_gives_the_redirect_address_where_that_is_missing(desk: Desk, mailbox: Mailbox) -> None:
    """S0-12"""
    missing = diagnose_token({"error_description": "AADSTS50011: not registered"}).as_row()
    row = InboundMessageFactory(mailbox=mailbox, state="quarantined", error=missing)
    assert return_address() in note(desk, row)


def test_there_is_none_where_no_application_is_known(desk: Desk) -> None:
    explain = reverse("admin:tenants_appregistration_explain")
    page = signed_in(desk.admin).post(explain, {"said": "AADSTS7000112"}).content.decode()
    assert "switched off" in page
    assert "ready to send" not in page
