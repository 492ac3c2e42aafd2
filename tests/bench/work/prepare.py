"""Migrate an empty database and connect the mailbox that will be read."""

from typing import Any

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from tenants.models import Tenant
from tests import factories
from tests.bench import cloud


def main(orders: dict[str, Any]) -> dict[str, Any]:
    call_command("migrate", verbosity=0)
    tenant = factories.TenantFactory(
        name="Contoso",
        directory_id=cloud.DIRECTORY_ID,
        domain="contoso.example",
        cloud=Tenant.CloudName.CUSTOM,
    )
    registration = factories.AppRegistrationFactory(tenant=tenant, client_id=cloud.CLIENT_ID)
    factories.CredentialFactory(registration=registration, value=cloud.SECRET)
    factories.MailboxFactory(
        tenant=tenant, registration=registration, address=cloud.ADDRESS, count_confirmed_at=timezone.now()
    )
    if connection.vendor == "sqlite":
        # Nothing may be left in the log beside the file, or the copy of the file would lack it.
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return {}
