"""The operator's view of all customers: who needs a look, one switch for each, and the way to forget one."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from m365integration import customers
from mailboxes import figures as mail_figures
from mailboxes.models import InboundMessage, Mailbox
from tenants.admin.customers import TenantAdmin
from tenants.models import Tenant
from tenants.proof import ask_again
from tenants.reach import is_operator
from tenants.templatetags.desk import ago
from tickets import figures as ticket_figures
from tickets.models import Queue, Ticket

admin.site.unregister(Tenant)


def _count(rows: QuerySet[Any]) -> Coalesce:
    """Count the rows of each tenant of the outer query."""
    mine = rows.filter(tenant_id=OuterRef("pk")).order_by().values("tenant_id")
    return Coalesce(Subquery(mine.annotate(number=Count("*")).values("number")), 0)


@admin.register(Tenant)
class CustomerAdmin(TenantAdmin):
    list_display = ["name", "state", "open_tickets", "ailing", "last_mail", "quarantined", "domain"]
    actions = ["switch_off", "switch_on"]
    delete_confirmation_template = "admin/tenant_removal.html"
    removal_words: ClassVar[Any] = gettext_lazy(
        "Switch the tenant off and save before you delete it: nobody may be writing what is being removed."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # One index each, for the tenants of one page; sorted by, for all tenants.
        last = Mailbox.objects.filter(tenant_id=OuterRef("pk")).order_by().values("tenant_id")
        rows: QuerySet[Any] = super().get_queryset(request)
        figures: QuerySet[Any] = rows.annotate(
            open_count=_count(ticket_figures.unsolved(Ticket.objects.all())),
            ailing_count=_count(mail_figures.in_trouble(Mailbox.objects.all())),
            quarantine_count=_count(mail_figures.in_quarantine(InboundMessage.objects.all())),
            last_mail_at=Subquery(last.annotate(latest=Max("last_mail_at")).values("latest")),
        )
        return figures

    def get_actions(self, request: HttpRequest) -> Any:
        """Deleting several at once is no way to say goodbye to customers."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions if is_operator(request) else {}

    def has_delete_permission(self, request: HttpRequest, row: Any = None) -> bool:
        return is_operator(request)

    def save_model(self, request: HttpRequest, tenant: Any, form: Any, change: bool) -> None:
        super().save_model(request, tenant, form, change)
        if not change:
            # A mailbox cannot do without one, and most customers need no other.
            Queue.objects.create(tenant=tenant, name=_("Support"))
        if change and "is_active" in form.changed_data:
            turn = customers.switch_on if tenant.is_active else customers.switch_off
            turn(Tenant.objects.filter(pk=tenant.pk))

    @admin.action(description=gettext_lazy("Switch off: stop all mail of these tenants"))
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._switch(request, queryset, is_on=False)

    @admin.action(description=gettext_lazy("Switch on: let mail flow again"))
    def switch_on(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._switch(request, queryset, is_on=True)

    def _switch(self, request: HttpRequest, queryset: QuerySet[Any], *, is_on: bool) -> None:
        if not is_operator(request):
            raise PermissionDenied
        tenants = list(queryset)
        rows = Tenant.objects.filter(pk__in=[tenant.pk for tenant in tenants])
        (customers.switch_on if is_on else customers.switch_off)(rows)
        words = "Switched on." if is_on else "Switched off."
        for tenant in tenants:
            self.log_change(request, tenant, words)
        text = (
            ngettext("%(n)d tenant is on.", "%(n)d tenants are on.", len(tenants))
            if is_on
            else ngettext("%(n)d tenant is off.", "%(n)d tenants are off.", len(tenants))
        )
        messages.success(request, text % {"n": len(tenants)})

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """Ask for the name of the tenant, then forget it with all it has."""
        if asked := ask_again(request):
            return asked
        tenant = self.get_object(request, object_id)
        if tenant is None or not self.has_delete_permission(request, tenant):
            # What is missing and what is not his to delete are answered by Django, and alike.
            return super().delete_view(request, object_id, extra_context)
        is_named = request.POST.get("name", "").strip() == tenant.name
        if request.method == "POST" and is_named and not tenant.is_active:
            return self._forget(request, tenant)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Delete %(name)s") % {"name": tenant.name},
            "opts": self.opts,
            "tenant": tenant,
            "counts": {} if tenant.is_active else customers.belongings(tenant),
            "is_misnamed": request.method == "POST" and not is_named,
        }
        return TemplateResponse(request, self.delete_confirmation_template, context)

    def _forget(self, request: HttpRequest, tenant: Any) -> HttpResponse:
        try:
            customers.remove(tenant, by=request.user)
        except customers.StillOn:
            messages.error(request, self.removal_words)
            return HttpResponseRedirect(reverse("admin:tenants_tenant_change", args=[tenant.pk]))
        messages.success(
            request, _("%(name)s is forgotten; its mailboxes were not touched.") % {"name": tenant.name}
        )
        return HttpResponseRedirect(reverse("admin:tenants_tenant_changelist"))

    @admin.display(description=gettext_lazy("state"), ordering="is_active")
    def state(self, tenant: Any) -> str:
        level, label = ("success", _("on")) if tenant.is_active else ("calm", _("off"))
        return format_html('<span class="desk-state is-{}">{}</span>', level, label)

    @admin.display(description=gettext_lazy("open tickets"), ordering="open_count")
    def open_tickets(self, tenant: Any) -> str:
        return _figure(
            "tickets_ticket", tenant.open_count, f"tenant__id__exact={tenant.pk}&status__in=new,open,waiting"
        )

    @admin.display(description=gettext_lazy("mailboxes in trouble"), ordering="ailing_count")
    def ailing(self, tenant: Any) -> str:
        return _figure(
            "mailboxes_mailbox",
            tenant.ailing_count,
            f"tenant__id__exact={tenant.pk}&health=trouble",
            "danger",
        )

    @admin.display(description=gettext_lazy("last mail"), ordering="last_mail_at")
    def last_mail(self, tenant: Any) -> str:
        return ago(tenant.last_mail_at)

    @admin.display(description=gettext_lazy("in quarantine"), ordering="quarantine_count")
    def quarantined(self, tenant: Any) -> str:
        query = f"tenant__id__exact={tenant.pk}&state__exact=quarantined"
        return _figure("mailboxes_inboundmessage", tenant.quarantine_count, query, "danger")


def _figure(model: str, count: int, query: str, level: str = "") -> str:
    """Show a count that leads to its list; one that should be zero and is not stands out."""
    if not count:
        return format_html('<span class="desk-quiet">{}</span>', 0)
    address = f"{reverse(f'admin:{model}_changelist')}?{query}"
    css = f"desk-state is-{level}" if level else "desk-link"
    return format_html('<a class="{}" href="{}">{}</a>', css, address, count)
