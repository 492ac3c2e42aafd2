"""Read what a registration proves itself with."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.utils import timezone

from m365integration.provisioning.materials import keys_of, read_material
from m365integration.provisioning.node import Node, is_printable
from m365integration.provisioning.plan import CredentialPlan
from tenants.errors import CredentialUnusable
from tenants.microsoft.credentials import CertificateCredential, is_secret_id
from tenants.models import Credential

#: A public client: it has nothing to prove itself with.
NONE: Final = "none"
_SECRET_KEYS: Final = keys_of("value")
_CERTIFICATE_KEYS: Final = keys_of("private_key", "certificate")


def read_credential(node: Node) -> CredentialPlan | None:
    """Check a credential; None for a public client, or when it is at fault."""
    kind = node.text("kind", is_required=True)
    if kind == Credential.Kind.SECRET:
        node.allow("kind", "expires_on", *_SECRET_KEYS)
        return _secret(node)
    if kind == Credential.Kind.CERTIFICATE:
        node.allow("kind", "expires_on", *_CERTIFICATE_KEYS)
        return _certificate(node)
    if kind == NONE:
        node.allow("kind")
    elif kind is not None:
        node.fault("kind", "not_a_choice", "Choose one of: secret, certificate, none.")
    return None


def _secret(node: Node) -> CredentialPlan | None:
    expires_on = _expiry(node)
    value = (read_material(node, "value", is_required=True) or "").strip()
    if not value:
        return None
    if not is_printable(value):
        node.fault(
            "", "secret_unprintable", "The secret holds control characters; copy the column Value again."
        )
        return None
    if is_secret_id(value):
        # An application of another make may have such a secret, so a file may say so; a form would refuse it.
        node.warn(
            "", "secret_is_guid", "This secret is a GUID: it looks like the Secret ID; copy the column Value."
        )
    return CredentialPlan(
        kind=Credential.Kind.SECRET,
        material={"value": value},
        expires_on=expires_on,
        says_expiry="expires_on" in node.values,
    )


def _certificate(node: Node) -> CredentialPlan | None:
    expires_on = _expiry(node)
    key = read_material(node, "private_key", is_required=True)
    certificate = read_material(node, "certificate", is_required=True)
    if key is None or certificate is None:
        return None
    try:
        pair = CertificateCredential(key, certificate)
        pair.for_msal()
        ends_on = timezone.localdate(pair.expires_at)
    except CredentialUnusable as error:
        node.fault("", error.code, f"{error.diagnosis.cause} {error.diagnosis.fix}")
        return None
    _warn_if_expired(node, ends_on)
    return CredentialPlan(
        kind=Credential.Kind.CERTIFICATE,
        material={"private_key": key, "certificate": certificate},
        expires_on=expires_on or ends_on,
        says_expiry=True,
    )


def _expiry(node: Node) -> date | None:
    expires_on = node.day("expires_on")
    if expires_on is not None:
        _warn_if_expired(node, expires_on)
    return expires_on


def _warn_if_expired(node: Node, expires_on: date) -> None:
    if expires_on < timezone.localdate():
        node.warn(
            "expires_on", "credential_expired", "This date has passed: Microsoft will refuse the credential."
        )
