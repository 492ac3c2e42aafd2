"""Folders by name and by id: localised, nested, renamed, deleted, made anew."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mailboxes.models import Folder, Mailbox
from tests.journeys.customer import Customer, verify

pytestmark = [pytest.mark.journey, pytest.mark.django_db]

Connected = Callable[..., Customer]


def test_folder_is_found_by_its_localised_name(connected: Connected) -> None:
    customer = connected(locale="de-DE", folder="Posteingang")
    customer.arrive("drucker")
    assert customer.sync().error is None
    assert customer.entries() == ["<drucker@fabrikam.example>"]


def test_english_name_opens_the_inbox_of_a_german_mailbox(connected: Connected) -> None:
    customer = connected(locale="de-DE", folder="Inbox/Support", folders=["inbox/Support"])
    customer.arrive("drucker", folder="inbox/Support")
    assert customer.sync().error is None
    assert customer.entries() == ["<drucker@fabrikam.example>"]


def test_nested_folder_is_found_whatever_the_letter_case(connected: Connected) -> None:
    customer = connected(folder="support/incoming", folders=["Support/Incoming"])
    customer.arrive("printer", folder="Support/Incoming")
    customer.sync()
    assert customer.entries() == ["<printer@fabrikam.example>"]


def test_folder_that_is_not_there_is_named_as_the_trouble(connected: Connected) -> None:
    customer = connected(folder="Nowhere")
    report = customer.sync()
    assert report.error is not None
    assert report.error.code == "folder_missing"
    assert customer.row().paused == Mailbox.Pause.ERROR


def test_renamed_folder_is_followed_by_its_id(connected: Connected) -> None:
    """F-28"""
    customer = connected(folder="Support", folders=["Support"])
    customer.sync()
    customer.control(f"{customer.path}/folders/rename", {"folder": "Support", "name": "Helpdesk"})
    customer.arrive("printer", folder="Helpdesk")
    assert customer.sync().error is None
    assert customer.entries() == ["<printer@fabrikam.example>"]


def test_renamed_folder_is_listed_anew_by_its_id(connected: Connected) -> None:
    """F-28: another first look needs no name."""
    customer = connected(folder="Support", folders=["Support"], since=Mailbox.Since.NOW)
    customer.arrive("old", received_at="2024-03-01T10:00:00Z", folder="Support")
    customer.sync()
    customer.control(f"{customer.path}/folders/rename", {"folder": "Support", "name": "Helpdesk"})
    customer.change(since=Mailbox.Since.ALL, since_at=None)
    customer.row().walk_again()
    assert customer.sync().error is None
    assert customer.entries() == ["<old@fabrikam.example>"]


def test_deleted_folder_turns_the_mailbox_red(connected: Connected) -> None:
    """F-28"""
    customer = connected(folder="Support", folders=["Support"])
    customer.sync()
    customer.control(f"{customer.path}/folders/delete", {"folder": "Support"})
    report = customer.sync()
    assert report.error is not None
    assert report.error.code == "folder_missing"


def test_folder_made_anew_under_its_name_is_read_again(connected: Connected) -> None:
    customer = connected(folder="Support", folders=["Support"])
    customer.sync()
    customer.control(f"{customer.path}/folders/delete", {"folder": "Support"})
    customer.sync()
    customer.control(f"{customer.path}/folders", {"folder": "Support"})
    customer.arrive("printer", folder="Support")
    assert customer.sync().error is None
    assert customer.entries() == ["<printer@fabrikam.example>"]


def test_other_folder_in_the_settings_is_walked_from_its_start(connected: Connected) -> None:
    customer = connected(folders=["Support"])
    customer.sync()
    customer.arrive("printer", folder="Support")
    customer.change(folder="Support")
    customer.sync()
    assert customer.entries() == ["<printer@fabrikam.example>"]
    assert Folder.objects.get(mailbox=customer.mailbox).path == "Support"


def test_target_is_made_at_the_first_run_and_found_later(customer: Customer) -> None:
    customer.arrive("printer")
    customer.sync()
    first = customer.row().move_to_id
    customer.change(move_to_id="")
    customer.sync()
    assert first
    assert customer.row().move_to_id == first


def test_deleted_target_is_made_anew_in_the_same_run(customer: Customer) -> None:
    """A person tidies the folder away: nothing is lost, nothing stops, nobody has to act."""
    customer.sync()
    customer.control(f"{customer.path}/folders/delete", {"folder": "Processed"})
    customer.arrive("printer")
    assert customer.sync().error is None
    assert customer.row().paused == Mailbox.Pause.NONE
    assert customer.folders() == {"Processed": ["<printer@fabrikam.example>"]}
    verify(customer)


def test_deleted_copy_folder_is_made_anew_in_the_same_run(connected: Connected) -> None:
    customer = connected(copy_to="Archive of all")
    customer.sync()
    customer.control(f"{customer.path}/folders/delete", {"folder": "Archive of all"})
    customer.arrive("printer")
    assert customer.sync().error is None
    one = ["<printer@fabrikam.example>"]
    assert customer.folders() == {"Processed": one, "Archive of all": one}


@pytest.mark.parametrize(("since", "total"), [(Mailbox.Since.ALL, 1), (Mailbox.Since.NOW, None)])
def test_only_a_walk_that_takes_everything_promises_a_total(
    connected: Connected, since: Mailbox.Since, total: int | None
) -> None:
    customer = connected(since=since)
    customer.arrive("old", received_at="2024-03-01T10:00:00Z")
    customer.sync()
    assert Mailbox.objects.get(pk=customer.mailbox.pk).backlog_total == total
