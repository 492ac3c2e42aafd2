"""The folder beside the ledger: what is missing is counted, named, and filed on request, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from mailboxes.inbound import reconcile
from mailboxes.models import Folder, InboundMessage, Mailbox
from tenants.models import AuditEntry
from tests.factories import OperatorFactory
from tests.journeys.customer import Customer, verify
from tests.tenants.admin.conftest import signed_in
from tickets.models import Ticket

pytestmark = [pytest.mark.journey, pytest.mark.django_db]

OLD = "2026-01-05T08:00:00Z"


@pytest.fixture
def restored(customer: Customer) -> Customer:
    """Three mails are filed and left in the inbox; then a backup is put back that knows only the first."""
    customer.change(after="keep")
    customer.mailbox.after = Mailbox.After.KEEP
    for name in ("one", "two", "three"):
        customer.arrive(name, received_at=OLD)
    customer.sync()
    Ticket.objects.exclude(entries__message_id="<one@fabrikam.example>").delete()
    InboundMessage.objects.exclude(message_id="<one@fabrikam.example>").delete()
    return customer


def compared(customer: Customer) -> tuple[int, int]:
    found = reconcile.compare(customer.row())
    return found["listed"], found["missing"]


def test_mails_that_no_line_knows_are_counted_and_named(restored: Customer) -> None:
    assert compared(restored) == (3, 2)
    named = Folder.objects.get().comparison["named"]
    assert {one["subject"] for one in named} == {"About two", "About three"}


def test_comparison_fetches_and_files_nothing(restored: Customer) -> None:
    reconcile.compare(restored.row())
    assert restored.states() == {"filed": 1}
    assert restored.sync().fetched == 0


def test_what_is_missing_is_filed_once_and_counts_as_imported(restored: Customer) -> None:
    Mailbox.objects.update(created_at=timezone.now() - timedelta(days=900))
    reconcile.file_missing(restored.row(), by=None)
    restored.sync()
    verify(restored)
    rows = dict(InboundMessage.objects.values_list("message_id", "is_imported"))
    assert (len(rows), rows["<two@fabrikam.example>"], rows["<three@fabrikam.example>"]) == (3, True, True)
    assert compared(restored) == (3, 0)
    assert AuditEntry.objects.filter(details__has_key="filed_missing").exists()


def test_mail_that_came_this_minute_is_not_missing(customer: Customer) -> None:
    customer.sync()
    customer.arrive("fresh")
    assert compared(customer) == (0, 0)


def test_mail_before_the_bound_is_not_missed(restored: Customer) -> None:
    restored.change(since_at=timezone.now() - timedelta(days=1))
    assert compared(restored) == (3, 0)


def test_each_mailbox_is_due_once_a_day(restored: Customer) -> None:
    now = timezone.now()
    assert reconcile.due(now) == []
    restored.change(created_at=now - timedelta(days=3))
    assert reconcile.due(now) == [restored.mailbox.pk]
    reconcile.compare_as_due(restored.mailbox.pk)
    assert reconcile.due(now) == []
    assert reconcile.due(now + timedelta(hours=25)) == [restored.mailbox.pk]


def test_large_folder_is_compared_in_several_runs(restored: Customer, settings: Settings) -> None:
    settings.DELTA_PAGE_SIZE = 1
    now = timezone.now()
    restored.change(created_at=now - timedelta(days=3))
    found = reconcile.compare(restored.row(), budget_s=-1)
    assert (found["listed"], found["is_whole"]) == (1, False)
    assert reconcile.due(now) == []
    assert reconcile.due(now + timedelta(minutes=6)) == [restored.mailbox.pk]
    for _run in range(3):
        found = found if found["is_whole"] else reconcile.compare(restored.row(), budget_s=-1)
    assert (found["listed"], found["missing"], found["is_whole"]) == (3, 2, True)
    assert {one["subject"] for one in found["named"]} == {"About two", "About three"}
    assert reconcile.due(now + timedelta(minutes=6)) == []


def test_page_says_how_many_are_missing_and_files_them(restored: Customer) -> None:
    desk = signed_in(OperatorFactory())
    page = reverse("admin:mailboxes_mailbox_change", args=[restored.mailbox.pk])
    desk.post(reverse("admin:mailboxes_mailbox_compare", args=[restored.mailbox.pk]))
    assert "2 mails in the folder" in desk.get(page).content.decode()
    desk.post(reverse("admin:mailboxes_mailbox_file_missing", args=[restored.mailbox.pk]))
    restored.sync()
    assert restored.states() == {"filed": 3}
    assert "not in the ledger" not in desk.get(page).content.decode()
