"""The card of a file below its entry."""

from __future__ import annotations

from django.urls import reverse

from tests.factories import AttachmentFactory, EntryFactory, TicketFactory
from tests.tenants.admin.conftest import Desk, signed_in


def test_picture_without_bytes_is_shown_as_any_other_file(desk: Desk) -> None:
    entry = EntryFactory(ticket=TicketFactory(tenant=desk.ours))
    file = AttachmentFactory(entry=entry, name="empty.png", content_type="image/png", content=b"")
    address = reverse("admin:tickets_ticket_change", args=[entry.ticket.pk])
    page = signed_in(desk.agent).get(address).content.decode()
    assert "empty.png" in page
    assert reverse("tickets:preview", args=[file.pk]) not in page
