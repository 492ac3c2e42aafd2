"""Mails that came as attachments, and what entries say beside their text (MT-139, MT-181, MT-188)."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from mailboxes.models import Mailbox
from tests import factories
from tests.mailboxes.parsing.mails import attachment, html, multipart, part, text
from tests.mailboxes.parsing.test_cards import SHARED, calendar
from tests.tickets.conftest import Stored
from tickets.filing import Filer
from tickets.models import Attachment, Entry

pytestmark = pytest.mark.django_db

PIXEL = bytes.fromhex("89504e470d0a1a0a") + b"pixel"
INNERMOST = b"From: Cy <cy@example.org>\nSubject: Third\n\nThe very first words.\n"
INNER = multipart(
    html(b'<p>Look: <img src="cid:pic@x"><script>alert(1)</script></p>'),
    part(PIXEL, b"Content-Type: image/png", b"Content-ID: <pic@x>", b"Content-Disposition: inline"),
    attachment(b"filename=contract.pdf", b"%PDF-1.7 inner"),
    part(INNERMOST, b"Content-Type: message/rfc822"),
    boundary=b"inner",
)


@pytest.fixture
def staff(mailbox: Mailbox, client: Client) -> Client:
    client.force_login(factories.MembershipFactory(tenant=mailbox.tenant, user__is_staff=True).user)
    return client


def filed(mailbox: Mailbox, stored: Stored, raw: bytes) -> Entry:
    stored("outer", raw=raw)
    assert Filer(mailbox.tenant_id).file_due().filed == 1
    return Entry.objects.get()


def forwarded(mailbox: Mailbox, stored: Stored) -> Attachment:
    entry = filed(
        mailbox, stored, multipart(text(b"See below."), part(INNER, b"Content-Type: message/rfc822"))
    )
    return entry.attachments.get()


def test_attached_mail_is_opened_with_those_inside_it(
    mailbox: Mailbox, stored: Stored, staff: Client
) -> None:
    row = forwarded(mailbox, stored)
    ticket = staff.get(reverse("admin:tickets_ticket_change", args=[row.entry.ticket_id])).content.decode()
    address = reverse("tickets:attached_mail", args=[row.pk])
    assert address in ticket
    page = staff.get(address).content.decode()
    assert "Look:" in page
    assert "The very first words." in page
    assert "contract.pdf" in page


def test_a_program_inside_an_attached_mail_is_warned_of(
    mailbox: Mailbox, stored: Stored, staff: Client
) -> None:
    """MT-128"""
    inner = multipart(text(b"x"), attachment(b"filename=bill.pdf.exe", b"MZ"), boundary=b"inner")
    entry = filed(mailbox, stored, multipart(text(b"x"), part(inner, b"Content-Type: message/rfc822")))
    page = staff.get(reverse("tickets:attached_mail", args=[entry.attachments.get().pk])).content.decode()
    assert "poses as a document" in page


def test_html_of_an_attached_mail_is_sanitised_and_shows_its_own_pictures(
    mailbox: Mailbox, stored: Stored, staff: Client
) -> None:
    row = forwarded(mailbox, stored)
    answer = staff.get(reverse("tickets:attached_mail_html", args=[row.pk]))
    assert b'src="data:image/png;base64,' in answer.content
    assert b"<script" not in answer.content
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_file_of_an_attached_mail_is_handed_out_to_be_saved(
    mailbox: Mailbox, stored: Stored, staff: Client
) -> None:
    row = forwarded(mailbox, stored)
    answer = staff.get(reverse("tickets:attached_mail_file", args=[row.pk]), {"at": "2"})
    assert b"".join(answer.streaming_content) == b"%PDF-1.7 inner"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="contract.pdf"'


@pytest.mark.parametrize("place", ["9", "3.9", "../1", "", "1.1.1.1.1.1.1.1"])
def test_place_that_is_not_there_leads_to_the_whole_attachment(
    mailbox: Mailbox, stored: Stored, staff: Client, place: str
) -> None:
    row = forwarded(mailbox, stored)
    answer = staff.get(reverse("tickets:attached_mail_file", args=[row.pk]), {"at": place})
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        reverse("tickets:attachment", args=[row.pk]),
    )


def test_file_that_is_no_mail_is_downloaded(mailbox: Mailbox, stored: Stored, staff: Client) -> None:
    entry = filed(mailbox, stored, multipart(text(b"See."), attachment(b"filename=a.pdf")))
    row = entry.attachments.get()
    answer = staff.get(reverse("tickets:attached_mail", args=[row.pk]))
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        reverse("tickets:attachment", args=[row.pk]),
    )


def test_mail_that_cannot_be_read_is_offered_for_download(
    mailbox: Mailbox, stored: Stored, staff: Client
) -> None:
    broken = part(b"\x00\x01\x02 nothing", b"Content-Type: application/x; name=a.eml")
    row = filed(mailbox, stored, multipart(text(b"See."), broken)).attachments.get()
    page = staff.get(reverse("tickets:attached_mail", args=[row.pk]))
    assert reverse("tickets:attachment", args=[row.pk]) in page.content.decode()


def test_ticket_shows_invitation_links_and_seal(mailbox: Mailbox, stored: Stored, staff: Client) -> None:
    words = html(f'<p><a href="{SHARED}">Budget &lt;b&gt;.xlsx</a></p>'.encode())
    sealed = part(b"x", b"Content-Type: application/x-microsoft-rpmsg-message; name=message.rpmsg")
    entry = filed(mailbox, stored, multipart(words, calendar(), sealed))
    page = staff.get(reverse("admin:tickets_ticket_change", args=[entry.ticket_id])).content.decode()
    assert "Invitation: Drucker ansehen" in page
    assert "https://teams.microsoft.com/l/meetup-join/19%3ameeting" in page
    assert "Budget &lt;b&gt;.xlsx" in page
    assert "contoso-my.sharepoint.com" in page
    assert "protected by Microsoft" in page


def test_picture_in_many_mails_of_one_sender_is_folded_away(
    mailbox: Mailbox, stored: Stored, staff: Client
) -> None:
    logo = part(PIXEL, b"Content-Type: image/png; name=logo.png")
    for number in range(3):
        photo = part(PIXEL + bytes([number]), b"Content-Type: image/png; name=photo.png")
        mail = multipart(text(b"It jams %d." % number), logo, photo).replace(b"<m1@", b"<m%d@" % number)
        stored(f"mail-{number}", raw=mail)
    Filer(mailbox.tenant_id).file_due()
    entry = Entry.objects.order_by("pk").last()
    assert entry is not None
    page = staff.get(reverse("admin:tickets_ticket_change", args=[entry.ticket_id])).content.decode()
    folded = re.compile(r'<details class="desk-repeated">.*?</details>', re.DOTALL)
    assert all("logo.png" in one and "photo.png" not in one for one in folded.findall(page))
    assert "1 picture that stands in many mails of this sender" in page
    assert "logo.png" not in folded.sub("", page)
    assert "photo.png" in folded.sub("", page)


def test_ordinary_mail_keeps_no_cards(mailbox: Mailbox, stored: Stored) -> None:
    assert filed(mailbox, stored, multipart(text(b"It jams."))).cards is None
