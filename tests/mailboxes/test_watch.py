from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from mailboxes import watch
from mailboxes.health import ENDLESS
from mailboxes.models import Mailbox
from tenants.models import Alert
from tests.factories import InboundMessageFactory, MailboxFactory

pytestmark = [pytest.mark.django_db, pytest.mark.database]

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def busy_mailbox(*, mails: int = watch.USUAL_MAILS, weeks: int = watch.WEEKS) -> Mailbox:
    """A mailbox that had so many mails in the six hours before this hour in each of the last weeks."""
    mailbox = MailboxFactory(last_success_at=NOW)
    for week in range(1, weeks + 1):
        for number in range(mails):
            at = NOW - timedelta(weeks=week, hours=1, minutes=number)
            InboundMessageFactory(mailbox=mailbox, tenant=mailbox.tenant, received_at=at)
    return mailbox


def test_mailbox_whose_looks_never_end_is_told_although_it_knows_of_no_trouble() -> None:
    """What fails in the program itself ends the task, and nothing is written on the mailbox."""
    begun, ended = NOW - timedelta(minutes=1), NOW - ENDLESS - timedelta(minutes=1)
    stuck = MailboxFactory(last_attempt_at=begun, last_success_at=ended, trouble_since_at=ended)
    MailboxFactory(last_attempt_at=begun, last_success_at=ended)  # the first look after a pause or a downtime
    MailboxFactory(last_attempt_at=begun, last_success_at=ended, trouble_since_at=begun)  # and after a crash
    MailboxFactory(last_attempt_at=ended, trouble_since_at=ended)  # nobody looks: that is the worker's alert
    (condition,) = watch.troubles(NOW)
    assert condition.mailbox_id == stuck.pk
    assert "none comes to an end" in condition.cause


def test_mailbox_silent_against_its_own_habit_is_unusually_quiet() -> None:
    mailbox = busy_mailbox()
    (condition,) = watch.note_silences(NOW)
    assert condition.kind == Alert.Kind.MAILBOX_QUIET
    assert condition.subject == f"{mailbox.address} ({mailbox.tenant.name})"


def test_mailbox_looked_at_seldom_is_listened_to_all_the_same(settings: Settings) -> None:
    settings.SYNC_INTERVAL_S = 86_400
    mailbox = busy_mailbox()
    Mailbox.objects.filter(pk=mailbox.pk).update(last_success_at=NOW - timedelta(hours=23))
    assert len(watch.note_silences(NOW)) == 1


def test_one_mail_ends_the_silence() -> None:
    mailbox = busy_mailbox()
    InboundMessageFactory(mailbox=mailbox, tenant=mailbox.tenant, received_at=NOW - timedelta(hours=1))
    assert watch.note_silences(NOW) == []


def test_mailbox_that_was_quiet_in_one_of_the_weeks_may_be_quiet() -> None:
    busy_mailbox(weeks=watch.WEEKS - 1)
    assert watch.note_silences(NOW) == []


def test_mailbox_with_little_mail_may_be_quiet() -> None:
    busy_mailbox(mails=watch.USUAL_MAILS - 1)
    assert watch.note_silences(NOW) == []


def test_mailbox_in_trouble_is_told_as_trouble_only() -> None:
    mailbox = busy_mailbox()
    trouble = {"code": "network_dns", "cause": "No name.", "who": "operator", "fix": "Check DNS."}
    Mailbox.objects.filter(pk=mailbox.pk).update(trouble=trouble)
    assert watch.note_silences(NOW) == []
    assert [condition.cause for condition in watch.troubles(NOW)] == ["No name."]


THROTTLED = {
    "code": "ApplicationThrottled",
    "cause": "Too many requests.",
    "who": "microsoft",
    "fix": "Wait.",
}


@pytest.mark.parametrize(
    ("since", "until", "told"),
    [
        (timedelta(minutes=20), timedelta(minutes=5), 0),
        (timedelta(minutes=20), -timedelta(minutes=1), 0),
        (timedelta(minutes=20), -timedelta(minutes=5), 1),
        (timedelta(minutes=70), timedelta(minutes=5), 1),
    ],
)
def test_waiting_that_microsoft_asked_for_is_told_when_it_lasts(
    since: timedelta, until: timedelta, told: int
) -> None:
    """F-32"""
    MailboxFactory(trouble=THROTTLED, trouble_since_at=NOW - since, retry_after_until=NOW + until)
    assert len(watch.troubles(NOW)) == told


def test_mailbox_that_staff_paused_is_no_trouble() -> None:
    trouble = {"code": "network_dns", "cause": "No name.", "who": "operator", "fix": "Check DNS."}
    MailboxFactory(trouble=trouble, paused=Mailbox.Pause.STAFF)
    assert watch.troubles(NOW) == []


def test_looking_for_silence_takes_the_same_statements_for_many(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _number in range(3):
        busy_mailbox()
    with django_assert_num_queries(7):
        assert len(watch.note_silences(NOW)) == 3


def test_quiet_mailbox_says_so_on_its_row_until_it_is_not() -> None:
    mailbox, usual = busy_mailbox(), MailboxFactory(quiet_since_at=NOW)
    watch.note_silences(NOW)
    watch.note_silences(NOW + timedelta(minutes=15))
    mailbox.refresh_from_db()
    usual.refresh_from_db()
    assert (mailbox.quiet_since_at, usual.quiet_since_at) == (NOW - watch.WINDOWS[-1], None)
    InboundMessageFactory(mailbox=mailbox, tenant=mailbox.tenant, received_at=NOW)
    watch.note_silences(NOW)
    mailbox.refresh_from_db()
    assert mailbox.quiet_since_at is None


def test_nobody_is_called_quiet_while_nobody_listens() -> None:
    """A worker that was down for hours is its own alert, and not one for each mailbox."""
    mailbox = busy_mailbox()
    Mailbox.objects.filter(pk=mailbox.pk).update(last_success_at=NOW - timedelta(hours=7))
    assert watch.note_silences(NOW) == []


def test_mailbox_that_staff_paused_is_told_once_it_has_worked() -> None:
    paused = MailboxFactory(paused=Mailbox.Pause.STAFF, last_success_at=NOW)
    MailboxFactory(paused=Mailbox.Pause.STAFF)  # new, and looked ahead at
    MailboxFactory(paused=Mailbox.Pause.STAFF, last_success_at=NOW, tenant__is_active=False)
    (condition,) = watch.pauses()
    assert (condition.mailbox_id, condition.tenant_id) == (paused.pk, paused.tenant_id)
    assert condition.stage, "told once, and not every day"
