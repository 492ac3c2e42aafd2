"""What staff set on one ticket."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tenants.admin.filters import called
from tenants.admin.scoped import TenantForm
from tenants.admin.theme import ThemedTextInput
from tickets.models import Tag, Ticket

FIELDS = ["status", "assignee", "queue", "priority", "due_on", "tag_line"]


class DayInput(ThemedTextInput):
    """The browser's own calendar, in the theme's clothes."""

    input_type = "date"

    def format_value(self, value: Any) -> Any:
        return value.isoformat() if hasattr(value, "isoformat") else value


class TicketForm(TenantForm):
    tag_line = forms.CharField(
        label=_("Tags"),
        required=False,
        max_length=1000,
        widget=ThemedTextInput(attrs={"placeholder": _("words, with commas between"), "list": "desk-tags"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["tag_line"] = ", ".join(tag.name for tag in self.instance.tags.all())
        if "assignee" in self.fields:
            people: Any = self.fields["assignee"]
            people.label_from_instance, people.empty_label = called, _("Nobody")
        for name in ("priority", "due_on"):
            if name in self.fields:
                self.fields[name].required = False
        if "due_on" in self.fields:
            self.fields["due_on"].widget = DayInput()

    def clean_priority(self) -> int:
        return int(self.cleaned_data["priority"] or self.instance.priority)


def write(ticket: Ticket, form: Any) -> None:
    """Write only what was changed: a mail filed meanwhile has moved the other columns on."""
    columns = [name for name in form.changed_data if name != "tag_line"]
    if columns:
        ticket.save(update_fields=columns)
    if "tag_line" in form.changed_data:
        names = form.cleaned_data["tag_line"].split(",")
        ticket.tags.set(Tag.objects.named(names, tenant_id=ticket.tenant_id))
