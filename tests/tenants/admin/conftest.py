"""Two customers, the people of the first, and a stranger."""

from dataclasses import dataclass

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tenants.models import AppRegistration, Membership, Tenant
from tests.factories import (
    AppRegistrationFactory,
    CredentialFactory,
    MembershipFactory,
    OperatorFactory,
    TenantFactory,
    UserFactory,
)


@dataclass(frozen=True)
class Desk:
    """Tenant `ours` with a registration and staff in each role, and `theirs`, of which nobody of ours may know."""

    ours: Tenant
    theirs: Tenant
    registration: AppRegistration
    foreign: AppRegistration
    admin: User
    agent: User
    viewer: User
    stranger: User
    operator: User


@pytest.fixture
def desk(db: None) -> Desk:
    ours, theirs = TenantFactory(name="Contoso"), TenantFactory(name="Fabrikam")
    registrations = [AppRegistrationFactory(tenant=tenant, name="Helpdesk") for tenant in (ours, theirs)]
    for registration in registrations:
        CredentialFactory(registration=registration)
    staff = {}
    for role in Membership.Role.values:
        staff[role] = UserFactory(username=role)
        MembershipFactory(tenant=ours, user=staff[role], role=role)
    stranger = UserFactory(username="stranger")
    MembershipFactory(tenant=theirs, user=stranger, role=Membership.Role.ADMIN)
    return Desk(
        ours,
        theirs,
        *registrations,
        **staff,
        stranger=stranger,
        operator=OperatorFactory(username="operator"),
    )


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client
