"""How fast mail leaves, whose turn it is, and when a queued mail will go."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from mailboxes import governor
from mailboxes.models import Mailbox, OutboundMessage, Sender, UploadSession
from mailboxes.outbound import claims, outbox, pace
from tenants.diagnosis import diagnose_own
from tests import factories

pytestmark = pytest.mark.django_db

State = OutboundMessage.State
MailboxFactory = partial(factories.MailboxFactory, outbound_transport="graph")


def queued(mailbox: Mailbox, *, count: int = 1, people: int = 1, **values: Any) -> list[OutboundMessage]:
    first = OutboundMessage.objects.count()
    to = [{"name": "", "email": f"x{number}@elsewhere.example"} for number in range(people)]
    return [
        OutboundMessage.objects.create(
            tenant=mailbox.tenant, mailbox=mailbox, key=f"{first + number}", to=to,
            message_id=f"<{first + number}@contoso.example>", **values,
        )
        for number in range(count)
    ]  # fmt: skip


def asked(mailbox: Mailbox, *, ago: timedelta, **values: Any) -> None:
    queued(mailbox, state=State.SENT, asked_at=timezone.now() - ago, **values)


def test_flood_of_one_tenant_lets_every_other_tenant_go_first() -> None:
    flood = MailboxFactory()
    more = [MailboxFactory(tenant=flood.tenant) for _ in range(9)]
    for mailbox in (flood, *more):
        queued(mailbox, count=3)
    asked(flood, ago=timedelta(seconds=10))
    other = MailboxFactory()
    queued(other)
    assert outbox.mailboxes_due()[0] == other.pk


def test_mailboxes_of_two_tenants_take_turns() -> None:
    first, second = MailboxFactory(), MailboxFactory()
    mailboxes = [MailboxFactory(tenant=owner.tenant) for owner in (first, first, second, second)]
    for mailbox in mailboxes:
        queued(mailbox)
    turns = list(Mailbox.objects.in_bulk(outbox.mailboxes_due()).values())
    order = [next(one.tenant_id for one in turns if one.pk == pk) for pk in outbox.mailboxes_due()]
    assert order == [first.tenant_id, second.tenant_id] * 2


def test_mailbox_that_is_served_or_has_sent_its_minute_has_no_turn(settings: Any) -> None:
    settings.SEND_PER_MINUTE = 2
    served, spent, stuck, free = (MailboxFactory() for _ in range(4))
    for mailbox in (served, spent, stuck, free):
        queued(mailbox)
    asked(spent, ago=timedelta(seconds=30), count=2)
    soon = timezone.now() + timedelta(minutes=1)
    Mailbox.objects.filter(pk=served.pk).update(visitor_until=soon)
    Mailbox.objects.filter(pk=stuck.pk).update(send_wait_until=soon)
    assert outbox.mailboxes_due() == [free.pk]


@pytest.mark.parametrize(("workers", "served"), [(1, 1), (2, 1), (4, 3)])
def test_tenant_leaves_one_worker_to_others(settings: Any, workers: int, served: int) -> None:
    """Also where what is being sent is all its mailboxes have: a large mail on a slow line holds whoever sends it."""
    settings.CELERY_WORKER_CONCURRENCY = workers
    flood, other = MailboxFactory(), MailboxFactory()
    queued(flood)
    soon = timezone.now() + timedelta(minutes=1)
    for _ in range(served):
        assert outbox.mailboxes_due() == [flood.pk]
        queued(MailboxFactory(tenant=flood.tenant), state=State.SENDING, claimed_until=soon)
    assert outbox.mailboxes_due() == []
    queued(other)
    assert outbox.mailboxes_due() == [other.pk]


def test_tenant_without_others_leaves_one_worker_to_reading(settings: Any) -> None:
    settings.CELERY_WORKER_CONCURRENCY = 2
    served = MailboxFactory()
    queued(served, state=State.SENDING, claimed_until=timezone.now() + timedelta(minutes=1))
    queued(MailboxFactory(tenant=served.tenant))
    assert outbox.mailboxes_due() == []


def test_mailbox_that_another_worker_serves_does_not_step_aside() -> None:
    soon = timezone.now() + timedelta(minutes=1)
    mailbox = MailboxFactory(outbound_transport="graph", visitor_until=soon)
    queued(mailbox)
    outbox.send_from(mailbox.pk, budget_s=0)
    mailbox.refresh_from_db()
    assert mailbox.send_wait_until is None


def test_testing_a_mailbox_does_not_stop_its_tenants_sending(settings: Any) -> None:
    """The picker of folders and the connection test hold the seat of a sender, and once killed for two minutes."""
    settings.CELERY_WORKER_CONCURRENCY = 2
    tested, _other = MailboxFactory(visitor_until=timezone.now() + timedelta(minutes=1)), MailboxFactory()
    beside = MailboxFactory(tenant=tested.tenant)
    queued(beside)
    assert outbox.mailboxes_due() == [beside.pk]


@pytest.mark.parametrize("work", ["mail", "doubt", "copy"])
def test_mailbox_that_cannot_begin_steps_aside(
    monkeypatch: pytest.MonkeyPatch, settings: Any, work: str
) -> None:
    """A long download has its seats: it does not take the turn of others again and again, seconds each time."""
    monkeypatch.setattr(governor, "WAIT_S", 0)
    ago = timezone.now() - timedelta(minutes=1)
    read = {"claimed_until": timezone.now() + timedelta(minutes=1), "slots": settings.GRAPH_SLOTS}
    stuck, other = MailboxFactory(**read), MailboxFactory()
    for mailbox in (stuck, other):
        if work == "copy":
            Sender.objects.create(
                tenant=mailbox.tenant, mailbox=mailbox, address=mailbox.address, copy_due_at=ago
            )
        else:
            queued(mailbox, state=State.UNCERTAIN if work == "doubt" else State.QUEUED, retry_at=ago)
    served, _report = outbox.send_in_turn(budget_s=0)
    assert (served, outbox.mailboxes_due(), outbox.has_due()) == (stuck.pk, [other.pk], work == "mail")
    Mailbox.objects.filter(pk=other.pk).update(send_wait_until=timezone.now() + timedelta(minutes=1))
    assert not outbox.has_due()


def test_mailbox_that_sends_nothing_has_no_turn() -> None:
    """Neither its mail nor the look for its copies holds up that of others."""
    silent, other = MailboxFactory(outbound_transport="none"), MailboxFactory()
    queued(silent)
    for mailbox in (silent, other):
        Sender.objects.create(
            tenant=mailbox.tenant, mailbox=mailbox, address=mailbox.address, copy_due_at=timezone.now()
        )
    assert (outbox.mailboxes_due(), outbox.has_due()) == ([other.pk], False)


def test_mail_of_a_mailbox_that_sends_nothing_fails_after_five_days() -> None:
    """It stood there as waiting for ever."""
    silent = MailboxFactory(outbound_transport="none")
    now = timezone.now()
    young, old = (queued(silent, queued_at=now - timedelta(days=days))[0] for days in (4, 6))
    served, _report = outbox.send_in_turn(budget_s=5)
    for row in (young, old):
        row.refresh_from_db()
    assert (served, young.state, old.state) == (silent.pk, "queued", "failed")
    assert ((old.error or {})["code"], outbox.mailboxes_due()) == ("send_too_late", [])
    assert "(outbound_off)" in (old.error or {})["cause"]


def test_recipients_are_counted_by_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """F-73: 10,000 recipients a day."""
    monkeypatch.setattr(pace, "RECIPIENTS_PER_DAY", 10)
    mailbox = MailboxFactory()
    asked(mailbox, ago=timedelta(hours=23), people=4)
    asked(mailbox, ago=timedelta(hours=25), people=9)
    large, small = queued(mailbox, people=7) + queued(mailbox, people=6)
    left = pace.Allowance(mailbox.pk).recipients
    row = claims.claim_due(mailbox.pk, most_recipients=left)
    assert (left, row) == (6, small)
    assert large.recipient_count == 7


def leaving(rows: list[OutboundMessage], now: datetime) -> list[int]:
    forecast = pace.Forecast()
    found = [forecast.leaves_at(row) for row in rows]
    return [round((one - now).total_seconds() / 60) for one in found if one is not None]


def test_forecast_knows_the_pace(settings: Any) -> None:
    settings.SEND_PER_MINUTE = 2
    mailbox = MailboxFactory(outbound_transport="graph")
    asked(mailbox, ago=timedelta(seconds=5))
    assert leaving(queued(mailbox, count=6), timezone.now()) == [0, 1, 1, 2, 2, 3]


def test_forecast_knows_the_limit_of_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "RECIPIENTS_PER_DAY", 10)
    mailbox = MailboxFactory(outbound_transport="graph")
    asked(mailbox, ago=timedelta(hours=20), people=9)
    assert leaving(queued(mailbox, count=2), timezone.now()) == [0, 240]


@pytest.mark.parametrize("off", [{"is_active": False}, {"outbound_transport": "none"}])
def test_mail_of_a_mailbox_that_is_off_has_no_moment_to_leave(off: dict[str, Any]) -> None:
    assert leaving(queued(MailboxFactory(**{"outbound_transport": "graph", **off})), timezone.now()) == []


def test_mail_that_was_sent_leaves_no_more() -> None:
    (row,) = queued(MailboxFactory(), state=State.SENT)
    assert pace.Forecast().leaves_at(row) is None


@pytest.mark.parametrize(
    ("status", "code", "waits"),
    [
        ("5.1.90", "smtp_daily_limit", [True, False]),
        ("5.7.233", "tenant_daily_limit", [True, True]),
        ("5.2.2", "mail_bounced", [False, False]),
        ("5.1.1", "mail_bounced", [False, False]),
    ],
)
def test_report_of_a_limit_holds_back_whom_it_is_about(status: str, code: str, waits: list[bool]) -> None:
    """F-73: the mailbox's limit and the organisation's are told apart; a full mailbox over there is neither."""
    mailbox = MailboxFactory()
    beside, stranger = MailboxFactory(tenant=mailbox.tenant), MailboxFactory()
    (row,) = queued(mailbox, state=State.SENT)
    waiting = [*queued(mailbox), *queued(beside), *queued(stranger)]
    assert outbox.mark_bounced(mailbox.tenant_id, row.message_id, status=status)
    row.refresh_from_db()
    for one in waiting:
        one.refresh_from_db()
    assert (row.state, row.error) == ("bounced", {**(row.error or {}), "code": code})
    assert [one.retry_at is not None for one in waiting] == [*waits, False]


def test_every_code_of_a_limit_is_explained() -> None:
    assert {diagnose_own(code).code for code in ("smtp_daily_limit", "tenant_daily_limit", "smtp_rate")}


def test_upload_is_overtaken_only_while_it_is_young() -> None:
    mailbox = MailboxFactory()
    young, short = queued(mailbox, count=2)
    UploadSession.objects.create(tenant=mailbox.tenant, message=young, file_name="scan.pdf", address="x")
    assert claims.claim_due(mailbox.pk, most_recipients=9) == short
    (newer,) = queued(mailbox)
    OutboundMessage.objects.filter(pk=young.pk).update(queued_at=timezone.now() - timedelta(minutes=11))
    assert claims.claim_due(mailbox.pk, most_recipients=9) == young
    assert claims.claim_due(mailbox.pk, most_recipients=9) == newer


def test_upload_of_a_mail_that_is_taken_back_is_let_go() -> None:
    (row,) = queued(MailboxFactory())
    UploadSession.objects.create(tenant=row.tenant, message=row, file_name="scan.pdf", address="x")
    assert outbox.cancel(row, by="agent")
    assert not UploadSession.objects.exists()
