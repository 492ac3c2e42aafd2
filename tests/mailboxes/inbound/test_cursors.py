"""Reading on where we were, and from the start when Microsoft forgot where that was."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from mailboxes.models import Folder
from tests.journeys.customer import Customer, verify

pytestmark = [pytest.mark.journey, pytest.mark.django_db]

SPELLINGS = [
    {"status": 410, "code": "SyncStateNotFound"},
    {"status": 410, "code": "syncStateNotFound", "location": True},
    {"status": 410, "code": "resyncRequired"},
    {"status": 410, "code": "ResyncChangesApplyDifferences"},
    {"status": 400, "code": "SyncStateInvalid"},
    {"status": 400, "code": "ErrorInvalidSyncStateData"},
    {"status": 410, "code": "Gone"},
]


def several(customer: Customer, count: int, *, first: int = 0) -> None:
    for number in range(first, first + count):
        customer.arrive(f"mail-{number}")


@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda one: f"{one['status']}-{one['code']}")
def test_forgotten_cursor_is_walked_again_without_doubles(
    customer: Customer, spelling: dict[str, Any]
) -> None:
    """F-23: in every spelling Microsoft has used."""
    customer.change(after="keep")
    several(customer, 3)
    customer.sync()
    customer.control(f"{customer.path}/expire", spelling)
    several(customer, 1, first=3)
    report = customer.sync()
    assert (report.error, report.fetched) == (None, 1)
    assert sorted(customer.entries()) == [f"<mail-{number}@fabrikam.example>" for number in range(4)]


def test_walk_that_is_cut_goes_on_at_its_page(customer: Customer, settings: Settings) -> None:
    settings.DELTA_PAGE_SIZE = 2
    several(customer, 6)
    customer.control.fault(
        "status", options={"status": 503, "code": "ServiceUnavailable"}, path="skiptoken", nth=2
    )
    assert customer.sync().error is not None
    folder = Folder.objects.get()
    assert "skiptoken" in folder.cursor
    assert folder.is_walking
    assert customer.sync().error is None
    verify(customer)
    assert len(customer.entries()) == 6


def test_cursor_that_expires_in_the_middle_of_a_walk_starts_it_again(
    customer: Customer, settings: Settings
) -> None:
    """F-22"""
    settings.DELTA_PAGE_SIZE = 2
    several(customer, 6)
    options = {"status": 410, "code": "SyncStateNotFound"}
    customer.control.fault("status", options=options, path="skiptoken", nth=2)
    assert customer.sync().error is None
    assert len(customer.entries()) == 6
    verify(customer)


def test_cursor_that_expires_again_and_again_is_left_for_the_next_run(customer: Customer) -> None:
    several(customer, 1)
    options = {"status": 410, "code": "SyncStateNotFound"}
    customer.control.fault("status", options=options, path="delta", count=2)
    report = customer.sync()
    assert report.error is not None
    assert not report.error.permanent
    assert customer.sync().error is None
    assert len(customer.entries()) == 1


def test_rewalk_leaves_what_is_older_than_since(customer: Customer) -> None:
    """What was there before we were connected stays out, however often the folder is walked."""
    customer.arrive("old", received_at="2020-01-01T00:00:00Z")
    customer.change(since="now", since_at="2026-01-01T00:00:00Z")
    customer.sync()
    customer.control(f"{customer.path}/expire", {})
    customer.sync()
    assert customer.entries() == []


@pytest.mark.parametrize(("kind", "options"), [
    ("html", {}), ("empty", {}), ("truncate", {"at_bytes": 300}), ("reset_after", {}), ("wrong_length", {}),
    ("drip", {"bytes_per_s": 20000}),
])  # fmt: skip
def test_listing_that_comes_broken_moves_no_cursor(
    customer: Customer, kind: str, options: dict[str, Any]
) -> None:
    """F-35: treated as passing; nothing is lost and nothing is doubled."""
    several(customer, 2)
    customer.control.fault(kind, options=options, path="messages/delta")
    first = customer.sync()
    assert first.error is None or not first.error.permanent
    assert customer.sync().error is None
    assert len(customer.entries()) == 2
    verify(customer)


def test_link_that_leads_to_itself_is_left_after_three_times(customer: Customer) -> None:
    """F-20: nothing is doubled, and the next run starts where this one was."""
    several(customer, 2)
    customer.control.fault("same_next_link", path="messages/delta", count=10)
    report = customer.sync()
    assert report.error is not None
    assert report.error.code == "link_loop"
    customer.control("faults", method="DELETE")
    assert customer.sync().error is None
    assert len(customer.entries()) == 2


def test_empty_page_with_more_to_come_is_read_past(customer: Customer) -> None:
    several(customer, 2)
    customer.control.fault("empty_page", path="messages/delta")
    assert customer.sync().error is None
    assert len(customer.entries()) == 2


def test_mail_that_a_person_moves_back_is_not_doubled(customer: Customer) -> None:
    """The immutable id stays over moves: the listing names it again, and the ledger knows it."""
    mail = customer.arrive("printer")
    customer.sync()
    customer.control(f"{customer.path}/messages/{mail['id']}/move", {"folder": "inbox"})
    assert customer.sync().error is None
    assert customer.entries() == ["<printer@fabrikam.example>"]


def test_same_mail_under_another_id_is_skipped(customer: Customer) -> None:
    """MT-061: a second copy in the same mailbox opens no second ticket."""
    customer.arrive("printer")
    customer.arrive("printer")
    customer.sync()
    assert customer.states() == {"filed": 1, "skipped": 1}
    assert customer.folders() == {"Processed": ["<printer@fabrikam.example>"] * 2}


def test_address_of_graph_may_change_under_a_stored_cursor(customer: Customer, settings: Settings) -> None:
    """An operator moves the custom cloud to another host: the link stored for the old one leads nowhere."""
    customer.arrive("printer")
    customer.sync()
    Folder.objects.update(cursor="https://old-proxy.example/v1.0/users/x/messages/delta?$deltatoken=1")
    customer.arrive("invoice")
    assert customer.sync().error is None
    assert len(customer.entries()) == 2
