"""Flow: staff take tickets and move them on, many at once; each leaves a line in the ticket's history."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import DateTimeField, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from tenants import audit
from tickets.models import Tag, Ticket
from tickets.models.tag import tag_names
from tickets.models.ticket import UNSOLVED

#: More than anybody means to change at once.
MAX_TICKETS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes of each ticket: values by column, and names of tags."""

    values: Mapping[str, Any] = field(default_factory=dict)
    add_tags: Sequence[str] = ()
    remove_tags: Sequence[str] = ()


def assign(tickets: QuerySet[Any], *, to: User) -> int:
    """Give the tickets to somebody; gives their number, MAX_TICKETS at most."""
    return change(tickets, Change(values={"assignee": to}), by=to)


def set_status(tickets: QuerySet[Any], status: Ticket.Status, *, by: User) -> int:
    """Move the tickets to a status, with the time of their closing; gives their number, MAX_TICKETS at most."""
    return change(tickets, Change(values={"status": status}), by=by)


def change(tickets: QuerySet[Any], change: Change, *, by: User) -> int:
    """Change the tickets alike; gives their number, MAX_TICKETS at most."""
    tagged = bool(tag_names(change.add_tags) or tag_names(change.remove_tags))
    names = [*change.values, *["tags"] * tagged]
    labels = [str(Ticket._meta.get_field(name).verbose_name) for name in names]  # type: ignore[union-attr]
    with transaction.atomic():
        rows = list(tickets.select_related("assignee", "queue").order_by("pk")[:MAX_TICKETS])
        if rows and names:
            audit.note_many([_line(row, change, by=by) for row in rows])
            if change.values:
                # Without the slice, which an update cannot have; still only what the caller could see.
                kept = Ticket.objects.for_machine().filter(pk__in=[row.pk for row in rows])
                kept.update(**_columns(change.values))
            _tag(rows, change)
            LogEntry.objects.log_actions(
                by.pk, rows, CHANGE, change_message=[{"changed": {"fields": labels}}]
            )
    return len(rows) if names else 0


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    if "status" not in values:
        return dict(values)
    now = Value(timezone.now(), DateTimeField())
    closed_at = None if values["status"] in UNSOLVED else Coalesce("closed_at", now)
    return {**values, "closed_at": closed_at}


def _tag(tickets: Collection[Ticket], change: Change) -> None:
    """Add and remove tags, in a few statements for all tickets of a tenant."""
    through: Any = Ticket.tags.through
    by_tenant: dict[int, list[int]] = {}
    for ticket in tickets:
        by_tenant.setdefault(ticket.tenant_id, []).append(ticket.pk)
    for tenant_id, pks in by_tenant.items():
        added = Tag.objects.named(change.add_tags, tenant_id=tenant_id)
        links = [through(ticket_id=pk, tag_id=tag.pk) for pk in pks for tag in added]
        through.objects.bulk_create(links, ignore_conflicts=True)
        gone = Tag.objects.filter(tenant_id=tenant_id, name__in=tag_names(change.remove_tags))
        through.objects.filter(ticket__in=pks, tag__in=gone).delete()


def _line(ticket: Ticket, change: Change, *, by: User) -> dict[str, Any]:
    """Word what became of one ticket; called before its row is written, it still knows what was there."""
    details = audit.changed({name: getattr(ticket, name) for name in change.values}, change.values)
    tags = {"added_tags": tag_names(change.add_tags), "removed_tags": tag_names(change.remove_tags)}
    told = {**details, **{name: list(names) for name, names in tags.items() if names}}
    return audit.line(audit.Action.CHANGED, ticket, by=by, details=told)
