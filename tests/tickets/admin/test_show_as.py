"""A mail that names the wrong charset is read anew from its bytes."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from mailboxes.models import Mailbox
from tenants.models import AuditEntry
from tests import factories
from tests.tickets.conftest import Stored
from tickets.filing import Filer
from tickets.models import Entry

pytestmark = pytest.mark.django_db

WORDS = "Принтер не печатает, помогите."
HEAD = b"From: ada@fabrikam.example\r\nMessage-ID: <wrong@fabrikam.example>\r\n"
WRONG = HEAD + b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\n" + WORDS.encode("cp1251")


@pytest.fixture
def entry(mailbox: Mailbox, stored: Stored) -> Entry:
    stored("wrong", raw=WRONG)
    Filer(mailbox.tenant_id).file_due()
    filed = Entry.objects.get()
    assert WORDS not in filed.text
    return filed


def signed_in(client: Client, mailbox: Mailbox, role: str) -> Client:
    client.force_login(factories.MembershipFactory(tenant=mailbox.tenant, role=role).user)
    return client


def address(entry: Entry) -> str:
    return reverse("admin:tickets_ticket_show_as", args=[entry.ticket_id])


def test_reading_is_shown_before_it_is_kept(client: Client, mailbox: Mailbox, entry: Entry) -> None:
    page = signed_in(client, mailbox, "agent").get(
        address(entry), {"entry": entry.pk, "charset": "windows-1251"}
    )
    assert WORDS in page.content.decode()
    entry.refresh_from_db()
    assert WORDS not in entry.text


def test_kept_reading_is_what_the_ticket_shows_and_is_told(
    client: Client, mailbox: Mailbox, entry: Entry
) -> None:
    form = {"entry": entry.pk, "charset": "windows-1251"}
    signed_in(client, mailbox, "agent").post(address(entry), form)
    entry.refresh_from_db()
    assert entry.text == WORDS
    assert AuditEntry.objects.get().details == {"entry": entry.pk, "charset": ["", "windows-1251"]}


@pytest.mark.parametrize("charset", ["", "utf-7", "../../etc", "rot13"])
def test_charset_that_is_not_offered_changes_nothing(
    client: Client, mailbox: Mailbox, entry: Entry, charset: str
) -> None:
    before = entry.text
    signed_in(client, mailbox, "agent").post(address(entry), {"entry": entry.pk, "charset": charset})
    entry.refresh_from_db()
    assert entry.text == before


def test_viewer_may_not_choose(client: Client, mailbox: Mailbox, entry: Entry) -> None:
    viewer = signed_in(client, mailbox, "viewer")
    assert viewer.get(address(entry), {"entry": entry.pk}).status_code in (302, 403, 404)
    before = entry.text
    viewer.post(address(entry), {"entry": entry.pk, "charset": "windows-1251"})
    entry.refresh_from_db()
    assert entry.text == before


def test_mail_of_another_ticket_is_not_read(client: Client, mailbox: Mailbox, entry: Entry) -> None:
    other = factories.TicketFactory(tenant=mailbox.tenant)
    answer = signed_in(client, mailbox, "agent").get(
        reverse("admin:tickets_ticket_show_as", args=[other.pk]), {"entry": entry.pk, "charset": "utf-8"}
    )
    assert answer.status_code == 302
