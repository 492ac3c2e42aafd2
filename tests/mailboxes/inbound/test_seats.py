"""Four requests at once per mailbox over all workers: a run has them all, a visitor gets one of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from mailboxes import governor
from mailboxes.governor import RunGate, renew, visit
from mailboxes.inbound import sync
from mailboxes.models import Mailbox
from tenants.errors import Throttled
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailbox() -> Mailbox:
    made: Mailbox = factories.FolderFactory().mailbox
    return made


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(governor, "WAIT_S", 0.0)


def run_of(mailbox: Mailbox) -> sync.Run:
    run = sync._claim(sync._inbox_of(mailbox.pk), deadline=0)
    assert run is not None
    return run


def test_run_without_visitor_has_four_seats(mailbox: Mailbox) -> None:
    run = run_of(mailbox)
    assert run.gate.slots() == 4


def test_visitor_of_an_idle_mailbox_sits_down_at_once(mailbox: Mailbox) -> None:
    with visit(mailbox) as gate:
        assert gate.slots() == 1
        assert Mailbox.objects.get().visitor_until
    assert Mailbox.objects.get().visitor_until is None


def test_visitor_waits_until_the_run_has_made_room(mailbox: Mailbox) -> None:
    run_of(mailbox)
    with pytest.raises(Throttled), visit(mailbox):
        pass
    assert Mailbox.objects.get().visitor_until is None


def test_run_makes_room_at_its_next_page(mailbox: Mailbox) -> None:
    run = run_of(mailbox)
    Mailbox.objects.update(visitor_until=timezone.now() + timedelta(seconds=20))
    renew(run.mailbox, run.gate)
    assert run.gate.slots() == 3
    Mailbox.objects.update(visitor_until=None)
    with visit(mailbox) as gate:  # the seat is still free: the run has not renewed yet
        assert gate.slots() == 1


def test_run_that_begins_beside_a_visitor_leaves_him_his_seat(mailbox: Mailbox) -> None:
    with visit(mailbox):
        run = run_of(mailbox)
        assert run.gate.slots() == 3


def test_run_does_not_begin_on_what_it_read_before_the_visitor_came(mailbox: Mailbox) -> None:
    """Loaded, then a visitor sits down, then claimed: with four seats there would be five requests at once."""
    folder = sync._inbox_of(mailbox.pk)
    with visit(mailbox):
        assert sync._claim(folder, deadline=0) is None
        assert run_of(mailbox).gate.slots() == 3


def test_second_visitor_is_sent_away(mailbox: Mailbox) -> None:
    with visit(mailbox), pytest.raises(Throttled), visit(mailbox):
        pass


def test_visitor_who_never_left_is_forgotten_in_time(mailbox: Mailbox) -> None:
    Mailbox.objects.update(visitor_until=timezone.now() - timedelta(seconds=1))
    with visit(mailbox) as gate:
        assert gate.slots() == 1
    assert RunGate(has_visitor=False).slots() == 4
