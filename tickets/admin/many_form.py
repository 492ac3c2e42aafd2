"""What may be changed on several tickets at once; what is left empty stays as it is on each."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tenants.admin.filters import called
from tenants.admin.theme import ThemedSelect, ThemedTextInput
from tickets.admin.ticket_form import DayInput
from tickets.handling import Change
from tickets.models import Ticket

UNCHANGED: list[tuple[Any, Any]] = [("", _("(leave as it is)"))]


class ManyForm(forms.Form):
    status = forms.ChoiceField(
        label=_("Status"), required=False, choices=UNCHANGED + Ticket.Status.choices, widget=ThemedSelect
    )
    priority = forms.TypedChoiceField(
        label=_("Priority"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=UNCHANGED + Ticket.Priority.choices,
        widget=ThemedSelect,
    )
    assignee: Any = forms.ModelChoiceField(
        label=_("Assigned to"),
        required=False,
        queryset=None,
        empty_label=UNCHANGED[0][1],
        widget=ThemedSelect,
    )
    queue: Any = forms.ModelChoiceField(
        label=_("Queue"), required=False, queryset=None, empty_label=UNCHANGED[0][1], widget=ThemedSelect
    )
    due_on = forms.DateField(label=_("Due"), required=False, widget=DayInput)
    add_tags = forms.CharField(
        label=_("Add tags"),
        required=False,
        max_length=500,
        widget=ThemedTextInput(attrs={"placeholder": _("words, with commas between")}),
    )
    remove_tags = forms.CharField(
        label=_("Remove tags"), required=False, max_length=500, widget=ThemedTextInput
    )

    def __init__(
        self, *args: Any, people: QuerySet[User], queues: QuerySet[Any] | None, **kwargs: Any
    ) -> None:
        """Offer `people` and `queues`; without queues, for tickets of several tenants, none can be chosen."""
        super().__init__(*args, **kwargs)
        self.fields["assignee"].queryset = people  # type: ignore[attr-defined]
        self.fields["assignee"].label_from_instance = called  # type: ignore[attr-defined]
        if queues is None:
            del self.fields["queue"]
        else:
            self.fields["queue"].queryset = queues  # type: ignore[attr-defined]

    def change(self) -> Change:
        cleaned = self.cleaned_data
        names = ("status", "priority", "assignee", "queue", "due_on")
        return Change(
            values={name: cleaned[name] for name in names if cleaned.get(name)},
            add_tags=cleaned["add_tags"].split(","),
            remove_tags=cleaned["remove_tags"].split(","),
        )
