"""What happens to a mail at Microsoft after it is filed, and only then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from mailboxes import figures
from mailboxes.inbound.acknowledge import mailboxes_with_leftovers
from mailboxes.inbound.sync import sync
from mailboxes.models import InboundMessage, Mailbox
from tests.factories import OperatorFactory
from tests.journeys.customer import Customer, verify
from tests.tenants.admin.conftest import signed_in
from tickets import filing

pytestmark = [pytest.mark.journey, pytest.mark.django_db]

Connected = Callable[..., Customer]
ONE = ["<printer@fabrikam.example>"]
BATCH = r"/\$batch"
After = Mailbox.After


def rows() -> Any:
    return InboundMessage.objects.all()


def is_read(customer: Customer) -> bool:
    shown = customer.control(customer.path, method="GET")["folders"]
    return bool(next(mail["isRead"] for folder in shown for mail in folder["messages"]))


def test_kept_mail_stays_as_it_is(connected: Connected) -> None:
    customer = connected(after=After.KEEP)
    customer.arrive("printer")
    customer.sync()
    assert customer.folders() == {"inbox": ONE}
    assert not is_read(customer)
    assert rows().get().acknowledged_at


def test_marked_mail_stays_where_it_is_and_is_read(connected: Connected) -> None:
    customer = connected(after=After.MARK_READ)
    customer.arrive("printer")
    customer.sync()
    assert customer.folders() == {"inbox": ONE}
    assert is_read(customer)


def test_mail_over_the_size_limit_is_never_deleted(connected: Connected, settings: Settings) -> None:
    """MT-107: what is stored here is its beginning alone."""
    settings.MAX_RAW_BYTES = 3000
    customer = connected(after=After.DELETE)
    customer.arrive("printer", text="x" * 50_000)
    customer.sync()
    assert customer.folders() == {"inbox": ONE}
    assert rows().get().acknowledged_at
    entry = rows().get().entry
    page = signed_in(OperatorFactory()).get(reverse("admin:tickets_ticket_change", args=[entry.ticket_id]))
    assert f'href="https://outlook.office.com/mail/{customer.mailbox.address}/"' in page.content.decode()


def test_deleted_mail_goes_to_recoverable_items(connected: Connected) -> None:
    customer = connected(after=After.DELETE)
    customer.arrive("printer")
    customer.sync()
    assert customer.folders() == {"recoverableitemsdeletions": ONE}
    assert customer.entries() == ONE


@pytest.mark.parametrize(("after", "where"), [(After.MOVE, "Processed"), (After.KEEP, "inbox")])
def test_copy_is_kept_beside_whatever_else_is_done(connected: Connected, after: str, where: str) -> None:
    customer = connected(after=after, copy_to="Journal/All")
    customer.arrive("printer")
    customer.sync()
    assert customer.folders() == {where: ONE, "All": ONE}


def test_mail_that_is_gone_counts_as_done(customer: Customer) -> None:
    """F-04: a person, or we before a crash, were quicker."""
    mail = customer.arrive("printer")
    customer.sync()
    rows().update(acknowledged_at=None)
    customer.change(is_settled=False)
    customer.control(f"{customer.path}/messages/{mail['id']}?purge=true", method="DELETE")
    assert customer.sync().error is None
    assert rows().get().acknowledged_at
    assert customer.row().is_settled


def test_move_that_was_done_and_not_written_down_is_not_done_twice(connected: Connected) -> None:
    """F-04: killed after the move, before recording it."""
    customer = connected(copy_to="Journal")
    customer.arrive("printer")
    customer.sync()
    rows().update(acknowledged_at=None)
    customer.change(is_settled=False)
    assert customer.sync().error is None
    assert customer.folders() == {"Processed": ONE, "Journal": ONE}


def test_copy_that_was_made_and_not_written_down_is_not_made_twice(connected: Connected) -> None:
    """F-04: killed after the copy, before recording it."""
    customer = connected(copy_to="Journal")
    customer.arrive("o'neill")
    customer.sync()
    rows().update(acknowledged_at=None, copied_at=None)
    customer.change(is_settled=False)
    assert customer.sync().error is None
    assert customer.folders() == {name: ["<o'neill@fabrikam.example>"] for name in ("Processed", "Journal")}


def test_copy_whose_answer_was_lost_is_not_made_twice(connected: Connected) -> None:
    customer = connected(copy_to="Journal")
    customer.arrive("printer")
    customer.control.fault("reset_after", path=BATCH)
    assert customer.sync().error is not None
    customer.sync()
    assert customer.folders() == {"Processed": ONE, "Journal": ONE}
    assert rows().get().acknowledged_at


def test_copy_that_was_not_made_is_made_by_the_next_run(connected: Connected) -> None:
    customer = connected(copy_to="Journal")
    customer.arrive("printer")
    customer.control.fault("reset_before", path=BATCH)
    assert customer.sync().error is not None
    customer.sync()
    assert customer.folders() == {"Processed": ONE, "Journal": ONE}


def test_copy_costs_no_request_but_its_own(connected: Connected) -> None:
    customer = connected(copy_to="Journal")
    customer.sync()
    customer.arrive("printer")
    customer.control("counters/reset")
    customer.sync()
    assert [one for one in customer.control.targets() if "batch" in one] == ["POST /v1.0/$batch"] * 2
    assert not [one for one in customer.control.targets() if "internetMessageId" in one]


def test_id_of_another_wire_is_nothing_to_tidy_up(customer: Customer) -> None:
    """A mailbox that was read over IMAP before; what lies there still is listed anew, and known by its content."""
    customer.arrive("printer")
    customer.control.fault("status", options={"status": 400, "code": "ErrorInvalidRequest"}, path=BATCH)
    customer.sync()
    rows().update(remote_id="1700000001.7.INBOX", remote_key="7" * 64, acknowledge_at=None)
    customer.mailbox.folders.update(cursor="1700000001:7", remote_id="1700000001.7", is_walking=True)
    customer.change(is_settled=False)
    assert customer.sync().error is None
    assert customer.states() == {"filed": 1, "skipped": 1}
    assert not rows().filter(acknowledged_at=None).exists()
    assert customer.folders() == {"Processed": ONE}


def test_answer_lost_after_the_move_is_swept(customer: Customer) -> None:
    customer.arrive("printer")
    customer.control.fault("reset_after", path=BATCH)
    assert customer.sync().error is not None
    assert rows().get().acknowledged_at is None
    customer.sync()
    assert rows().get().acknowledged_at
    assert customer.folders() == {"Processed": ONE}
    verify(customer)


def test_throttled_move_waits_and_is_swept(customer: Customer) -> None:
    customer.arrive("printer")
    options = {"status": 429, "code": "ApplicationThrottled", "headers": {"Retry-After": "30"}}
    customer.control.fault("status", options=options, path=BATCH)
    customer.sync()
    assert customer.entries() == ONE
    assert customer.row().retry_after_until > timezone.now() + timedelta(seconds=25)
    customer.change(retry_after_until=None)
    customer.sync()
    assert customer.folders() == {"Processed": ONE}


def test_schedule_finds_mailboxes_with_mail_still_in_the_inbox(customer: Customer) -> None:
    customer.arrive("printer")
    customer.sync()
    assert mailboxes_with_leftovers(timezone.now()) == []
    rows().update(acknowledged_at=None)
    assert mailboxes_with_leftovers(timezone.now()) == [customer.mailbox.pk]
    assert not customer.row().is_settled


@pytest.mark.parametrize("values", [
    {"paused": Mailbox.Pause.STAFF}, {"paused": Mailbox.Pause.ERROR}, {"is_active": False},
    {"claimed_until": timezone.now() + timedelta(days=1)}, {"retry_after_until": timezone.now() + timedelta(days=1)},
    {"is_settled": False, "next_sync_at": timezone.now()},
])  # fmt: skip
def test_schedule_leaves_mailboxes_alone_that_rest_or_wait_their_turn(
    customer: Customer, values: dict[str, Any]
) -> None:
    customer.arrive("printer")
    customer.sync()
    rows().update(acknowledged_at=None)
    customer.change(**values)
    assert mailboxes_with_leftovers(timezone.now()) == []


@pytest.mark.parametrize("state", ["received", "quarantined", "gone"])
def test_mail_that_is_not_settled_is_left_where_it_is(customer: Customer, state: str) -> None:
    """O5: nothing is touched at Microsoft before it is decided on."""
    customer.arrive("printer")
    customer.change(after=After.KEEP)
    customer.sync()
    later = timezone.now() + timedelta(hours=1)
    rows().update(state=state, acknowledged_at=None, retry_at=later)
    customer.change(after=After.MOVE, is_settled=False)
    customer.sync()
    assert customer.folders() == {"inbox": ONE}


def test_suspended_mail_is_tidied_up_as_well(customer: Customer) -> None:
    """MT-176: from ourselves; kept in the ledger, off the tickets, out of the inbox."""
    customer.arrive("printer", sender=customer.mailbox.address)
    customer.sync()
    assert customer.states() == {"suspended": 1}
    assert customer.folders() == {"Processed": ONE}


def test_hundred_moves_take_five_requests(connected: Connected) -> None:
    customer = connected(mail=[{"mix": {"count": 100}}])
    customer.sync()
    posts = [one for one in customer.control.targets() if one == "POST /v1.0/$batch"]
    assert len(posts) == 5


def test_mail_that_others_deleted_meanwhile_is_counted_and_named(customer: Customer) -> None:
    """S0-27: between filing and tidying up somebody else was at the mailbox."""
    mail = customer.arrive("printer")
    customer.arrive("again")
    file = filing.file_for

    def file_while_somebody_deletes(mailbox: Mailbox) -> Any:
        is_there = "<printer@fabrikam.example>" in customer.folders().get("inbox", [])
        if is_there and rows().count() == 2:
            customer.control(f"{customer.path}/messages/{mail['id']}?purge=true", method="DELETE")
        return file(mailbox)

    sync(customer.mailbox.pk, file=file_while_somebody_deletes, budget_s=60)
    (taken,) = rows().filter(taken_at__isnull=False)
    assert taken.subject == "About printer"
    assert list(figures.taken_of(rows())) == [taken]
    assert customer.row().taken_mails == 1
    assert not rows().filter(acknowledged_at=None).exists()


def test_mail_we_moved_ourselves_before_a_crash_is_nobody_elses_doing(customer: Customer) -> None:
    mail = customer.arrive("printer")
    customer.sync()
    rows().update(acknowledged_at=None)
    customer.change(is_settled=False)
    customer.control(f"{customer.path}/messages/{mail['id']}?purge=true", method="DELETE")
    customer.sync()
    assert not figures.taken_of(rows()).exists()
    assert customer.row().taken_mails == 0
