"""What every page of the admin adds to the audit list: rows added, changed and deleted on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.http import HttpRequest

from tenants import audit
from tenants.fields import EncryptedTextField


class AuditedPage:
    """Django tells a page of each change in three places, inside the transaction of the change; each writes a line.

    Django's own history stays with the rows it tells of, and goes with them.
    """

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        request._audited = changes_of(form)  # type: ignore[attr-defined]
        for formset in formsets or ():
            _note_inline(request, formset)
        return super().construct_change_message(request, form, formsets, add)  # type: ignore[misc]

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        audit.note(audit.Action.ADDED, obj, by=request.user, **_details(request, message))
        return super().log_addition(request, obj, message)  # type: ignore[misc]

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        details = _details(request, message)
        if details:
            audit.note(audit.Action.CHANGED, obj, by=request.user, **details)
        return super().log_change(request, obj, message)  # type: ignore[misc]

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Model]) -> Any:
        audit.note_many(
            audit.line(audit.Action.DELETED, row, by=request.user, details={}) for row in queryset
        )
        # Django would keep the name of what is gone, which outlives even the tenant; the list above tells more.
        kind = ContentType.objects.get_for_model(self.model)  # type: ignore[attr-defined]
        LogEntry.objects.filter(content_type=kind, object_id__in=[str(row.pk) for row in queryset]).delete()


def changes_of(form: Any) -> dict[str, list[Any]]:
    """Word what was changed in a form; of boxes that are no plain column only that they were filled in."""
    changed = {name: form.cleaned_data.get(name) for name in form.changed_data}
    plain = {name: value for name, value in changed.items() if _is_plain(form, name)}
    return {**audit.changed(form.initial, plain), **{name: [] for name in changed.keys() - plain.keys()}}


def _is_plain(form: Any, name: str) -> bool:
    try:
        column = form._meta.model._meta.get_field(name)
    except (AttributeError, FieldDoesNotExist):
        return False
    return not isinstance(column, EncryptedTextField)


def _note_inline(request: HttpRequest, formset: Any) -> None:
    lines: list[tuple[audit.Action, Any, dict[str, Any]]]
    lines = [(audit.Action.ADDED, row, {}) for row in formset.new_objects]
    lines += [
        (audit.Action.CHANGED, row, {name: [] for name in names}) for row, names in formset.changed_objects
    ]
    lines += [(audit.Action.DELETED, row, {}) for row in formset.deleted_objects]
    audit.note_many(
        audit.line(action, row, by=request.user, details=details) for action, row, details in lines
    )


def _details(request: HttpRequest, message: Any) -> dict[str, Any]:
    # A message in words comes from an action of a list, which has no form.
    if isinstance(message, str):
        return {"note": [message[:200]]}
    found: dict[str, Any] = getattr(request, "_audited", {})
    return found
