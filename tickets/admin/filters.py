"""What the list of tickets is narrowed by besides its columns."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.admin.theme import ThemedSimpleFilter
from tickets.looks import unread
from tickets.models.ticket import UNSOLVED
from tickets.watching import news


class MineFilter(ThemedSimpleFilter):
    """What has to do with the one who looks: news he has not read, tickets he follows."""

    title = _("what concerns me")
    parameter_name = "for_me"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("unread", _("Unread and not done")),
            ("watched", _("I watch it")),
            ("news", _("News on what I watch")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        if self.value() == "unread":
            return unread(queryset.filter(status__in=UNSOLVED))
        if self.value() == "news":
            return news(queryset, by=cast(User, request.user))
        if self.value() == "watched":
            return queryset.filter(watchers=cast(User, request.user))
        return None


class DueFilter(ThemedSimpleFilter):
    title = _("due")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("over", _("Overdue")),
            ("today", _("Today")),
            ("week", _("Within seven days")),
            ("none", _("No due date")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        today = timezone.localdate()
        match self.value():
            case "over":
                return queryset.filter(due_on__lt=today, status__in=UNSOLVED)
            case "today":
                return queryset.filter(due_on=today)
            case "week":
                return queryset.filter(due_on__range=(today, today + timedelta(days=7)))
            case "none":
                return queryset.filter(due_on=None)
        return None
