"""Two installations on one folder, and an inbox that may be a person's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from mailboxes.inbound import guard
from mailboxes.inbound.acknowledge import mailboxes_with_leftovers
from mailboxes.models import Folder, InboundMessage, Mailbox
from tenants.models import AuditEntry
from tests.factories import OperatorFactory
from tests.journeys.customer import Customer
from tests.tenants.admin.conftest import signed_in

pytestmark = [pytest.mark.journey, pytest.mark.django_db]

Connected = Callable[..., Customer]


def as_clone(settings: Settings) -> None:
    """Go on as an installation that was started on a copy of the database."""
    settings.INSTALLATION, settings.PUBLIC_URL = "c" * 24, "https://clone.example"


def in_inbox(customer: Customer) -> int:
    return len(customer.folders().get("inbox", []))


@pytest.fixture
def cloned(customer: Customer, settings: Settings) -> Customer:
    """A customer whose folder one installation has marked, and on which a copy of it has looked."""
    customer.arrive("printer")
    customer.sync()
    as_clone(settings)
    customer.arrive("again")
    customer.sync()
    return customer


def test_copy_of_the_database_files_but_neither_moves_nor_deletes(cloned: Customer) -> None:
    """S0-27."""
    assert cloned.states() == {"filed": 2}
    assert cloned.folders()["inbox"] == ["<again@fabrikam.example>"]
    assert Folder.objects.get().other_installation["url"] == "http://localhost:8000"


def test_copy_keeps_to_one_request_per_look_and_is_not_woken_for_what_it_may_not_do(cloned: Customer) -> None:
    cloned.control("counters/reset")
    cloned.sync()
    assert len(cloned.control.targets()) == 1
    assert mailboxes_with_leftovers(timezone.now()) == []


def test_owner_goes_on_tidying_up_and_asks_nothing_more_meanwhile(customer: Customer) -> None:
    for name in ("one", "two"):
        customer.arrive(name)
        customer.sync()
    asked = [target for target in customer.control.targets() if "singleValueExtendedProperties" in target]
    assert in_inbox(customer) == 0
    assert len(asked) == 1


def test_idle_look_stays_one_request(customer: Customer) -> None:
    customer.arrive("printer")
    customer.sync()
    customer.sync()
    Folder.objects.update(marker_seen_at=timezone.now() - 2 * guard.LOOK_EVERY)
    customer.control("counters/reset")
    customer.sync()
    assert len(customer.control.targets()) == 1


def test_page_names_the_other_installation_and_takes_the_folder_over(
    cloned: Customer, settings: Settings
) -> None:
    desk = signed_in(OperatorFactory())
    url = reverse("admin:mailboxes_mailbox_change", args=[cloned.mailbox.pk])
    assert "used by another installation until now" in desk.get(url).content.decode()
    desk.post(reverse("admin:mailboxes_mailbox_take_over", args=[cloned.mailbox.pk]))
    assert "another installation until now" not in desk.get(url).content.decode()
    cloned.sync()
    assert in_inbox(cloned) == 0
    assert AuditEntry.objects.filter(details__has_key="other_installation").count() == 1


def test_who_lost_the_folder_stops_at_the_next_look(cloned: Customer, settings: Settings) -> None:
    guard.take_over(cloned.row(), by=None)
    cloned.sync()
    assert in_inbox(cloned) == 0
    settings.INSTALLATION = "a" * 24
    cloned.arrive("third")
    cloned.sync()
    assert in_inbox(cloned) == 1


def test_installation_that_was_moved_is_told_so_and_goes_on_with_all_its_folders(cloned: Customer) -> None:
    """Its own database knows the name on the folder."""
    desk = signed_in(OperatorFactory())
    Folder.objects.update(marker_seen_at=timezone.now() - 2 * guard.LOOK_EVERY)
    cloned.arrive("third")
    cloned.sync()
    url = reverse("admin:mailboxes_mailbox_change", args=[cloned.mailbox.pk])
    assert "This is the same installation: go on" in desk.get(url).content.decode()
    assert (
        "another installation tidies up"
        in desk.get(reverse("admin:mailboxes_mailbox_changelist")).content.decode()
    )
    picked = {"action": "take_over_all", "_selected_action": [cloned.mailbox.pk]}
    desk.post(reverse("admin:mailboxes_mailbox_changelist"), picked)
    cloned.sync()
    assert in_inbox(cloned) == 0


def test_installation_that_is_a_stranger_is_not_taken_for_the_same(customer: Customer) -> None:
    stranger = guard.Marker(installation="b" * 24, url="https://other.example", since="2026-01-01T00:00:00Z")
    assert not guard._used_this_database(Folder(marker_seen_by="a" * 24), stranger)


def test_folders_of_strangers_are_not_taken_over_with_those_of_the_same_installation(
    cloned: Customer,
) -> None:
    desk, url = signed_in(OperatorFactory()), reverse("admin:mailboxes_mailbox_changelist")
    picked = {"action": "take_over_all", "_selected_action": [cloned.mailbox.pk]}
    same = Folder.objects.get().other_installation
    Folder.objects.update(other_installation={**same, "used_this_database": False})
    assert "0 folders are" in desk.post(url, picked, follow=True).content.decode()
    assert Folder.objects.get().other_installation["used_this_database"] is False
    Folder.objects.update(other_installation=same)
    assert "1 folder is" in desk.post(url, picked, follow=True).content.decode()
    assert Folder.objects.get().other_installation is None
    assert "0 folders are" in desk.post(url, picked, follow=True).content.decode()


def test_folder_taken_over_during_a_run_stays_taken_over(cloned: Customer) -> None:
    as_read = Folder.objects.get()
    guard.take_over(cloned.row(), by=None)
    guard._note(as_read, {"installation": "b" * 24, "url": "", "since": ""})
    assert Folder.objects.get().other_installation is None


def test_folder_that_microsoft_will_not_mark_is_tidied_up_all_the_same(customer: Customer) -> None:
    """China refuses the property; a proxy may not know it."""
    customer.control.fault("status", count=None, path="singleValue", options={"status": 400})
    customer.arrive("printer")
    customer.sync()
    customer.sync()
    assert in_inbox(customer) == 0


@pytest.mark.parametrize("text", ["", "no json", "[]", '{"installation": 1}', "{" * 5000])
def test_text_that_is_no_marker_is_nobodys(text: str) -> None:
    assert guard.Marker.read(text) is None


def test_hostile_marker_shows_as_text(cloned: Customer) -> None:
    """S-100."""
    Folder.objects.update(other_installation={"installation": "x", "url": "<script>x", "since": "y"})
    url = reverse("admin:mailboxes_mailbox_change", args=[cloned.mailbox.pk])
    page = signed_in(OperatorFactory()).get(url).content.decode()
    assert "&lt;script&gt;x" in page
    assert "<script>x" not in page


@pytest.fixture
def full(connected: Connected, settings: Settings) -> Customer:
    settings.FULL_INBOX_MAILS = 3
    customer = connected()
    for number in range(4):
        customer.arrive(f"private-{number}")
    return customer


def test_full_inbox_is_not_touched_before_the_count_is_confirmed(full: Customer) -> None:
    """S0-28, S1-15."""
    report = full.sync()
    assert report.error is not None
    assert report.error.code == "inbox_full"
    assert "4 mails" in report.error.diagnosis.cause
    assert (in_inbox(full), InboundMessage.objects.count()) == (4, 0)


def test_typed_count_opens_the_inbox(full: Customer) -> None:
    full.sync()
    desk = signed_in(OperatorFactory())
    url = reverse("admin:mailboxes_mailbox_confirm", args=[full.mailbox.pk])
    for typed in ("", "5"):
        desk.post(url, {"mails": typed})
        assert full.row().count_confirmed_at is None
    desk.post(url, {"mails": "4"})
    assert full.sync().error is None
    assert (in_inbox(full), full.states()) == (0, {"filed": 4})


def test_another_folder_is_asked_about_anew(full: Customer) -> None:
    full.change(count_confirmed_at=timezone.now())
    row = full.row()
    row.forget_confirmation()
    assert (row.count_confirmed_at, row.held_mails) == (None, None)


@pytest.mark.parametrize("values", [{"kind": "shared"}, {"count_confirmed_at": timezone.now()}])
def test_shared_mailbox_and_what_was_provisioned_are_read_at_once(
    connected: Connected, settings: Settings, values: dict[str, Any]
) -> None:
    """`provision` counts as confirmed."""
    settings.FULL_INBOX_MAILS = 1
    customer = connected(**values)
    customer.control(
        f"apps/{customer.client_id}", {"roles": ["Mail.ReadWrite", "MailboxSettings.Read"]}, method="PATCH"
    )
    customer.arrive("printer")
    assert customer.sync().error is None
    assert Mailbox.objects.get().held_mails is None


def test_marker_is_read_again_after_its_time(customer: Customer, settings: Settings) -> None:
    customer.arrive("printer")
    customer.sync()
    as_clone(settings)
    customer.arrive("seen")
    customer.sync()
    guard.take_over(customer.row(), by=None)
    customer.sync()
    settings.INSTALLATION = "a" * 24
    Folder.objects.update(
        marker_seen_by="a" * 24, marker_seen_at=timezone.now() - guard.LOOK_EVERY - timedelta(seconds=1)
    )
    customer.arrive("again")
    customer.sync()
    assert in_inbox(customer) == 1
