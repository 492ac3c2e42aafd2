from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailboxes.models import Mailbox
from tenants.admin.theme import ThemedSimpleFilter


class HealthFilter(ThemedSimpleFilter):
    """Mailboxes by how they are; the same order of reasons as `health_of`."""

    title = _("state")
    parameter_name = "health"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [
            ("trouble", _("in trouble")),
            ("waiting", _("waiting for Microsoft")),
            ("paused", _("paused")),
            ("off", _("off")),
            ("working", _("working")),
            ("quiet", _("unusually quiet")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        off = Q(is_active=False) | Q(tenant__is_active=False) | Q(inbound_transport=Mailbox.Inbound.NONE)
        paused = Q(paused=Mailbox.Pause.STAFF)
        waiting = Q(retry_after_until__gt=timezone.now())
        ailing = Q(trouble__isnull=False)
        running = queryset.exclude(off).exclude(paused)
        chosen: dict[str, QuerySet[Any]] = {
            "off": queryset.filter(off),
            "paused": queryset.exclude(off).filter(paused),
            "waiting": running.filter(waiting),
            "trouble": running.exclude(waiting).filter(ailing),
            "quiet": running.filter(quiet_since_at__isnull=False),
            "working": running.exclude(waiting).exclude(ailing),
        }
        return chosen[found] if (found := str(self.value())) in chosen else queryset
