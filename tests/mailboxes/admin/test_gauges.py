"""What a mailbox's page and the list say besides its health: unusual silence, and what Microsoft was asked."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import MailboxFactory
from tests.tenants.admin.conftest import Desk, desk, signed_in

__all__ = ["desk"]
LIST = reverse("admin:mailboxes_mailbox_changelist")
FLAG = "unusually quiet</span>"


def page_of(desk: Desk, **values: Any) -> tuple[str, str]:
    """The page of a mailbox with these values, and the list it is in."""
    mailbox = MailboxFactory(tenant=desk.ours, last_success_at=timezone.now(), **values)
    client = signed_in(desk.agent)
    address = reverse("admin:mailboxes_mailbox_change", args=[mailbox.pk])
    return client.get(address).content.decode(), client.get(LIST).content.decode()


def test_unusual_silence_shows_on_the_page_and_in_the_list(desk: Desk) -> None:
    page, listed = page_of(desk, quiet_since_at=timezone.now())
    assert FLAG in page
    assert "Send a test mail to the address" in page
    assert FLAG in listed


@pytest.mark.parametrize("values", [{}, {"is_active": False}, {"paused": "staff"}])
def test_mailbox_that_gets_none_on_purpose_is_not_flagged(desk: Desk, values: dict[str, Any]) -> None:
    quiet_since_at = timezone.now() if values else None
    page, listed = page_of(desk, quiet_since_at=quiet_since_at, **values)
    assert FLAG not in page
    assert FLAG not in listed


def test_quiet_mailboxes_can_be_listed(desk: Desk) -> None:
    quiet = MailboxFactory(tenant=desk.ours, quiet_since_at=timezone.now())
    MailboxFactory(tenant=desk.ours)
    MailboxFactory(tenant=desk.ours, quiet_since_at=timezone.now(), is_active=False)
    shown = signed_in(desk.agent).get(f"{LIST}?health=quiet").context["cl"].result_list
    assert list(shown) == [quiet]


def test_page_says_how_much_of_the_budget_is_used(desk: Desk) -> None:
    page, _listed = page_of(desk, requests_used=2500, requests_since_at=timezone.now())
    assert "2500 of 10000 (25 %)" in page


def test_page_over_imap_speaks_of_no_budget(desk: Desk) -> None:
    page, _listed = page_of(desk, inbound_transport="imap")
    assert "Requests in 10 minutes" not in page
