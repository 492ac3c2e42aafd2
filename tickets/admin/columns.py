"""The columns of the ticket list: what needs me now, at a glance."""

from __future__ import annotations

from typing import Final

from django.contrib import admin
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.admin.filters import called
from tenants.templatetags.desk import ago, since
from tickets.models import Ticket
from tickets.models.ticket import UNSOLVED

LEVELS: Final = {"new": "info", "open": "warning", "waiting": "calm", "solved": "success", "closed": "calm"}
PRIORITY_LEVELS: Final = {1: "calm", 2: "", 3: "warning", 4: "danger"}
#: What a list shows of a subject. Characters.
LISTED_CHARS: Final = 255
NOTHING: Final = format_html('<span class="desk-none">{}</span>', "–")


class TicketColumns:
    @admin.display(description=gettext_lazy("subject"), ordering="subject")
    def subject_shown(self, ticket: Ticket) -> str:
        subject = Truncator(ticket.subject).chars(LISTED_CHARS) or _("(no subject)")
        who = ticket.requester_name or ticket.requester_email or _("unknown sender")
        is_unread = ticket.entry_count > getattr(ticket, "entries_seen", 0)
        return format_html(
            '<span class="desk-subject{}">{}<bdi>{}</bdi></span>'
            '<span class="desk-who"><bdi>{}</bdi> · <code>{}</code> {}</span>',
            " is-unread" if is_unread else "",
            format_html('<span class="desk-dot" title="{}"></span>', _("unread")) if is_unread else "",
            subject,
            Truncator(who).chars(80),
            ticket.reference,
            format_html_join(
                " ", '<span class="desk-tag">{}</span>', ((tag.name,) for tag in ticket.tags.all())
            ),
        )

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, ticket: Ticket) -> str:
        level = LEVELS.get(ticket.status, "calm")
        if ticket.merged_into_id:
            return format_html('<span class="desk-state is-calm">{}</span>', _("merged"))
        return format_html('<span class="desk-state is-{}">{}</span>', level, ticket.get_status_display())

    @admin.display(description=gettext_lazy("priority"), ordering="priority")
    def priority_shown(self, ticket: Ticket) -> str:
        level = PRIORITY_LEVELS.get(ticket.priority)
        if not level:
            return NOTHING
        return format_html('<span class="desk-state is-{}">{}</span>', level, ticket.get_priority_display())

    @admin.display(description=gettext_lazy("assigned to"), ordering="assignee__username")
    def whose(self, ticket: Ticket) -> str:
        name = ticket.assignee and called(ticket.assignee)
        return format_html(
            '<span class="desk-nowrap{}">{}</span><span class="desk-who"><bdi>{}</bdi></span>',
            "" if name else " desk-nobody",
            name or "–",
            ticket.queue.name,
        )

    @admin.display(description=gettext_lazy("waiting"), ordering="waits_since_at")
    def waits(self, ticket: Ticket) -> str:
        if ticket.waits_since is None:
            return NOTHING
        return format_html('<span class="desk-nowrap">{}</span>', since(ticket.waits_since))

    @admin.display(description=gettext_lazy("due"), ordering="due_on")
    def due(self, ticket: Ticket) -> str:
        return due_shown(ticket) or NOTHING

    @admin.display(description=gettext_lazy("last word"), ordering="last_entry_at")
    def last_word(self, ticket: Ticket) -> str:
        return format_html(
            '<span class="desk-nowrap">{}</span><span class="desk-who">{}</span>',
            ago(ticket.last_entry_at),
            ticket.get_last_entry_by_display(),
        )


def due_shown(ticket: Ticket) -> str:
    """Word the due date, in red where it has passed and something is still to do; "" without one."""
    if ticket.due_on is None:
        return ""
    is_open, today = ticket.status in UNSOLVED, timezone.localdate()
    level = "danger" if is_open and ticket.due_on < today else "warning" if ticket.due_on == today else "calm"
    word = _("today") if ticket.due_on == today else date_format(ticket.due_on, _("j M Y"))
    return format_html('<span class="desk-state is-{}">{}</span>', level, word)
