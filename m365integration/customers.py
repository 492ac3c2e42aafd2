"""Flows over all rooms for one customer: switch off, switch on, forget."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import models, router, transaction
from django.db.models import CharField, QuerySet
from django.db.models.functions import Cast
from django.utils import timezone

from mailboxes import storage
from mailboxes.models import Mailbox
from mailboxes.pausing import cut_off
from tenants import audit
from tenants.models import Alert, Tenant
from tenants.ownership import TenantOwned
from tickets.models import Queue, SavedFilter
from tickets.search.sqlite import press


class StillOn(Exception):
    """A tenant is removed only while it is switched off: nobody may be writing what is being removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What went with a tenant: the number of rows of each kind, by the kind's name in the plural."""

    counts: Mapping[str, int]

    def __str__(self) -> str:
        return ", ".join(f"{count} {name}" for name, count in self.counts.items() if count)


def switch_off(tenants: QuerySet[Tenant]) -> None:
    """Stop all mail of these tenants: nothing is begun any more, and what is under way ends at its next step."""
    with transaction.atomic():
        ids = list(tenants.values_list("pk", flat=True))
        Tenant.objects.filter(pk__in=ids).update(is_active=False)
        cut_off(Mailbox.objects.filter(tenant_id__in=ids))


def switch_on(tenants: QuerySet[Tenant]) -> None:
    """Let mail flow again; mailboxes are looked at with the next turn of the schedule."""
    with transaction.atomic():
        ids = list(tenants.values_list("pk", flat=True))
        Tenant.objects.filter(pk__in=ids).update(is_active=True)
        Mailbox.objects.filter(tenant_id__in=ids).update(next_sync_at=timezone.now())


def belongings(tenant: Tenant) -> dict[str, int]:
    """Count what a tenant has, by the kind's name in the plural."""
    return {
        str(model._meta.verbose_name_plural): rows.count()
        for model, rows in _owned(tenant)
        if not model._meta.auto_created
    }


def remove(tenant: Tenant, *, by: audit.Actor = None) -> Removed:
    """Forget a tenant: rows, files and alerts. Nothing is asked of Microsoft, its mailboxes stay as they are.

    Raises StillOn. The files go after the commit; should this process die before, the daily sweep removes them.
    """
    with transaction.atomic():
        if Tenant.objects.select_for_update().get(pk=tenant.pk).is_active:
            raise StillOn
        removed = Removed(counts=belongings(tenant))
        # First: the database lets the lines of this tenant go only once this one stands.
        audit.note(audit.Action.TENANT_DELETED, tenant, by=by, rows=[str(removed)])
        Alert.objects.filter(tenant=tenant).delete()
        _forget_members(tenant)
        _forget_filters(tenant)
        for model, rows in _owned(tenant):
            _forget_log(model, rows)
            # Without a look for what hangs on each row: all of that is the tenant's, and stands in this list too.
            rows._raw_delete(router.db_for_write(model))
        _forget_log(Tenant, Tenant.objects.filter(pk=tenant.pk))
        Tenant.objects.filter(pk=tenant.pk)._raw_delete(router.db_for_write(Tenant))
        transaction.on_commit(partial(storage.remove_tenant, tenant.pk))
        transaction.on_commit(press)
    return removed


def _owned(tenant: Tenant) -> Iterator[tuple[type[models.Model], Any]]:
    """Give every kind of row with the rows of this tenant; databases check what refers to what at the commit."""
    for model in apps.get_models():
        if not issubclass(model, TenantOwned):
            continue
        for field in model._meta.many_to_many:
            through: Any = field.remote_field.through
            if through._meta.auto_created:
                yield through, through._base_manager.filter(**{f"{field.m2m_field_name()}__tenant": tenant})
        yield model, model._base_manager.filter(tenant=tenant)


def _forget_log(model: type[models.Model], rows: Any) -> None:
    """Remove the admin's history of these rows: it names addresses and subjects."""
    if not model._meta.auto_created:
        kind = ContentType.objects.get_for_model(model)
        ids = rows.order_by().values_list(Cast("pk", CharField()), flat=True)
        LogEntry.objects.filter(content_type=kind, object_id__in=ids).delete()


def _forget_filters(tenant: Tenant) -> None:
    """Remove what people keep of the list of tickets where it asks for the tenant or for queues of it."""
    queues = Queue.objects.filter(tenant=tenant).values_list("pk", flat=True)
    asked = "|".join([f"tenant__id__exact={tenant.pk}", *(f"queue__id__exact={pk}" for pk in queues)])
    SavedFilter.objects.filter(query__regex=f"(^|&)({asked})(&|$)").delete()


def _forget_members(tenant: Tenant) -> None:
    """Remove the history of accounts where it names the tenant; the accounts are the operator's, and stay."""
    kind = ContentType.objects.get_for_model(User)
    named = json.dumps(f" · {tenant.name}")[1:]
    LogEntry.objects.filter(content_type=kind, change_message__contains=named).delete()
