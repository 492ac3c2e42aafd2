from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from mailboxes.models import InboundMessage, Mailbox
from tests import factories
from tickets.models import Ticket

Stored = Callable[..., InboundMessage]


@pytest.fixture(autouse=True)
def _storage_of_its_own(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT, settings.RAW_FSYNC = tmp_path / "media", False


@pytest.fixture
def mailbox(db: None) -> Mailbox:
    made: Mailbox = factories.MailboxFactory()
    return made


@pytest.fixture
def stored(mailbox: Mailbox) -> Stored:
    """Put a mail in storage and the ledger, as fetching it would; its name is its Message-ID."""

    def put(name: str, *, into: Mailbox | None = None, raw: bytes = b"", **headers: str) -> InboundMessage:
        content = raw or factories.mail(
            message_id=f"<{name}@fabrikam.example>", text=f"About {name}.", **headers
        )
        row: InboundMessage = factories.InboundMessageFactory(
            mailbox=into or mailbox, raw=content, message_id=f"<{name}@fabrikam.example>"
        )
        return row

    return put


@pytest.fixture
def asking_ticket(mailbox: Mailbox) -> Ticket:
    """Open a ticket of a customer, in a mailbox that sends over Graph; it waits for him."""
    Mailbox.objects.filter(pk=mailbox.pk).update(outbound_transport="graph")
    mailbox.refresh_from_db()
    made: Ticket = factories.TicketFactory(
        tenant=mailbox.tenant, mailbox=mailbox, status="waiting", requester_email="cleo@customer.example"
    )
    factories.EntryFactory(
        ticket=made, message_id="root@customer.example", from_email="cleo@customer.example"
    )
    return made
