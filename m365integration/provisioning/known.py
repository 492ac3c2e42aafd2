"""What the database knows already, by name: for references to rows that a document does not repeat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User

from mailboxes.models import Mailbox
from tenants.models import AppRegistration, Tenant
from tickets.models import Queue

_ByTenant = dict[str, set[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    #: Cloud and directory id of each tenant.
    tenants: dict[str, tuple[str, str]]
    registrations: _ByTenant
    queues: _ByTenant
    mailboxes: _ByTenant
    usernames: set[str]


def load_known() -> Known:
    """Read the names with one query for each kind."""
    tenants = Tenant.objects.values_list("name", "cloud", "directory_id")
    return Known(
        tenants={name: (cloud, directory) for name, cloud, directory in tenants},
        registrations=_grouped(AppRegistration.objects.order_by().values_list("tenant__name", "name")),
        queues=_grouped(Queue.objects.order_by().values_list("tenant__name", "name")),
        mailboxes=_grouped(Mailbox.objects.order_by().values_list("tenant__name", "address")),
        usernames=set(User.objects.values_list("username", flat=True)),
    )


def _grouped(pairs: Iterable[tuple[str, str]]) -> _ByTenant:
    found: _ByTenant = defaultdict(set)
    for tenant, name in pairs:
        found[tenant].add(name)
    return found
