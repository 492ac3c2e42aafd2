"""Alerts: what the operator was told of, and what goes on. Written by `watch` alone, so there is nothing to change."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.admin.scoped import OperatorOnly
from tenants.admin.theme import ThemedAdmin, ThemedChoicesFilter, ThemedSimpleFilter
from tenants.models import Alert
from tenants.templatetags.desk import ago
from tenants.wording import SUBJECTS, shown


class LastsFilter(ThemedSimpleFilter):
    """What is wrong now, apart from what is over."""

    title = gettext_lazy("state")
    parameter_name = "lasts"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("yes", _("goes on")), ("no", _("over"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = {"yes": True, "no": False}.get(str(self.value()))
        return queryset if chosen is None else queryset.filter(recovered_at__isnull=chosen)


@admin.register(Alert)
class AlertAdmin(OperatorOnly, ThemedAdmin):
    list_display = ["what", "state", "since", "told", "over"]
    list_filter = [LastsFilter, ("kind", ThemedChoicesFilter)]
    list_filter_submit = True
    list_display_links = None
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["subject", "cause"]
    empty_hint = gettext_lazy("No alert: mailboxes, worker and scheduler have given no cause for one.")

    def has_add_permission(self, request: HttpRequest, row: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, row: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, row: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("alert"))
    def what(self, alert: Alert) -> str:
        is_expiry = alert.kind == Alert.Kind.EXPIRY
        subject = shown(alert.subject, frames=SUBJECTS) if is_expiry else alert.subject
        name = format_html("{} <bdi>{}</bdi>", alert.get_kind_display(), subject)
        if alert.path:
            name = format_html('<a class="desk-link" href="{}">{}</a>', alert.path, name)
        return format_html(
            '{}<span class="desk-who desk-cause">{} {}</span>', name, shown(alert.cause), shown(alert.fix)
        )

    @admin.display(description=gettext_lazy("state"))
    def state(self, alert: Alert) -> str:
        level, label = ("calm", _("over")) if alert.recovered_at else ("danger", _("goes on"))
        return format_html('<span class="desk-state is-{}">{}</span>', level, label)

    @admin.display(description=gettext_lazy("since"), ordering="opened_at")
    def since(self, alert: Alert) -> str:
        return ago(alert.opened_at)

    @admin.display(description=gettext_lazy("last told"), ordering="told_at")
    def told(self, alert: Alert) -> str:
        return ago(alert.told_at)

    @admin.display(description=gettext_lazy("over since"), ordering="recovered_at")
    def over(self, alert: Alert) -> str:
        return ago(alert.recovered_at)
