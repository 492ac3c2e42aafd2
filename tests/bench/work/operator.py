"""The operator's pages over many customers: fill a database, then ask for each page and read what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any, Final

from django.db import connection, models
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mailboxes.models import InboundMessage, Mailbox
from tenants.models import AppRegistration, Membership, Tenant
from tests import factories
from tests.bench.meter import Statements, measured
from tickets.models import Queue, Ticket

ROUNDS: Final = 7
QUEUES_PER_TENANT: Final = 3
#: SQL of a moment so many minutes ago, spread over 400 days; most mail and tickets of a desk are old.
SPREAD: Final = "now() - (({g}::bigint * 7919) % 576000) * interval '1 minute'"


def main(orders: dict[str, Any]) -> dict[str, Any]:
    fill(**orders["sizes"])
    return {person: ask(user) for person, user in people().items()}


def fill(*, tenants: int, mailboxes: int, tickets: int, mails: int) -> None:
    """Multiply one row of each kind by what the database can do itself."""
    first = _multiply(
        Tenant, factories.TenantFactory(), tenants, name="'T' || g", directory_id="gen_random_uuid()"
    )
    own = {"tenant_id": f"{first} + g % {tenants}"}
    seed = factories.TicketFactory(tenant_id=first)
    registration = _multiply(AppRegistration, seed.mailbox.registration, tenants, **own)
    queues = tenants * QUEUES_PER_TENANT
    queue = _multiply(Queue, seed.queue, queues, **own, name=f"'Q' || g / {tenants}")
    own |= {"queue_id": f"{queue} + g % {queues}"}
    trouble = """CASE WHEN g % 97 = 0 THEN '{"code":"x","cause":"c","who":"operator","fix":"f"}'::jsonb END"""
    mailbox = _multiply(
        Mailbox,
        seed.mailbox,
        mailboxes,
        **own,
        address="'box' || g || '@contoso.example'",
        registration_id=f"{registration} + g % {tenants}",
        trouble=trouble,
        trouble_since_at="now()",
        last_mail_at="now() - g * interval '1 minute'",
    )
    _multiply(Ticket, seed, tickets, **own, **_ticket(f"{mailbox} + g % {mailboxes}"))
    mail = factories.InboundMessageFactory(mailbox=seed.mailbox)
    _multiply(InboundMessage, mail, mails, **_mail(f"{mailbox} + g % {mailboxes}", own["tenant_id"]))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _ticket(mailbox_id: str) -> dict[str, str]:
    done = "g % 5 < 4"
    return {
        "reference": "'R' || g",
        "reply_token": "'t' || g",
        "mailbox_id": mailbox_id,
        "opened_at": SPREAD.format(g="g"),
        "last_entry_at": SPREAD.format(g="(g + 31)"),
        "status": f"CASE WHEN {done} THEN 'closed' WHEN g % 3 = 0 THEN 'new' ELSE 'open' END",
        "closed_at": f"CASE WHEN {done} THEN {SPREAD.format(g='(g + 17)')} END",
    }


def _mail(mailbox_id: str, tenant_id: str) -> dict[str, str]:
    return {
        "tenant_id": tenant_id,
        "mailbox_id": mailbox_id,
        "remote_key": "'k' || g",
        "received_at": SPREAD.format(g="g"),
        "state": "CASE WHEN g % 5000 = 0 THEN 'quarantined' ELSE 'filed' END",
        "acknowledged_at": "now()",
    }


def _multiply(model: type[models.Model], row: models.Model, count: int, **expressions: str) -> int:
    """Copy a row `count` times, some columns by SQL over the number g; gives the id of the first copy."""
    table = model._meta.db_table
    columns = [field.column for field in model._meta.concrete_fields if not field.primary_key]
    wanted: Mapping[str, str] = {column: expressions.get(column, f"one.{column}") for column in columns}
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(wanted)}) SELECT {', '.join(wanted.values())} "
            f"FROM {table} AS one, generate_series(0, {count - 1}) AS g WHERE one.id = {row.pk} ORDER BY g"
        )
        cursor.execute(f"SELECT max(id) - {count - 1} FROM {table}")
        return int(cursor.fetchone()[0])


def people() -> dict[str, Any]:
    """Make the operator, and an admin of one tenant."""
    admin = factories.MembershipFactory(tenant=Tenant.objects.get(name="T7"), role=Membership.Role.ADMIN)
    return {"operator": factories.OperatorFactory(), "admin of one tenant": admin.user}


def ask(user: Any) -> dict[str, Any]:
    """Ask for each page; the processor may be shared, so the middle of several rounds counts."""
    client = Client(SERVER_NAME="localhost", HTTP_HOST="localhost")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    mailbox = Mailbox.objects.filter(tenant__name="T7", trouble__isnull=True)[0]
    pages = {
        "overview": reverse("admin:index"),
        "tenants": reverse("admin:tenants_tenant_changelist"),
        "mailboxes": reverse("admin:mailboxes_mailbox_changelist"),
        "mailboxes in trouble": reverse("admin:mailboxes_mailbox_changelist") + "?health=trouble",
        "one mailbox": reverse("admin:mailboxes_mailbox_change", args=[mailbox.pk]),
        "quarantine": reverse("admin:mailboxes_inboundmessage_changelist") + "?state__exact=quarantined",
        "awaited tickets": reverse("admin:tickets_ticket_changelist")
        + f"?status__in=new,open&last_entry_by=customer&last_entry_at__lt={timezone.now():%Y-%m-%d}T00:00:00Z",
    }
    if user.is_superuser:
        pages |= {"alerts": reverse("admin:tenants_alert_changelist"), "metrics": "/metrics"}
    statements = Statements()
    return {name: _page(client, address, statements) for name, address in pages.items()}


def _page(client: Client, address: str, statements: Statements) -> dict[str, Any]:
    walls, counts, answer = [], set(), None
    for _round in range(ROUNDS):
        with measured(statements) as spent:
            answer = client.get(address, REMOTE_ADDR="127.0.0.1")
        walls.append(spent.wall_s * 1000)
        counts.add(spent.statements)
    assert answer is not None
    assert answer.status_code == 200, (address, answer.status_code)
    # The first opens connections and compiles templates.
    return {
        "wall_ms": median(walls[1:]),
        "statements": max(counts),
        "size_bytes": len(answer.content),
    }
