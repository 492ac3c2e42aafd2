"""Write a checked plan: rows are made where there are none, and only columns that differ are touched."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone

from m365integration.provisioning.plan import (
    CannedAnswerPlan,
    Columns,
    CredentialPlan,
    MailboxPlan,
    Plan,
    RegistrationPlan,
    RulePlan,
    StaffPlan,
    TenantPlan,
)
from mailboxes import tokens
from mailboxes.models import Mailbox
from mailboxes.models.mailbox import TARGETS
from mailboxes.sides import SendingSide
from tenants import audit
from tenants.app_tokens import forget
from tenants.models import AppRegistration, Credential, Membership, Tenant
from tenants.models.credential import store_credential
from tickets.models import CannedAnswer, Queue, Rule

#: What the rows are called in the document, and so in the answer.
_KINDS: Final[dict[type[models.Model], str]] = {
    Tenant: "tenants",
    AppRegistration: "registrations",
    Credential: "credentials",
    Queue: "queues",
    Mailbox: "mailboxes",
    Rule: "rules",
    CannedAnswer: "canned_answers",
    User: "staff",
    Membership: "memberships",
}
#: Columns of a mailbox that refer to a registration.
_REGISTRATIONS: Final = ("registration", "outbound_registration")


@dataclass(slots=True)
class Counts:
    created: int = 0
    updated: int = 0
    unchanged: int = 0


class Writer:
    """Writes one plan; call it inside a transaction."""

    def __init__(self) -> None:
        self.counts: dict[str, Counts] = defaultdict(Counts)
        self._told: list[dict[str, Any]] = []

    def write(self, plan: Plan) -> None:
        for tenant in plan.tenants:
            self._tenant(tenant)
        for member in plan.staff:
            self._member(member)
        for tenant in plan.tenants:  # last: they may name staff of the same document
            self._rules(tenant)
        audit.note_many(self._told)

    def _tenant(self, plan: TenantPlan) -> None:
        row = Tenant.objects.filter(name=plan.name).first() or Tenant(name=plan.name)
        has_moved = self._save(row, plan.columns) and {"directory_id", "cloud"} & plan.columns.keys()
        for queue in plan.queues:
            stored_queue = Queue.objects.filter(tenant=row, name=queue.name).first()
            self._save(stored_queue or Queue(tenant=row, name=queue.name), queue.columns)
        for registration in plan.registrations:
            self._registration(row, registration)
        stored = {one.name: one for one in AppRegistration.objects.filter(tenant=row)}
        if has_moved:
            for one in stored.values():
                _prove_anew(one)
        queues = {one.name: one for one in Queue.objects.filter(tenant=row)}
        for mailbox in plan.mailboxes:
            self._mailbox(row, mailbox, stored, queues)
        for answer in plan.canned_answers:
            self._canned_answer(row, answer, queues)

    def _canned_answer(
        self, tenant: Tenant, plan: CannedAnswerPlan, queues: Mapping[str, models.Model]
    ) -> None:
        row = CannedAnswer.objects.filter(tenant=tenant, name=plan.name).first()
        columns = dict(plan.columns)
        queue = queues.get(columns.pop("queue"))
        columns["queue_id"] = queue.pk if queue is not None else None
        self._save(row or CannedAnswer(tenant=tenant, name=plan.name), columns)

    def _registration(self, tenant: Tenant, plan: RegistrationPlan) -> None:
        row = AppRegistration.objects.filter(tenant=tenant, name=plan.name).first()
        row = row or AppRegistration(tenant=tenant, name=plan.name)
        has_changed = self._save(row, plan.columns)
        is_new_credential = plan.credential is not None and self._credential(row, plan.credential)
        if has_changed or is_new_credential:
            _prove_anew(row)

    def _credential(self, registration: AppRegistration, plan: CredentialPlan) -> bool:
        """Add the credential unless the newest readable one is the same; then only its date may change."""
        newest = _newest_readable(registration)
        if newest is None or newest.kind != plan.kind or json.loads(newest.secret.material) != plan.material:
            fresh = Credential(
                tenant_id=registration.tenant_id,
                registration=registration,
                kind=plan.kind,
                expires_on=plan.expires_on,
            )
            store_credential(fresh, **plan.material)
            self.counts["credentials"].created += 1
            self._tell(audit.Action.ADDED, fresh, {})
            return True
        self._save(newest, {"expires_on": plan.expires_on} if plan.says_expiry else {})
        return False

    def _mailbox(
        self,
        tenant: Tenant,
        plan: MailboxPlan,
        registrations: Mapping[str, models.Model],
        queues: Mapping[str, models.Model],
    ) -> None:
        row = Mailbox.objects.filter(tenant=tenant, address=plan.address).first()
        row = row or Mailbox(tenant=tenant, address=plan.address)
        columns = dict(plan.columns)
        for rows, keys in ((registrations, _REGISTRATIONS), (queues, ("queue",))):
            for key in columns.keys() & set(keys):
                found = rows.get(columns.pop(key))
                columns[f"{key}_id"] = found.pk if found is not None else None
        was = (row.since, row.since_at)
        is_new = row.pk is None
        # What the form asks a person to confirm, who writes a document has thought of.
        row.count_confirmed_at = row.count_confirmed_at or timezone.now()
        if not is_new:
            Mailbox.objects.filter(pk=row.pk, count_confirmed_at=None).update(
                count_confirmed_at=row.count_confirmed_at, held_mails=None
            )
        self._save(row, _with_consequences(row, columns))
        if not is_new and was != (row.since, row.since_at):
            row.walk_again()
        sides = (
            ("password", row, plan.password),
            ("outbound_password", SendingSide(row), plan.sending_password),
        )
        for name, side, password in sides:
            if password is not None and tokens.change_password(side, password):
                self._tell(audit.Action.CHANGED, row, {name: []})

    def _rules(self, plan: TenantPlan) -> None:
        tenant = Tenant.objects.get(name=plan.name)
        queues = {one.name: one for one in Queue.objects.filter(tenant=tenant)}
        for rule in plan.rules:
            self._rule(tenant, rule, queues)

    def _rule(self, tenant: Tenant, plan: RulePlan, queues: Mapping[str, models.Model]) -> None:
        row = Rule.objects.filter(tenant=tenant, name=plan.name).first() or Rule(
            tenant=tenant, name=plan.name
        )
        columns = dict(plan.columns)
        queue, assignee = queues.get(columns.pop("queue")), columns.pop("assignee")
        person = User.objects.filter(username=assignee).first() if assignee else None
        columns |= {
            "queue_id": queue.pk if queue is not None else None,
            "assignee_id": person.pk if person is not None else None,
        }
        self._save(row, columns)

    def _member(self, plan: StaffPlan) -> None:
        row = User.objects.filter(username=plan.username).first() or User(username=plan.username)
        columns: Columns = {**plan.columns, "is_staff": True}
        if row.pk is None or (plan.password is not None and not row.check_password(plan.password)):
            columns["password"] = make_password(plan.password)
        self._save(row, columns)
        for tenant in Tenant.objects.filter(name__in=plan.tenants):
            member = Membership.objects.filter(user=row, tenant=tenant).first()
            self._save(member or Membership(user=row, tenant=tenant), {"role": plan.role})

    def _save(self, row: models.Model, columns: Columns) -> bool:
        """Save what differs and count it; gives True when a stored row was changed."""
        counts = self.counts[_KINDS[type(row)]]
        changed = {name: value for name, value in columns.items() if getattr(row, name) != value}
        told = audit.changed({name: getattr(row, name) for name in changed}, changed)
        for name, value in changed.items():
            setattr(row, name, value)
        if row.pk is None:
            row.save()
            counts.created += 1
            self._tell(audit.Action.ADDED, row, told)
            return False
        if not changed:
            counts.unchanged += 1
            return False
        row.save(update_fields=list(changed))
        counts.updated += 1
        self._tell(audit.Action.CHANGED, row, told)
        return True

    def _tell(self, action: audit.Action, row: models.Model, details: Mapping[str, Any]) -> None:
        self._told.append(audit.line(action, row, by="manage.py provision", details=details))


def _newest_readable(registration: AppRegistration) -> Credential | None:
    every = registration.credentials.select_related("secret").order_by("-pk")
    return next((credential for credential in every if credential.is_readable()), None)


def _prove_anew(registration: AppRegistration) -> None:
    """Make the next look sign in anew, and let it be now: what stood in its way may be mended."""
    forget(registration)
    Mailbox.objects.filter(registration=registration).update(next_sync_at=timezone.now())


def _with_consequences(row: Mailbox, columns: Columns) -> Columns:
    """Add to the columns of a stored mailbox what a change of one brings about in others."""
    if row.pk is None:
        return columns
    found: dict[str, Any] = dict(columns)
    differs = {name for name, value in columns.items() if getattr(row, name) != value}
    for name in differs & TARGETS.keys():
        # Another name: the next run looks its id up anew.
        found[TARGETS[name]] = ""
    if "since" in differs and "since_at" not in columns:
        is_now = columns["since"] == Mailbox.Since.NOW
        found["since_at"] = timezone.now() if is_now else None
    if differs:
        found["next_sync_at"] = timezone.now()
    return found
