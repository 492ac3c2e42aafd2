from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.fields import EncryptedTextField
from tenants.ownership import TenantOwned


class AccessToken(TenantOwned):
    """The current app-only token of a registration for one resource, refreshed by one claimer at a time."""

    #: What it encrypts is worth nothing soon, and made anew: a key that is lost costs nothing here.
    IS_SHORT_LIVED = True

    registration = models.ForeignKey(
        "tenants.AppRegistration",
        on_delete=models.CASCADE,
        related_name="access_tokens",
        verbose_name=_("app registration"),
    )
    resource = models.CharField(_("resource"), max_length=20, default="graph")
    token = EncryptedTextField(null=True)
    expires_at = models.DateTimeField(_("expires"), null=True)
    claimed_until = models.DateTimeField(_("being refreshed until"), null=True)
    claim_number = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("access token")
        verbose_name_plural = _("access tokens")
        constraints = [
            models.UniqueConstraint(
                fields=["registration", "resource"], name="token_once_per_registration_and_resource"
            )
        ]
        indexes = [models.Index(fields=["expires_at"], name="token_by_expiry")]

    def __str__(self) -> str:
        return f"{self.resource} token of registration {self.registration_id}"
