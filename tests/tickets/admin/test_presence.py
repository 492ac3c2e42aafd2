"""Who has a ticket open just now, as its page says again and again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests.factories import TicketFactory
from tests.tenants.admin.conftest import Desk, signed_in
from tests.tickets.admin.test_desk import door
from tickets.models import Look


def test_who_else_is_there_is_said_until_he_leaves(desk: Desk) -> None:
    ticket = TicketFactory(tenant=desk.ours)
    agent, admin = signed_in(desk.agent), signed_in(desk.admin)
    agent.post(door(ticket, "look"), {"seen": "0", "answering": "1"})
    there = admin.post(door(ticket, "look"), {"seen": "0"}).json()["said"]
    agent.post(door(ticket, "look"), {"leaving": "1"})
    gone = admin.post(door(ticket, "look"), {"seen": "0"}).json()["said"]

    assert there == [{"text": "agent is writing an answer.", "answering": True}]
    assert gone == []


@pytest.mark.django_db(transaction=True)
def test_presence_that_cannot_be_written_is_no_error(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long write of somebody else's: SQLite lets one write at a time."""
    url, agent = door(TicketFactory(tenant=desk.ours), "look"), signed_in(desk.agent)
    agent.post(url, {"leaving": "1"})  # the session is written now, not under the lock
    if connection.vendor == "sqlite":
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.05)
        connection.close()
    else:
        connection.cursor().execute("SET lock_timeout = 50")
    other = connection.copy()
    try:
        with transaction_of(other):
            answer = agent.post(url, {"seen": "0"})
            leaving = agent.post(url, {"leaving": "1"})
    finally:
        other.close()
        connection.close()
    assert (answer.status_code, leaving.status_code, Look.objects.count()) == (204, 204, 0)


@contextmanager
def transaction_of(other: Any) -> Iterator[None]:
    """Hold what a writer holds."""
    with other.cursor() as cursor:
        is_sqlite = other.vendor == "sqlite"
        cursor.execute("BEGIN IMMEDIATE" if is_sqlite else "BEGIN")
        if not is_sqlite:
            cursor.execute("LOCK TABLE tickets_look IN SHARE MODE")
        yield
        cursor.execute("ROLLBACK")


def test_somebody_who_says_nothing_more_is_gone(desk: Desk) -> None:
    ticket = TicketFactory(tenant=desk.ours)
    signed_in(desk.agent).post(door(ticket, "look"), {"seen": "0"})
    Look.objects.update(present_until=timezone.now())

    assert signed_in(desk.admin).post(door(ticket, "look"), {}).json()["said"] == []
