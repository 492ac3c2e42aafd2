"""The calendar of what expires: a private address that can be closed, narrowed by who holds it, well-formed."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tenants.models import AuditEntry, CalendarLink, Membership
from tests.factories import CANARY_SECRET, AppRegistrationFactory, CredentialFactory
from tests.tenants.admin.conftest import Desk, desk, signed_in

__all__ = ["desk"]
pytestmark = pytest.mark.django_db


def address_for(user: Any) -> str:
    page = signed_in(user).post(reverse("admin:mailboxes_calendar_make")).content.decode()
    found = re.search(r"http://localhost:8000(/calendar/[\w-]{43}\.ics)", page)
    assert found, page
    return found[1]


def feed(address: str) -> Any:
    return Client().get(address)


@pytest.fixture
def dated(desk: Desk) -> Desk:
    for registration in (desk.registration, desk.foreign):
        registration.credentials.update(expires_on=timezone.localdate() + timedelta(days=20))
    return desk


def test_feed_names_the_days_of_own_tenants_only(dated: Desk) -> None:
    text = feed(address_for(dated.admin)).content.decode()
    assert "Helpdesk (Contoso)" in text
    assert "Fabrikam" not in text
    assert "Fabrikam" in feed(address_for(dated.operator)).content.decode()


def test_feed_holds_no_secret_and_the_database_no_address(dated: Desk) -> None:
    """S-16, S-20."""
    address = address_for(dated.admin)
    token = address.removeprefix("/calendar/").removesuffix(".ics")
    assert CANARY_SECRET not in feed(address).content.decode()
    assert token not in str(list(CalendarLink.objects.values()))
    assert token not in str(list(AuditEntry.objects.values()))


def test_address_is_shown_once_and_a_new_one_closes_it(dated: Desk) -> None:
    address = address_for(dated.admin)
    assert address not in signed_in(dated.admin).get(reverse("admin:mailboxes_radar")).content.decode()
    another = address_for(dated.admin)
    assert (feed(address).status_code, feed(another).status_code) == (404, 200)


def test_closed_address_answers_nobody(dated: Desk) -> None:
    address = address_for(dated.admin)
    signed_in(dated.admin).post(reverse("admin:mailboxes_calendar_revoke"))
    assert feed(address).status_code == 404


def test_what_was_taken_from_a_person_is_gone_from_the_feed(dated: Desk) -> None:
    """S-37."""
    address = address_for(dated.admin)
    Membership.objects.filter(user=dated.admin).update(role="viewer")
    assert "Helpdesk" not in feed(address).content.decode()
    dated.admin.is_active = False
    dated.admin.save()
    assert feed(address).status_code == 404


@pytest.mark.parametrize("who", ["viewer", "agent"])
def test_only_who_may_replace_credentials_gets_an_address(dated: Desk, who: str) -> None:
    assert signed_in(getattr(dated, who)).post(reverse("admin:mailboxes_calendar_make")).status_code == 404


def test_lines_are_short_and_a_hostile_name_begins_no_line_of_its_own(desk: Desk) -> None:
    """RFC 5545, sections 3.1 and 3.3.11."""
    name = "Désk;,\\ " + "ü" * 60 + "\r\nBEGIN:VALARM\x01"
    hostile = AppRegistrationFactory(tenant=desk.ours, name=name)
    CredentialFactory(registration=hostile, expires_on=date(2027, 2, 28))
    raw = feed(address_for(desk.admin)).content
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert b"DTSTART;VALUE=DATE:20270228" in lines
    unfolded = raw.decode().replace("\r\n ", "")
    assert "Désk\\;\\,\\\\ ü" in unfolded
    assert unfolded.count("\r\nBEGIN:VALARM") == 5


def test_credential_followed_by_a_longer_one_is_no_event(desk: Desk) -> None:
    desk.registration.credentials.update(expires_on=timezone.localdate() + timedelta(days=5))
    CredentialFactory(registration=desk.registration, expires_on=timezone.localdate() + timedelta(days=500))
    assert feed(address_for(desk.admin)).content.count(b"BEGIN:VEVENT") == 1
