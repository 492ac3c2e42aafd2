"""Tickets: the list, and one ticket as a conversation."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.admin.theme import ThemedChoicesFilter
from tenants.reach import WORKERS
from tickets import search
from tickets.admin.asking import AskingPages
from tickets.admin.bulk import Handling
from tickets.admin.columns import TicketColumns
from tickets.admin.composer import ComposerPages
from tickets.admin.doors import TicketDoors
from tickets.admin.filters import DueFilter, MineFilter
from tickets.admin.rereading import RereadingPages
from tickets.admin.saved_views import SavedViews
from tickets.admin.searching import SearchedByIndex
from tickets.admin.ticket_form import FIELDS, TicketForm, write
from tickets.admin.ticket_page import page
from tickets.looks import with_reading
from tickets.models import Ticket

#: What the figures of the overview ask of this list.
LINKED = {
    f"{name}__{end}" for name in ("opened_at", "closed_at", "last_entry_at") for end in ("gte", "lt")
} | {"last_entry_by"}


@admin.register(Ticket)
class TicketAdmin(
    Handling,
    TicketColumns,
    TicketDoors,
    SavedViews,
    ComposerPages,
    RereadingPages,
    AskingPages,
    SearchedByIndex,
):
    change_roles = WORKERS
    form: Any = TicketForm
    list_display = [
        "subject_shown",
        "state",
        "priority_shown",
        "whose",
        "waits",
        "due",
        "last_word",
        "tenant",
    ]
    list_select_related = ["queue", "tenant", "assignee"]
    list_filter = [
        ("status", ThemedChoicesFilter),
        MineFilter,
        ("priority", ThemedChoicesFilter),
        DueFilter,
        ("last_entry_by", ThemedChoicesFilter),
        "assignee",
        "queue",
        "tags",
        "mailbox",
        "tenant",
    ]
    find = staticmethod(search.ticket_ids)
    search_help_text = gettext_lazy("Words of mails, reference, subject, name or address")
    fields: ClassVar[Any] = FIELDS
    change_form_template = "tickets/ticket.html"
    list_before_template = "tickets/views.html"
    empty_hint = gettext_lazy(
        "No ticket yet. The mail of a connected mailbox becomes tickets by itself; look at Mailboxes to see "
        "whether one is connected and working."
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tickets come by mail."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The mail of a ticket is in the ledger as filed; without the ticket it would be nowhere."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).defer("reply_token").prefetch_related("tags")
        return with_reading(rows, by=cast(User, request.user))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Take the spans that figures link to, besides what the filters ask."""
        return lookup in LINKED or super().lookup_allowed(lookup, value, request)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the queues, without the buttons to edit them from here."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def save_model(self, request: HttpRequest, ticket: Any, form: Any, change: bool) -> None:
        write(ticket, form)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        ticket: Ticket | None = context.get("original")
        if ticket is None:
            return super().render_change_form(request, context, *args, **kwargs)
        visible = self.get_queryset(request)
        # One that mail has reached all the same, in the moment of merging, shows it.
        is_empty = ticket.merged_into_id is not None and not ticket.entry_count
        if is_empty and (into := visible.filter(pk=ticket.merged_into_id).first()):
            word = _("%(one)s was merged into %(other)s, which is shown here.")
            messages.info(request, word % {"one": ticket.reference, "other": into.reference})
            return HttpResponseRedirect(reverse("admin:tickets_ticket_change", args=[into.pk]))
        context |= {"title": ticket.subject or _("(no subject)"), **page(request, ticket, visible=visible)}
        return super().render_change_form(request, context, *args, **kwargs)
