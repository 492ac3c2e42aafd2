"""The audit list, for those who answer for a tenant."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.admin.scoped import TenantOwnedAdmin
from tenants.admin.theme import ThemedChoicesFilter
from tenants.models import AuditEntry
from tenants.reach import ADMINS, NOBODY
from tenants.templatetags.desk import ago


@admin.register(AuditEntry)
class AuditListAdmin(TenantOwnedAdmin):
    view_roles = ADMINS
    add_roles = change_roles = delete_roles = NOBODY
    list_display = ["when", "who", "action", "which", "tenant"]
    list_display_links = ["which"]
    list_select_related = ["tenant"]
    list_filter = [("action", ThemedChoicesFilter), "tenant"]
    search_fields = ["actor", "subject"]
    search_help_text = gettext_lazy("User name, address or name of the row")
    date_hierarchy = "happened_at"
    fields = ["happened_at", "who", "action", "tenant", "which", "changes"]
    readonly_fields = ["who", "which", "changes"]
    empty_hint = gettext_lazy("Nothing yet. Every change of settings, roles and credentials is listed here.")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A list that could be changed would prove nothing."""
        return False

    has_delete_permission = has_change_permission

    @admin.display(description=gettext_lazy("when"), ordering="happened_at")
    def when(self, entry: AuditEntry) -> str:
        return ago(entry.happened_at)

    @admin.display(description=gettext_lazy("who"), ordering="actor")
    def who(self, entry: AuditEntry) -> str:
        return entry.actor or _("noticed by itself")

    @admin.display(description=gettext_lazy("which"), ordering="subject")
    def which(self, entry: AuditEntry) -> str:
        shown = '<bdi>{}</bdi> <span class="desk-quiet">{}</span>'
        return format_html(shown, entry.subject or "–", _kind(entry.subject_kind))

    @admin.display(description=gettext_lazy("changes"))
    def changes(self, entry: AuditEntry) -> str:
        rows = ((name, _told(values)) for name, values in entry.details.items())
        return format_html_join("", "<div>{}: <bdi>{}</bdi></div>", rows) or "–"


def _kind(label: str) -> str:
    """Name the kind in the reader's language; one that is no more stays the label it was written with."""
    try:
        return str(apps.get_model(label)._meta.verbose_name) if label else ""
    except LookupError:
        return label


def _told(values: Any) -> str:
    if isinstance(values, list) and len(values) == 2:
        return " → ".join("–" if value in (None, "") else str(value) for value in values)
    return ", ".join(map(str, values)) if isinstance(values, list) and values else _("changed")
