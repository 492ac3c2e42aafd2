"""Flow: prove that an application is limited to its mailboxes, by a mailbox it must be refused.

A refusal proves something only beside a success: with the same token one of its own mailboxes has to open first.
"""

from __future__ import annotations

import copy
from contextlib import closing
from datetime import datetime, timedelta
from typing import Final

from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from mailboxes.governor import VisitorGate, visit
from mailboxes.models import Mailbox
from mailboxes.transports import open_inbound
from tenants import audit
from tenants.alerts import Condition
from tenants.diagnosis import Diagnosis, diagnose_own
from tenants.errors import AccessDenied, IntegrationError
from tenants.models import Alert, AppRegistration, ScopeProof
from tenants.whom import for_its_tenant

EVERY: Final = timedelta(days=7)
#: One that could not be decided is tried again the next day.
AGAIN: Final = timedelta(days=1)
Result = ScopeProof.Result


@for_its_tenant
def prove_scope(registration: AppRegistration, *, by: audit.Actor = None) -> ScopeProof:
    """Try the control mailbox now, and keep the result with its date; trouble is in the result, never raised."""
    result, trouble = _tried(registration)
    before = ScopeProof.objects.filter(registration=registration).values_list("result", flat=True).first()
    proof, _made = ScopeProof.objects.update_or_create(
        registration=registration,
        defaults={
            "tenant_id": registration.tenant_id,
            "address": registration.control_address,
            "result": result,
            "trouble": trouble.as_json() if trouble else None,
            "proved_at": timezone.now(),
        },
    )
    if before != result:
        audit.note(audit.Action.CHANGED, registration, by=by, limit=[before or "", result.value])
    return proof


def due(now: datetime) -> QuerySet[AppRegistration]:
    """Give the registrations whose proof is a week old, or was never made."""
    old = Q(scope_proof=None) | Q(scope_proof__proved_at__lte=now - EVERY)
    old |= Q(scope_proof__result=Result.UNCLEAR, scope_proof__proved_at__lte=now - AGAIN)
    named = AppRegistration.objects.exclude(control_address="").filter(tenant__is_active=True)
    return named.filter(old).select_related("tenant").order_by("pk")


def open_scopes() -> list[Condition]:
    """List the applications that were found to reach further than they may."""
    proofs = ScopeProof.objects.filter(result=Result.OPEN, registration__tenant__is_active=True)
    return [
        Condition(
            kind=Alert.Kind.SCOPE_OPEN,
            subject=f"{proof.registration.name} ({proof.tenant.name})",
            cause=diagnose_own("scope_open").cause,
            fix=diagnose_own("scope_open").fix,
            path=reverse("admin:tenants_appregistration_change", args=[proof.registration_id]),
            tenant_id=proof.tenant_id,
        )
        for proof in proofs.select_related("registration", "tenant")
    ]


def _tried(registration: AppRegistration) -> tuple[Result, Diagnosis | None]:
    own = _own_mailbox(registration)
    if own is None:
        return Result.UNCLEAR, diagnose_own("scope_without_mailbox")
    try:
        with visit(own) as gate, closing(open_inbound(own, gate)) as transport:
            transport.find_folder("inbox")
    except IntegrationError as error:
        return Result.UNCLEAR, error.diagnosis
    return _tried_control(own, registration.control_address)


def _tried_control(own: Mailbox, address: str) -> tuple[Result, Diagnosis | None]:
    """Open the control mailbox as one of our own would be opened; nothing in it is read."""
    stranger = copy.copy(own)
    stranger.address = address
    try:
        with closing(open_inbound(stranger, VisitorGate())) as transport:
            transport.find_folder("inbox")
    except AccessDenied:
        return Result.REFUSED, None
    except IntegrationError as error:
        return Result.UNCLEAR, error.diagnosis
    return Result.OPEN, diagnose_own("scope_open")


def _own_mailbox(registration: AppRegistration) -> Mailbox | None:
    """Choose a mailbox that was read lately; only the application's own sign-in is limited by a scope."""
    mine = Mailbox.objects.working().filter(registration=registration, sign_in=Mailbox.SignIn.APPLICATION)
    mine = mine.exclude(address=registration.control_address).select_related("registration__tenant", "tenant")
    found: Mailbox | None = mine.order_by(F("last_success_at").desc(nulls_last=True), "pk").first()
    return found
