"""Alerts go out from a mailbox of the operator's own tenant, and by his mail server where none can send."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from mailboxes.models import OutboundMessage
from tenants import alerts
from tenants.alerts import Condition
from tenants.models import Alert, Tenant
from tests.journeys.customer import Customer
from tests.journeys.outgoing import departed

pytestmark = [pytest.mark.journey, pytest.mark.django_db]

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def own(customer: Customer, settings: Any) -> Customer:
    """A mailbox of the operator's own organisation, which sends his alerts; one of them is due."""
    settings.ALERT_WEBHOOK_URL, settings.ALERT_EMAILS = "", ["operator@desk.example"]
    customer.change(outbound_transport="graph")
    Tenant.objects.filter(pk=customer.mailbox.tenant_id).update(sends_alerts=True)
    condition = Condition(
        kind=Alert.Kind.EXPIRY, subject="secret of Contoso", cause="It ends soon.", fix="Make a new one."
    )
    alerts.reconcile([condition], [Alert.Kind.EXPIRY], NOW)
    return customer


def test_mailbox_a_notice_is_about_is_not_asked_to_send_it(own: Customer) -> None:
    """Quiet, it sends as well as ever; but whoever doubts a mailbox does not ask it."""
    silence = Condition(
        kind=Alert.Kind.MAILBOX_QUIET,
        subject=own.mailbox.address,
        cause="No mail for 6 hours.",
        fix="Send a test mail.",
        mailbox_id=own.mailbox.pk,
    )
    alerts.reconcile([silence], [Alert.Kind.MAILBOX_QUIET], NOW)
    assert tell() == 2
    assert "No mail for 6 hours." in mail.outbox[0].body
    assert not OutboundMessage.objects.exists()


def tell() -> int:
    return alerts.tell(NOW + alerts.GRACE + timedelta(minutes=1))


def test_alert_is_a_mail_of_the_outbox(own: Customer) -> None:
    assert tell() == 1
    (row,) = OutboundMessage.objects.all()
    assert (row.state, row.headers["Auto-Submitted"], mail.outbox) == ("sent", "auto-generated", [])
    assert [one["recipients"] for one in departed(own)] == [["operator@desk.example"]]
    assert "It ends soon." in row.text


@pytest.mark.parametrize("trouble", ["off", "ailing", "refused", "not_asked_to"])
def test_mail_server_tells_what_no_mailbox_can(own: Customer, trouble: str) -> None:
    if trouble == "off":
        own.change(outbound_transport="none")
    if trouble == "ailing":
        own.change(trouble={"code": "x", "cause": "x", "who": "user", "fix": "x"})
    if trouble == "refused":
        own.control(f"apps/{own.client_id}", {"roles": []}, method="PATCH")
    if trouble == "not_asked_to":
        Tenant.objects.update(sends_alerts=False)
    assert tell() == 1
    assert [one.to for one in mail.outbox] == [["operator@desk.example"]]
    assert not OutboundMessage.objects.exclude(state="cancelled").exists()
