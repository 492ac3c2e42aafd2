"""What staff do with several tickets of the list at once, and to whom a ticket may be given."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tenants.reach import READERS, WORKERS, may, within
from tickets import handling, looks, merging
from tickets.admin.many_form import ManyForm
from tickets.models import Queue, Ticket

Status = Ticket.Status


class Handling:
    """For the tickets' admin: each action changes tickets of tenants where the user works, whatever is selected."""

    admin_site: Any
    offered: Any
    actions: Any = [
        "assign_to_me",
        "change_many",
        "merge_many",
        "mark_read",
        "set_open",
        "set_waiting",
        "set_solved",
        "set_closed",
    ]

    def has_work_permission(self, request: HttpRequest) -> bool:
        return may(request, WORKERS)

    @admin.action(description=gettext_lazy("Assign to me"), permissions=["work"])
    def assign_to_me(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        count = handling.assign(within(request, queryset, WORKERS), to=cast(User, request.user))
        _say(request, count)

    @admin.action(description=gettext_lazy("Change priority, tags, due date, …"), permissions=["work"])
    def change_many(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        tickets = list(within(request, queryset, WORKERS).order_by("pk")[: handling.MAX_TICKETS])
        if not tickets:
            _say(request, 0)
            return None
        tenants = {ticket.tenant_id for ticket in tickets}
        form = ManyForm(
            request.POST if "apply" in request.POST else None,
            people=who_may_have(tenants, request),
            queues=self._queues_of(request, tenants),
        )
        if form.is_bound and form.is_valid():
            rows = Ticket.objects.for_machine().filter(pk__in=[ticket.pk for ticket in tickets])
            _say(request, handling.change(rows, form.change(), by=cast(User, request.user)))
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Change several tickets"),
            "opts": Ticket._meta,
            "form": form,
            "tickets": tickets,
            "box": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "tickets/change_many.html", context)

    def _queues_of(self, request: HttpRequest, tenants: set[int]) -> QuerySet[Any] | None:
        """Give the queues all of the tickets may go to; None where they are of several tenants."""
        rows: QuerySet[Any] = self.offered(Queue, request).filter(tenant_id__in=tenants)
        return rows if len(tenants) == 1 else None

    @admin.action(description=gettext_lazy("Merge into the oldest of them"), permissions=["work"])
    def merge_many(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        rows = within(request, queryset, WORKERS).order_by("opened_at", "pk")
        tickets: list[Ticket] = list(rows[: merging.MAX_TICKETS + 2])
        try:
            if len(tickets) < 2:
                raise merging.NotPossible(_("Select at least two tickets to merge."))
            merging.merge(tickets[1:], into=tickets[0], by=cast(User, request.user))
        except merging.NotPossible as error:
            messages.error(request, str(error))
        else:
            words = {"n": len(tickets) - 1, "reference": tickets[0].reference}
            messages.success(request, _("%(n)d tickets were merged into %(reference)s.") % words)

    @admin.action(description=gettext_lazy("Mark as read"), permissions=["view"])
    def mark_read(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        rows = within(request, queryset, READERS)[: handling.MAX_TICKETS]
        looks.mark_read(list(rows), by=cast(User, request.user))

    @admin.action(description=gettext_lazy("Set status: open"), permissions=["work"])
    def set_open(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        _set(request, queryset, Status.OPEN)

    @admin.action(description=gettext_lazy("Set status: waiting for the customer"), permissions=["work"])
    def set_waiting(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        _set(request, queryset, Status.WAITING)

    @admin.action(description=gettext_lazy("Set status: solved"), permissions=["work"])
    def set_solved(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        _set(request, queryset, Status.SOLVED)

    @admin.action(description=gettext_lazy("Set status: closed"), permissions=["work"])
    def set_closed(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        _set(request, queryset, Status.CLOSED)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)  # type: ignore[misc]
        if obj is not None and (field := form.base_fields.get("assignee")):
            field.queryset = who_may_have({obj.tenant_id}, request, kept=obj.assignee_id)
        return form


def who_may_have(tenants: set[int], request: HttpRequest, *, kept: int | None = None) -> QuerySet[User]:
    """Those who work for all these tenants, whoever has the ticket now, and the one who asks."""
    people = User.objects.filter(is_active=True)
    for tenant_id in tenants:
        people = people.filter(memberships__tenant_id=tenant_id, memberships__role__in=list(WORKERS))
    chosen = Q(pk__in=people.values("pk")) | Q(pk__in=[pk for pk in (kept, request.user.pk) if pk])
    return User.objects.filter(chosen).order_by("username")


def _set(request: HttpRequest, tickets: QuerySet[Any], status: Ticket.Status) -> None:
    _say(request, handling.set_status(within(request, tickets, WORKERS), status, by=cast(User, request.user)))


def _say(request: HttpRequest, count: int) -> None:
    text = ngettext("%(n)d ticket was changed.", "%(n)d tickets were changed.", count)
    messages.success(request, text % {"n": count})
