"""Flow: prove that a registration can sign in, with a token asked for now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tenants import app_tokens
from tenants.errors import Misconfigured
from tenants.models import AppRegistration, Consent
from tenants.whom import for_its_tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a live token said; `roles` may be empty where Exchange grants access by RBAC."""

    roles: tuple[str, ...]
    proved_at: datetime


@for_its_tenant
def prove(registration: AppRegistration) -> Proof:
    """Ask Entra for a fresh token. Raises IntegrationError with the diagnosis."""
    if not registration.tenant.is_active:
        raise Misconfigured.own("tenant_off")
    app_tokens.forget(registration)
    app_tokens.AppTokens(registration)(False)
    consent = Consent.objects.get(registration=registration)
    return Proof(roles=tuple(consent.roles.split()), proved_at=consent.proved_at)
