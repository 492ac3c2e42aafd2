"""Mail by hours, whatever the zone and however much mail there is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mailboxes import figures
from mailboxes.admin.pages import top
from mailboxes.models import InboundMessage
from tests.factories import InboundMessageFactory, MailboxFactory

pytestmark = [pytest.mark.django_db, pytest.mark.database]

NOW = datetime(2026, 11, 25, 12, 40, tzinfo=UTC)


def test_mail_is_counted_by_hours_in_zones_of_half_hours_too() -> None:
    row = InboundMessageFactory(received_at=NOW)
    with timezone.override("Asia/Kolkata"):
        all_mail = figures.per_hour(InboundMessage.objects.all(), NOW)
        busiest = figures.per_hour_of_busiest(InboundMessage.objects.all(), NOW, most=1)
    assert busiest == {row.mailbox_id: all_mail}
    assert all_mail[-1] == (NOW.replace(minute=0), 1)


def test_mailboxes_with_most_mail_come_first_and_no_more_than_asked_for() -> None:
    few, most, none = (MailboxFactory() for _number in range(3))
    for mailbox, mails in ((few, 1), (most, 3), (none, 0)):
        for number in range(mails):
            InboundMessageFactory(mailbox=mailbox, received_at=NOW - timedelta(hours=number))
    assert list(figures.per_hour_of_busiest(InboundMessage.objects.all(), NOW, most=5)) == [most.pk, few.pk]
    assert list(figures.per_hour_of_busiest(InboundMessage.objects.all(), NOW, most=1)) == [most.pk]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the plans of SQLite")
def test_hours_are_found_by_their_time_and_never_by_reading_all_the_mail_of_a_mailbox() -> None:
    mailbox = InboundMessageFactory(received_at=NOW).mailbox
    with CaptureQueriesContext(connection) as captured:
        figures.per_hour_of_busiest(InboundMessage.objects.all(), NOW, most=8)
        top(mailbox)
    asked = [query["sql"] for query in captured if "django_datetime_trunc" in query["sql"]]
    with connection.cursor() as cursor:
        plans = [str(cursor.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()) for sql in asked]
    assert len(plans) == 2
    assert all("received_at>? AND received_at<?" in plan for plan in plans), plans
