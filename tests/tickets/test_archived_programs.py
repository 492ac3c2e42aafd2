"""A mail whose archive names a program says so on its ticket."""

from __future__ import annotations

from email.message import EmailMessage
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.urls import reverse

from mailboxes.models import Mailbox
from tests import factories
from tests.tenants.admin.conftest import signed_in
from tests.tickets.conftest import Stored
from tickets.filing import file_for
from tickets.models import Entry

pytestmark = pytest.mark.django_db


def zipped(name: str) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        archive.writestr(name, "x")
    mail = EmailMessage()
    mail["From"], mail["Message-ID"] = "ada@fabrikam.example", "<zipped@fabrikam.example>"
    mail.set_content("See the file.")
    mail.add_attachment(file.getvalue(), maintype="application", subtype="zip", filename="invoice.zip")
    return mail.as_bytes()


@pytest.mark.parametrize(("name", "is_harmful"), [("invoice.pdf.exe", True), ("invoice.pdf", False)])
def test_archive_that_names_a_program_is_marked(
    mailbox: Mailbox, stored: Stored, name: str, is_harmful: bool
) -> None:
    stored("zipped", raw=zipped(name))
    file_for(mailbox)
    url = reverse("admin:tickets_ticket_change", args=[Entry.objects.get().ticket_id])
    page = signed_in(factories.OperatorFactory()).get(url).content.decode()
    assert ("harmful file in an archive" in page) is is_harmful
    assert (f"invoice.zip holds a file that can do harm: {name}." in page) is is_harmful
    assert "shown with limits" not in page
