"""What an application proves itself with. The values are never shown: not in repr, not in an error."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tenants.errors import CredentialUnusable
from tenants.redaction import remember

_GUID = re.compile(r"\{?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?", re.IGNORECASE)


def is_secret_id(value: str) -> bool:
    """Tell whether this looks like a Secret ID, which Entra shows beside the Value and which is mistaken for it."""
    return _GUID.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class SecretCredential:
    """A client secret: its Value, not its Secret ID."""

    value: str = field(repr=False)

    def __post_init__(self) -> None:
        remember(self.value)

    def for_msal(self) -> str:
        """Give the form MSAL takes; raises CredentialUnusable when there is none."""
        if not self.value:
            raise CredentialUnusable.own("secret_missing")
        return self.value

    def is_expired(self) -> bool:
        """Only Entra knows how long a secret lives."""
        return False


@dataclass(frozen=True, slots=True)
class CertificateCredential:
    """An RSA key without passphrase and its certificate, both PEM."""

    private_key_pem: str = field(repr=False)
    certificate_pem: str = field(repr=False)

    def for_msal(self) -> dict[str, str]:
        """Give the form MSAL takes, which signs with PS256 and names the certificate by its SHA-256.

        Raises CredentialUnusable when either part cannot be read or they do not belong together.
        """
        certificate, key = self._certificate(), self._key()
        if key is None:
            raise CredentialUnusable.own("private_key_unreadable")
        if certificate.public_key() != key.public_key():
            raise CredentialUnusable.own("private_key_foreign")
        return {"private_key": self.private_key_pem, "public_certificate": self.certificate_pem}

    @property
    def expires_at(self) -> datetime:
        """When the certificate ends, aware, UTC; raises CredentialUnusable when it cannot be read."""
        return self._certificate().not_valid_after_utc

    @property
    def thumbprint(self) -> str:
        """What Entra shows beside the certificate to know it by; raises CredentialUnusable as well."""
        # Not for security: it is the name the portal lists it under.
        return self._certificate().fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303

    def is_expired(self) -> bool:
        return self.expires_at <= datetime.now(UTC)

    def _certificate(self) -> x509.Certificate:
        try:
            return x509.load_pem_x509_certificate(self.certificate_pem.encode())
        except ValueError:
            pass  # The library's own words may quote what was pasted.
        raise CredentialUnusable.own("certificate_unreadable")

    def _key(self) -> RSAPrivateKey | None:
        try:
            key: Any = load_pem_private_key(self.private_key_pem.encode(), password=None)
        except (ValueError, TypeError, RuntimeError):
            return None
        return key if isinstance(key, RSAPrivateKey) else None


Credential = SecretCredential | CertificateCredential
