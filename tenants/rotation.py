"""Flow: replace a credential. The new one proves itself with a live token first; until then nothing has changed.

The one before stays beside it, as the way back, until somebody removes it. All mailboxes of the registration go on with
the new token at once: they share its row, and those an error has paused are looked at by the next beat.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from django.db import transaction

from tenants import app_tokens, audit
from tenants.errors import Misconfigured
from tenants.microsoft.clouds import cloud
from tenants.microsoft.identity import (
    AppToken,
    CertificateCredential,
    SecretCredential,
    acquire_app_token,
)
from tenants.models import AppRegistration, Credential
from tenants.models.credential import store_credential
from tenants.whom import for_its_tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A credential as it was typed; nothing of it is ever printed."""

    kind: Credential.Kind
    value: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    expires_on: date | None = None

    def open(self) -> SecretCredential | CertificateCredential:
        if self.kind == Credential.Kind.CERTIFICATE:
            return CertificateCredential(self.private_key, self.certificate)
        return SecretCredential(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """What came of it: the row that is used from now on, what its token named, and those it takes over from."""

    credential: Credential
    roles: tuple[str, ...]
    older: tuple[Credential, ...]


@for_its_tenant
def replace(registration: AppRegistration, material: Material, *, by: audit.Actor) -> Replacement:
    """Prove a new credential and switch to it. Raises IntegrationError with everything as it was before."""
    if not registration.tenant.is_active:
        raise Misconfigured.own("tenant_off")
    got = _prove(registration, material)
    older = tuple(registration.credentials.order_by("-pk"))
    with transaction.atomic():
        credential = store_credential(
            Credential(
                tenant_id=registration.tenant_id,
                registration=registration,
                kind=material.kind,
                expires_on=material.expires_on,
            ),
            value=material.value,
            private_key=material.private_key,
            certificate=material.certificate,
        )
        audit.note(audit.Action.ADDED, credential, by=by)
        transaction.on_commit(lambda: app_tokens.replace_by(registration, got))
    return Replacement(credential=credential, roles=got.roles, older=older)


def _prove(registration: AppRegistration, material: Material) -> AppToken:
    return acquire_app_token(
        cloud=cloud(registration.tenant.cloud),
        directory_id=registration.tenant.directory_id,
        client_id=registration.client_id,
        credential=material.open(),
        # What was answered for another credential a moment ago must not speak for this one.
        fresh=True,
    )
