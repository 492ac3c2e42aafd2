"""What is used of Microsoft's budget: counted with every run, forgotten when the window is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mailboxes.budget import WINDOW, Budget, budget_of, spent
from mailboxes.models import Mailbox
from tests.factories import MailboxFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def spend(requests: int, now: datetime) -> Mailbox:
    Mailbox.objects.update(**spent(requests, now))
    return Mailbox.objects.get()


def test_requests_of_one_window_add_up() -> None:
    MailboxFactory()
    spend(400, NOW)
    row = spend(300, NOW + WINDOW / 2)
    assert budget_of(row, NOW + WINDOW / 2) == Budget(used=700)
    assert Budget(used=700).percent == 7


def test_next_window_begins_with_nothing_used() -> None:
    MailboxFactory()
    row = spend(400, NOW)
    later = NOW + WINDOW + timedelta(seconds=1)
    assert budget_of(row, later) == Budget(used=0)
    assert budget_of(spend(5, later), later) == Budget(used=5)


def test_wire_without_such_a_limit_has_no_budget() -> None:
    assert budget_of(MailboxFactory(inbound_transport="imap"), NOW) is None
