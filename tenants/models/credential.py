from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any, Final

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.errors import CredentialUnusable
from tenants.fields import EncryptedTextField, Unreadable
from tenants.microsoft.identity import CertificateCredential, SecretCredential
from tenants.ownership import OwnedQuerySet, TenantOwned

#: A credential with fewer days left than this is shown as a warning.
WARN_DAYS: Final = 60


class CredentialQuerySet(OwnedQuerySet):
    def usable(self) -> CredentialQuerySet:
        """Keep what may still prove who we are, newest first."""
        today = timezone.localdate()
        return self.filter(models.Q(expires_on=None) | models.Q(expires_on__gte=today)).order_by("-pk")


class Credential(TenantOwned):
    """What proves to Entra that we are the registration. Two may live side by side while one replaces the other."""

    class Kind(models.TextChoices):
        SECRET = "secret", _("client secret")
        CERTIFICATE = "certificate", _("certificate")

    registration = models.ForeignKey(
        "tenants.AppRegistration",
        on_delete=models.CASCADE,
        related_name="credentials",
        verbose_name=_("app registration"),
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.SECRET)
    expires_on = models.DateField(
        _("expires on"),
        null=True,
        blank=True,
        help_text=_(
            "As shown beside it in the Entra portal; Microsoft does not tell us. Warnings start 60 days before."
        ),
    )
    created_at = models.DateTimeField(_("set on"), auto_now_add=True)

    objects = CredentialQuerySet.as_manager()  # type: ignore[misc]  # narrower than the inherited one

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("credential")
        verbose_name_plural = _("credentials")

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {timezone.localdate(self.created_at):%Y-%m-%d}"

    def days_left(self, today: date | None = None) -> int | None:
        """Count the days until it expires; None when nobody entered a date."""
        if self.expires_on is None:
            return None
        return (self.expires_on - (today or timezone.localdate())) // timedelta(days=1)

    def is_readable(self) -> bool:
        """Tell whether one of our keys still opens it."""
        return not isinstance(self.secret.material, Unreadable)

    def open(self) -> SecretCredential | CertificateCredential:
        """Decrypt it for one sign-in.

        Raises CredentialUnusable (secret_unreadable) when no key of FERNET_KEYS opens it.
        """
        if not self.is_readable():
            raise CredentialUnusable.own("secret_unreadable")
        material: dict[str, str] = json.loads(self.secret.material)
        if self.kind == self.Kind.CERTIFICATE:
            return CertificateCredential(material["private_key"], material["certificate"])
        return SecretCredential(material["value"])


class CredentialSecret(TenantOwned):
    """The encrypted part, in a table of its own so that no list ever selects it."""

    credential = models.OneToOneField(
        Credential, on_delete=models.CASCADE, related_name="secret", primary_key=True
    )
    #: JSON text: {"value"} of a secret, {"private_key", "certificate"} (PEM) of a certificate.
    material = EncryptedTextField()

    class Meta:
        verbose_name = _("credential secret")
        verbose_name_plural = _("credential secrets")

    def __str__(self) -> str:
        return f"secret of credential {self.pk}"


def store_credential(
    credential: Credential, *, value: str = "", private_key: str = "", certificate: str = ""
) -> Credential:
    """Save a credential together with its encrypted material; call it inside a transaction."""
    material: dict[str, Any] = (
        {"value": value}
        if credential.kind == Credential.Kind.SECRET
        else {"private_key": private_key, "certificate": certificate}
    )
    credential.save()
    CredentialSecret.objects.create(
        tenant_id=credential.tenant_id, credential=credential, material=json.dumps(material)
    )
    return credential
