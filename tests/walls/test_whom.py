"""Code that forgets to say whose rows it asks for fails, before it shows any."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db.models import Exists, Max, OuterRef
from django.test import Client

from mailboxes.models import Folder, InboundMessage, Mailbox
from tenants.models import Membership
from tenants.ownership import OwnedQuerySet, TenantOwned
from tenants.whom import (
    NobodySaidForWhom,
    RowOfAnotherTenant,
    for_its_tenant,
    for_machine,
    until_said,
)
from tests.factories import FolderFactory, MailboxFactory, MembershipFactory, OperatorFactory
from tests.tenants.admin.conftest import signed_in
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
OWNED = [model for model in apps.get_models() if issubclass(model, TenantOwned)]


@pytest.fixture
def mailbox() -> Mailbox:
    return FolderFactory().mailbox


@pytest.fixture
def request_of_somebody(mailbox: Mailbox) -> Iterator[None]:
    with until_said():
        yield


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model._meta.label)
def test_every_model_of_a_tenant_has_the_guarded_rows(model: Any) -> None:
    assert isinstance(model._default_manager.all(), OwnedQuerySet)
    with until_said(), pytest.raises(NobodySaidForWhom, match=r"visible_to\(request.user\)"):
        model._default_manager.first()


FORGETFUL: dict[str, Callable[[], Any]] = {
    "list": lambda: list(Mailbox.objects.all()),
    "get": lambda: Mailbox.objects.get(pk=1),
    "count": lambda: Mailbox.objects.filter(is_active=True).count(),
    "exists": lambda: Mailbox.objects.filter(address__contains="help").exists(),
    "aggregate": lambda: Mailbox.objects.aggregate(n=Max("pk")),
    "values": lambda: list(Mailbox.objects.values_list("address")),
    "iterator": lambda: next(Mailbox.objects.iterator(), None),
    "in_bulk": lambda: Mailbox.objects.in_bulk([1]),
    "update": lambda: Mailbox.objects.filter(pk=1).update(is_active=False),
    "delete": lambda: Folder.objects.filter(pk=1).delete(),
    "raw": lambda: list(Mailbox.objects.raw("SELECT * FROM mailboxes_mailbox")),
    "number of another row": lambda: list(Folder.objects.filter(mailbox_id=1)),
    "all but a tenant": lambda: list(Mailbox.objects.exclude(tenant_id=1)),
    "a property of the tenant": lambda: list(Mailbox.objects.filter(tenant__is_active=True)),
    "one or the other": lambda: list(Mailbox.objects.filter(tenant_id=1) | Mailbox.objects.all()),
    "subquery": lambda: list(Membership.objects.filter(tenant_id=1).filter(Exists(Mailbox.objects.all()))),
    "union": lambda: list(Mailbox.objects.filter(tenant_id=1).union(Mailbox.objects.all())),
}


@pytest.mark.parametrize("ask", FORGETFUL.values(), ids=FORGETFUL)
@pytest.mark.usefixtures("request_of_somebody")
def test_a_query_that_says_for_nobody_is_refused(ask: Callable[[], Any]) -> None:
    with pytest.raises(NobodySaidForWhom):
        ask()


SAID: dict[str, Callable[[Mailbox], Any]] = {
    "tenant": lambda one: Mailbox.objects.filter(tenant=one.tenant),
    "number of a tenant": lambda one: Mailbox.objects.filter(tenant_id__in=[one.tenant_id]),
    "tenant of a relation": lambda one: Folder.objects.filter(mailbox__tenant=one.tenant),
    "row at hand": lambda one: Folder.objects.filter(mailbox=one),
    "rows at hand": lambda one: Folder.objects.filter(mailbox__in=[one]),
    "what hangs on a row": lambda one: one.folders.all(),
    "subquery that says it": lambda one: Folder.objects.filter(
        mailbox__in=Mailbox.objects.filter(tenant=one.tenant)
    ),
    "outer query that says it": lambda one: Mailbox.objects.filter(tenant=one.tenant).filter(
        Exists(Folder.objects.filter(mailbox=OuterRef("pk")))
    ),
    "machine": lambda one: Mailbox.objects.for_machine(),
}


@pytest.mark.parametrize("ask", SAID.values(), ids=SAID)
def test_a_query_that_says_for_whom_answers(mailbox: Mailbox, ask: Callable[[Mailbox], Any]) -> None:
    with until_said():
        assert list(ask(mailbox)) != []


def test_a_person_sees_his_own_and_the_operator_everything(mailbox: Mailbox) -> None:
    member = MembershipFactory(tenant=mailbox.tenant, role="viewer").user
    MailboxFactory()
    with until_said():
        assert Mailbox.objects.visible_to(member).count() == 1
        assert Mailbox.objects.visible_to(OperatorFactory()).count() == 2


def test_a_flow_acts_for_the_tenant_of_its_row_and_stops_at_another(mailbox: Mailbox) -> None:
    other = MailboxFactory()

    @for_its_tenant
    def addresses(_mailbox: Mailbox, ids: list[int]) -> list[str]:
        return [row.address for row in Mailbox.objects.filter(pk__in=ids)]

    with until_said():
        assert addresses(mailbox, [mailbox.pk]) == [mailbox.address]
        with pytest.raises(RowOfAnotherTenant):
            addresses(mailbox, [mailbox.pk, other.pk])


def test_the_machine_pays_no_query_and_no_look_for_it(
    mailbox: Mailbox, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1), for_machine():
        list(InboundMessage.objects.filter(mailbox_id=mailbox.pk))


def test_a_page_that_forgets_fails_for_everybody(monkeypatch: pytest.MonkeyPatch, mailbox: Mailbox) -> None:
    """The operator's as well: who wrote the page tries it as the operator."""
    monkeypatch.setattr("m365integration.dashboard.within", lambda request, rows, roles=(): rows)
    client: Client = signed_in(OperatorFactory())
    with pytest.raises(NobodySaidForWhom):
        client.get("/admin/")


def test_a_row_is_still_checked_against_all_others_for_what_must_be_unique(mailbox: Mailbox) -> None:
    ticket = Ticket(tenant=mailbox.tenant, reference="AB-AAAAAAAAAA")
    with until_said():
        ticket.validate_unique()


@pytest.mark.django_db
def test_the_watch_needs_nobody_to_say_for_whom_it_looks() -> None:
    with until_said():
        call_command("watch", "--once")
