"""What expires: in order, in time, and only within reach."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from mailboxes.models import MailboxSignIn
from mailboxes.radar import Level, expiries, sign_ins, warnings
from tenants import alerts
from tenants.models import Alert, AppRegistration, Consent
from tests.factories import AppRegistrationFactory, CredentialFactory, MailboxFactory
from tests.tenants.admin.conftest import Desk, desk, signed_in

__all__ = ["desk"]
pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 21)


def radar() -> list[Any]:
    return expiries(AppRegistration.objects.all(), today=TODAY)


def ending(days: int | None, registration: Any = None) -> Any:
    ends_on = None if days is None else TODAY + timedelta(days=days)
    return CredentialFactory(registration=registration or AppRegistrationFactory(), expires_on=ends_on)


@pytest.mark.parametrize(
    ("days", "level"),
    [
        (61, Level.SUCCESS),
        (60, Level.WARNING),
        (8, Level.WARNING),
        (7, Level.DANGER),
        (0, Level.DANGER),
        (-1, Level.DANGER),
        (None, Level.WARNING),
    ],
)
def test_warnings_grow_with_nearness(days: int | None, level: Level) -> None:
    """F-80."""
    ending(days)
    (one,) = radar()
    assert (one.days, one.level) == (days, level)


def test_soonest_comes_first_and_undated_before_all() -> None:
    for days in (200, 5, None, 40):
        ending(days)
    assert [one.days for one in radar()] == [None, 5, 40, 200]


def test_credential_with_a_lasting_successor_is_calm_and_last() -> None:
    """S1-6, S3-3: two live side by side while one replaces the other."""
    old = ending(5)
    ending(400, old.registration)
    assert [(one.days, one.level) for one in radar()] == [(400, Level.SUCCESS), (5, Level.CALM)]


def test_successor_that_ends_soon_relieves_nobody() -> None:
    old = ending(5)
    ending(20, old.registration)
    assert [one.level for one in radar()] == [Level.DANGER, Level.WARNING]


def test_page_names_own_tenants_only(desk: Desk) -> None:
    for registration in (desk.registration, desk.foreign):
        Consent.objects.create(
            tenant=registration.tenant,
            registration=registration,
            roles="Mail.ReadWrite",
            proved_at=timezone.now(),
        )
    page = signed_in(desk.admin).get(reverse("admin:mailboxes_radar")).content.decode()
    assert "Contoso" in page
    assert "Fabrikam" not in page


@pytest.mark.parametrize("who", ["viewer", "agent"])
def test_page_shows_nothing_to_those_who_may_not_change_it(desk: Desk, who: str) -> None:
    page = signed_in(getattr(desk, who)).get(reverse("admin:mailboxes_radar")).content.decode()
    assert f"· {desk.registration}" not in page


def test_registration_without_credential_stands_at_the_top(desk: Desk) -> None:
    desk.registration.credentials.all().delete()
    page = signed_in(desk.admin).get(reverse("admin:mailboxes_radar")).content.decode()
    assert "no credential" in page


def test_page_takes_as_many_queries_for_many_as_for_one(desk: Desk, django_assert_num_queries: Any) -> None:
    client, url = signed_in(desk.operator), reverse("admin:mailboxes_radar")
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for _number in range(20):
        ending(30)
    with django_assert_num_queries(len(few)):
        client.get(url)


@pytest.mark.parametrize(
    ("days", "stage"),
    [(61, ""), (60, "60"), (31, "60"), (30, "30"), (8, "14"), (7, "7"), (2, "7"), (0, "1"), (-1, "over")],
)
def test_a_warning_has_the_stage_of_the_days_left(days: int, stage: str) -> None:
    """F-80."""
    ending(days)
    assert [one.stage for one in warnings(TODAY)] == ([stage] if stage else [])


def test_each_stage_is_told_once_and_the_replacement_ends_it() -> None:
    """F-80: 60, 30, 14, 7 and 1 days before, once each, and once when it is over."""
    held = ending(70)
    told = []
    for passed in range(75):
        now = datetime(2026, 11, 21, 9, tzinfo=UTC) + timedelta(days=passed)
        alerts.reconcile(warnings(TODAY + timedelta(days=passed)), [Alert.Kind.EXPIRY], now)
        told += [70 - passed] * alerts.tell(now + timedelta(minutes=10))
    assert told == [60, 30, 14, 7, 1, -1]
    ending(700, held.registration)
    alerts.reconcile(warnings(TODAY + timedelta(days=75)), [Alert.Kind.EXPIRY], now + timedelta(days=1))
    assert Alert.objects.get().recovered_at


def test_nobody_is_warned_for_a_credential_that_is_replaced_already_or_of_a_tenant_that_is_off() -> None:
    old = ending(5)
    ending(400, old.registration)
    off = ending(5)
    off.tenant.is_active = False
    off.tenant.save()
    assert warnings(TODAY) == []


def signed_in_mailbox(used_at: datetime, **values: Any) -> MailboxSignIn:
    mailbox = MailboxFactory(sign_in="authorization_code")
    made: MailboxSignIn = MailboxSignIn.objects.create(
        tenant=mailbox.tenant, mailbox=mailbox, account="svc@contoso.example", used_at=used_at, **values
    )
    return made


def test_sign_in_ends_ninety_days_after_its_last_renewal_and_warns_when_nothing_renews_it() -> None:
    used_at = datetime(2026, 11, 21, 9, tzinfo=UTC)
    signed_in_mailbox(used_at)
    (one,) = sign_ins(MailboxSignIn.objects.all(), today=TODAY)
    assert (one.days, one.level, one.stage) == (90, Level.SUCCESS, "")
    assert [told.stage for told in warnings(TODAY + timedelta(days=60))] == ["30"]


def test_sign_in_that_entra_has_ended_is_over_and_told_by_its_mailbox() -> None:
    now = datetime(2026, 11, 21, 9, tzinfo=UTC)
    signed_in_mailbox(now, refused_at=now)
    (one,) = sign_ins(MailboxSignIn.objects.all(), today=TODAY)
    assert (one.days, one.stage) == (-1, "over")
    assert warnings(TODAY) == []


def test_page_and_feed_name_own_sign_ins_and_no_token(desk: Desk) -> None:
    """S-16."""
    row = signed_in_mailbox(timezone.now(), refresh_token="canary-refresh-token")
    operator, admin = (
        signed_in(who).get(reverse("admin:mailboxes_radar")).content.decode()
        for who in (desk.operator, desk.admin)
    )
    assert row.mailbox.address in operator
    assert "canary-refresh-token" not in operator
    assert row.mailbox.address not in admin
