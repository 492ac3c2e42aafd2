"""The scheduler's look for due mailboxes, with ten thousand of them and their nudges published."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import redis
from celery import current_app
from celery.signals import after_task_publish
from django.utils import timezone

from mailboxes.models import Mailbox
from mailboxes.tasks import sync_due
from tests.bench import cloud
from tests.bench.meter import Spent, Statements, measured

ROUNDS = 7


def main(orders: dict[str, Any]) -> dict[str, Any]:
    # A name of our own: on a broker that others use, too, nobody takes these and nothing of theirs is removed.
    current_app.conf.task_default_queue = orders["queue"]
    first = _fill(int(orders["mailboxes"]))
    published: list[str] = []
    after_task_publish.connect(lambda sender=None, **rest: published.append(sender), weak=False)
    statements = Statements()
    due = first[: int(orders["due"])]
    try:
        none = [_tick(statements, published, lambda: None) for _ in range(ROUNDS)]
        some = [_tick(statements, published, lambda: _make_due(due)) for _ in range(ROUNDS)]
    finally:
        _empty(orders["broker_url"], orders["queue"])
    return {"none": _typical(none), "due": _typical(some)}


def _fill(count: int) -> list[int]:
    template = Mailbox.objects.get(address=cloud.ADDRESS)
    later = timezone.now() + timedelta(hours=1)
    shared = {"tenant_id": template.tenant_id, "registration_id": template.registration_id}
    Mailbox.objects.update(next_sync_at=later, last_attempt_at=timezone.now())
    made = Mailbox.objects.bulk_create(
        Mailbox(
            **shared,
            address=f"box{number}@contoso.example",
            next_sync_at=later,
            last_attempt_at=timezone.now(),
            is_settled=True,
        )
        for number in range(count - 1)
    )
    return [mailbox.pk for mailbox in made]


def _make_due(pks: list[int]) -> None:
    Mailbox.objects.filter(pk__in=pks).update(next_sync_at=timezone.now() - timedelta(seconds=1))


def _tick(statements: Statements, published: list[str], arrange: Callable[[], None]) -> tuple[Spent, int]:
    arrange()
    before = len(published)
    with measured(statements) as spent:
        sync_due()
    return spent, len(published) - before


def _typical(ticks: list[tuple[Spent, int]]) -> dict[str, float]:
    """Leave out the first, which opens connections; of the others the one that was disturbed least."""
    rest = ticks[1:]
    return {
        "cpu_ms": min(spent.cpu_s for spent, _ in rest) * 1000,
        "statements": max(spent.statements for spent, _ in rest),
        "published": max(count for _, count in rest),
    }


def _empty(broker_url: str, queue: str) -> None:
    if broker_url.startswith("redis"):
        with redis.Redis.from_url(broker_url) as client:
            client.delete(queue, f"_kombu.binding.{queue}", f"_kombu.binding_permanent.{queue}")
