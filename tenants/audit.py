"""Flow: write a line of the audit list, in the transaction of what it tells of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Model, QuerySet

from tenants.models import AuditEntry
from tenants.reach import tenant_id_of

Action = AuditEntry.Action
#: What a line keeps of one value. Characters.
MAX_VALUE: Final = 200
#: Columns of which only the fact of a change is told.
UNTOLD: Final = frozenset({"password", "value", "secret", "token", "material", "private_key", "certificate"})
Actor = AbstractBaseUser | AnonymousUser | str | None


def note(action: Action, row: Model | None, *, by: Actor, **details: Any) -> None:
    """Write one line about a row, or about nothing in particular when there is none."""
    AuditEntry.objects.create(**line(action, row, by=by, details=details))


def note_many(lines: Iterable[Mapping[str, Any]]) -> None:
    """Write the lines made by `line`."""
    AuditEntry.objects.bulk_create([AuditEntry(**columns) for columns in lines])


def line(action: Action, row: Model | None, *, by: Actor, details: Mapping[str, Any]) -> dict[str, Any]:
    """Give the columns of a line; the row may be gone when it is written."""
    return {
        "action": action,
        "actor": name_of(by),
        "tenant_id": None if action == Action.TENANT_DELETED else tenant_id_of(row),
        "subject_kind": row._meta.label_lower if row is not None else "",
        "subject_id": row.pk if row is not None and isinstance(row.pk, int) else None,
        "subject": str(row)[:320] if row is not None else "",
        "details": dict(details),
    }


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Word changes by column, [before, after]; [] for columns that are not told."""
    return {
        name: [] if name in UNTOLD else [_word(before.get(name)), _word(value)]
        for name, value in after.items()
    }


def name_of(actor: Actor) -> str:
    """Give the user name; text names a command, and nobody is the product itself."""
    if isinstance(actor, AbstractBaseUser):
        return str(actor.get_username())
    return actor if isinstance(actor, str) else ""


def _word(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, QuerySet | list | tuple | set):
        return [str(one)[:MAX_VALUE] for one in list(value)[:50]]
    return str(value)[:MAX_VALUE]
