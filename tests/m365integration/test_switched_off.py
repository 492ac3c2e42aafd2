"""While a tenant is off, no task of the schedule and none sent before asks Microsoft anything about it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import responses
from django.conf import settings
from django.utils import timezone

from m365integration import customers
from m365integration.celery import app
from mailboxes.models import DeviceCodePending, Mailbox, OutboundMessage
from tenants.models import AccessToken, AppRegistration, Tenant
from tests import factories

pytestmark = pytest.mark.django_db
app.loader.import_default_modules()


@pytest.fixture
def mailbox() -> Mailbox:
    """A mailbox with a stored mail to file, and one filed that is not tidied up yet."""
    found = factories.MailboxFactory()
    factories.FolderFactory(mailbox=found)
    factories.InboundMessageFactory(mailbox=found, raw=factories.mail())
    factories.InboundMessageFactory(mailbox=found, state="filed")
    factories.CredentialFactory(registration=found.registration)
    make_everything_due(found)
    return found


def make_everything_due(mailbox: Mailbox) -> None:
    """Mail to fetch, to send and to look for, a token and a code that run out, a scope and a mailbox to examine."""
    now = timezone.now()
    past = now - timedelta(hours=1)
    Mailbox.objects.filter(pk=mailbox.pk).update(
        next_sync_at=past,
        outbound_transport="graph",
        last_success_at=past,
        created_at=now - timedelta(days=3),
    )
    owned: dict[str, Any] = {"tenant": mailbox.tenant, "mailbox": mailbox}
    to = [{"name": "", "email": "ada@fabrikam.example"}]
    OutboundMessage.objects.create(**owned, key="1", to=to, message_id="<1@contoso.example>", text="Hello")
    OutboundMessage.objects.create(
        **owned,
        key="2",
        to=to,
        message_id="<2@contoso.example>",
        state="uncertain",
        asked_at=past,
        retry_at=past,
    )
    registration = mailbox.registration
    AppRegistration.objects.filter(pk=registration.pk).update(control_address="board@contoso.example")
    AccessToken.objects.create(tenant=mailbox.tenant, registration=registration, token="old", expires_at=now)
    DeviceCodePending.objects.create(
        **owned, user_code="ABC", device_code="x", verification_uri="https://microsoft.com/devicelogin",
        expires_at=now + timedelta(hours=1), interval_s=5, look_at=past,
    )  # fmt: skip


ABOUT_A_MAILBOX = (
    *("tickets.tasks.sync_mailbox", "mailboxes.tasks.send_mailbox", "mailboxes.tasks.examine_mailbox"),
    *("mailboxes.tasks.compare_mailbox", "mailboxes.tasks.look_for_device_code"),
)


@pytest.mark.parametrize("task", [*settings.CELERY_BEAT_SCHEDULE, *ABOUT_A_MAILBOX])
def test_no_task_asks_microsoft_anything_while_off(mailbox: Mailbox, task: str) -> None:
    """Those about a mailbox were sent before the switch was turned."""
    customers.switch_off(Tenant.objects.filter(pk=mailbox.tenant_id))
    with responses.RequestsMock() as wire:
        app.tasks[task].apply(args=[mailbox.pk] if task in ABOUT_A_MAILBOX else [], throw=True)
        assert [call.request.url for call in wire.calls] == []
