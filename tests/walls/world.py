"""Two customers with a row of every kind each, and one person of every role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from mailboxes.models import ExaminationResult, OutboundMessage, Sender
from tenants.models import Alert, AuditEntry, Consent, Membership, ScopeProof, Tenant
from tenants.ownership import TenantOwned
from tests.factories import (
    RECEIVED_AT,
    AppRegistrationFactory,
    AttachmentFactory,
    CannedAnswerFactory,
    CredentialFactory,
    EntryFactory,
    FolderFactory,
    InboundMessageFactory,
    MailboxFactory,
    MembershipFactory,
    OperatorFactory,
    QueueFactory,
    RuleFactory,
    TagFactory,
    TenantFactory,
    TicketFactory,
    UserFactory,
    mail,
)
from tickets.models import AnswerDraft, Approval, ApprovalAnswer, ApprovalRequest, AutoAnswer, DecisionWord

#: Stands in every text of a tenant's rows; nobody of the other one may ever read it.
CANARIES: Final = {"a": "quokkaland", "b": "zebrastan"}
MISSING: Final = 987654
PNG: Final = b"\x89PNG\r\n\x1a\n" + bytes(40)
OUTSIDERS: Final = ("anonymous", "unstaffed")
#: Role → the tenant it works for; "" for nobody's, "ab" for the operator's.
REACH: Final = {
    "anonymous": "",
    "unstaffed": "",
    "newcomer": "",
    "viewer": "a",
    "agent": "a",
    "admin": "a",
    "stranger": "b",
    "operator": "ab",
}


@dataclass(slots=True)
class World:
    """`rows` by (model label, tenant); `people` by role."""

    rows: dict[tuple[str, str], Model] = field(default_factory=dict)
    people: dict[str, User | None] = field(default_factory=dict)

    def row(self, label: str, whose: str) -> Any:
        return self.rows[label, whose]

    def tenant(self, whose: str) -> Tenant:
        found: Tenant = self.row("tenants.tenant", whose)
        return found

    def client(self, role: str) -> Client:
        client = Client()
        if (person := self.people[role]) is not None:
            client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        return client

    def pk(self, label: str, target: str) -> int:
        return MISSING if target == "missing" else int(self.row(label, target).pk)


def build() -> World:
    world = World()
    for whose, canary in CANARIES.items():
        for row in _rows(canary):
            world.rows[row._meta.label_lower, whose] = row
    newcomer, unstaffed = UserFactory(username="newcomer"), UserFactory(username="unstaffed", is_staff=False)
    world.people = {"anonymous": None, "unstaffed": unstaffed, "newcomer": newcomer}
    for role, person in {"viewer": "a", "agent": "a", "admin": "a", "stranger": "b"}.items():
        given = Membership.Role.ADMIN if role == "stranger" else Membership.Role(role)
        user = UserFactory(username=role)
        MembershipFactory(tenant=world.tenant(person), user=user, role=given)
        world.people[role] = user
    world.people["operator"] = OperatorFactory(username="operator")
    return world


def _rows(canary: str) -> Iterator[Model]:
    tenant = TenantFactory(name=f"{canary} Ltd", domain=f"{canary}.example")
    registration = AppRegistrationFactory(tenant=tenant, name=f"{canary} app")
    queue = QueueFactory(tenant=tenant, name=f"{canary} queue")
    mailbox = MailboxFactory(
        tenant=tenant, registration=registration, queue=queue, trouble={"code": "x", "cause": canary}
    )
    ledger = InboundMessageFactory(
        mailbox=mailbox,
        subject=f"{canary} mail",
        sender=f"x@{canary}.example",
        state="quarantined",
        raw=mail(),
    )
    ticket = TicketFactory(
        tenant=tenant, queue=queue, mailbox=mailbox, subject=f"{canary} ticket", requester_name=canary
    )
    tag = TagFactory(tenant=tenant, name=f"{canary} tag")
    ticket.tags.add(tag)
    entry = EntryFactory(ticket=ticket, text=canary, new_text=canary, html=f"<p>{canary}</p>")
    member = UserFactory(username=f"{canary}-member", email=f"member@{canary}.example")
    yield Alert.objects.create(
        kind=Alert.Kind.MAILBOX_TROUBLE,
        subject=f"{mailbox} of {tenant}",
        cause=canary,
        fix=canary,
        opened_at=RECEIVED_AT,
    )
    yield from (tenant, registration, queue, mailbox, ledger, ticket, entry, tag)
    yield from (member, MembershipFactory(tenant=tenant, user=member, role="viewer"))
    yield from (CredentialFactory(registration=registration), RuleFactory(tenant=tenant, name=canary))
    yield Consent.objects.create(
        tenant=tenant, registration=registration, roles=f"{canary}.Read", proved_at=RECEIVED_AT
    )
    yield AuditEntry.objects.create(
        tenant=tenant, actor=canary, action="changed", subject=canary, details={"name": [canary, canary]}
    )
    yield from (*_found(canary, registration, mailbox), *_on_ticket(canary, ticket, member))
    yield OutboundMessage.objects.create(
        tenant=tenant,
        mailbox=mailbox,
        key=canary,
        subject=f"{canary} answer",
        text=canary,
        message_id=f"<{canary}@contoso.example>",
        to=[{"name": canary, "email": f"x@{canary}.example"}],
        state="failed",
        error={"code": "x", "cause": canary, "who": "user", "fix": canary},
    )
    yield AttachmentFactory(entry=entry, name=f"{canary}.png", content=PNG)


def _on_ticket(canary: str, ticket: Any, member: User) -> Iterator[Model]:
    yield AnswerDraft.objects.create(
        tenant=ticket.tenant, ticket=ticket, user=member, text=canary, to=canary, written_at=RECEIVED_AT
    )
    yield from _approvals(canary, ticket)


def _approvals(canary: str, ticket: Any) -> Iterator[Model]:
    """Give a question, who was asked, and what came back."""
    tenant = ticket.tenant
    approval = Approval.objects.create(
        tenant=tenant,
        ticket=ticket,
        mailbox=ticket.mailbox,
        question=f"{canary}?",
        context=canary,
        deadline_at=timezone.now() + timedelta(days=1),
    )
    request = ApprovalRequest.objects.create(
        tenant=tenant, approval=approval, name=canary, address=f"x@{canary}.example"
    )
    yield from (approval, request)
    yield ApprovalAnswer.objects.create(
        tenant=tenant,
        approval=approval,
        request=request,
        happened_at=RECEIVED_AT,
        mail=1,
        sender=f"x@{canary}.example",
        said=canary,
        counted_as="doubtful",
        reason=canary,
        outcome="open",
    )
    yield DecisionWord.objects.create(tenant=tenant, phrase=canary, means="approve")


def _said(canary: str, mailbox: Any) -> Iterator[Model]:
    """Give what staff have in the can, and who was acknowledged."""
    yield CannedAnswerFactory(tenant=mailbox.tenant, queue=mailbox.queue, name=canary, text=canary)
    yield AutoAnswer.objects.create(
        tenant=mailbox.tenant, mailbox=mailbox, email=f"x@{canary}.example", answered_at=RECEIVED_AT
    )


def _found(canary: str, registration: Any, mailbox: Any) -> Iterator[Model]:
    """Give what trying and examining has left behind."""
    yield from _said(canary, mailbox)
    yield Sender.objects.create(tenant=mailbox.tenant, mailbox=mailbox, address=f"desk@{canary}.example")
    yield FolderFactory(
        mailbox=mailbox, path=canary, other_installation={"installation": "x", "url": canary, "since": canary}
    )
    yield ScopeProof.objects.create(
        tenant=registration.tenant,
        registration=registration,
        address=f"ceo@{canary}.example",
        result="open",
        trouble={"code": "x", "cause": canary, "who": "user", "fix": canary},
        proved_at=RECEIVED_AT,
    )
    yield ExaminationResult.objects.create(
        tenant=registration.tenant,
        mailbox=mailbox,
        is_ok=False,
        examined_at=RECEIVED_AT,
        checks=[
            {
                "id": "token",
                "status": "fail",
                "code": "x",
                "cause": canary,
                "who": "user",
                "fix": canary,
                "detail": canary,
            }
        ],
    )


def owned_models() -> list[type[TenantOwned]]:
    return [model for model in apps.get_models() if issubclass(model, TenantOwned)]


def snapshot(tenant: Tenant) -> dict[str, list[Any]]:
    """Give every column of every row of a tenant."""
    found = {
        model._meta.label: list(model._base_manager.filter(tenant=tenant).order_by("pk").values_list())
        for model in owned_models()
    }
    return found | {"Tenant": list(Tenant._base_manager.filter(pk=tenant.pk).values_list())}


#: What changes no row of a tenant: looking, brackets of transactions, and the session of whoever asks.
_HARMLESS: Final = re.compile(
    r"\s*(SELECT|SAVEPOINT|RELEASE|ROLLBACK|(INSERT INTO|UPDATE|DELETE FROM) \"django_session\")",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Undone:
    """What is taken back; comparing every row is only needed where something was written at all."""

    has_written: bool = False

    def _watch(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.has_written |= _HARMLESS.match(sql) is None
        return execute(sql, params, many, context)


@contextmanager
def undone() -> Iterator[Undone]:
    """Let something happen, notice whether it writes, and take it back."""
    point, undone = transaction.savepoint(), Undone()
    try:
        with connection.execute_wrapper(undone._watch):
            yield undone
    finally:
        transaction.savepoint_rollback(point)
