"""Whose row is it? What people may know of follows from their memberships alone."""

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser

from mailboxes.models import Mailbox
from tenants.models import Membership
from tenants.ownership import TenantOwned, tenant_ids_of
from tests import factories

pytestmark = pytest.mark.django_db

OWNED = [model for model in apps.get_models() if issubclass(model, TenantOwned)]


def test_member_sees_the_rows_of_his_tenants_only() -> None:
    membership = factories.MembershipFactory()
    own = factories.MailboxFactory(tenant=membership.tenant)
    somebody_elses = factories.MembershipFactory()
    factories.MailboxFactory(tenant=somebody_elses.tenant)
    assert list(Mailbox.objects.visible_to(membership.user)) == [own]


def test_member_of_two_tenants_sees_both() -> None:
    user = factories.UserFactory()
    tenants = {factories.MembershipFactory(user=user).tenant.pk for _ in range(2)}
    assert {row["tenant_id"] for row in tenant_ids_of(user)} == tenants


def test_operator_sees_everything() -> None:
    boxes = {factories.MailboxFactory().pk for _ in range(2)}
    assert {box.pk for box in Mailbox.objects.visible_to(factories.OperatorFactory())} == boxes


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model._meta.label)
def test_nobody_sees_anything_of_any_model(model: type[TenantOwned]) -> None:
    """Anonymous, without membership, and switched off, operators included."""
    factories.MailboxFactory(tenant=factories.MembershipFactory().tenant)
    nobodies = [AnonymousUser(), factories.UserFactory(), factories.OperatorFactory(is_active=False)]
    assert not any(model.objects.visible_to(nobody).exists() for nobody in nobodies)


def test_membership_that_ends_takes_the_view_away() -> None:
    membership = factories.MembershipFactory()
    factories.MailboxFactory(tenant=membership.tenant)
    Membership.objects.all().delete()
    assert not Mailbox.objects.visible_to(membership.user).exists()


def test_views_narrow_what_was_chosen_before() -> None:
    membership = factories.MembershipFactory()
    factories.MailboxFactory(tenant=membership.tenant, is_active=False)
    assert not Mailbox.objects.filter(is_active=True).visible_to(membership.user).exists()
    assert not Mailbox.objects.working().visible_to(membership.user).exists()
