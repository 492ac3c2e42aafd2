from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.fields import EncryptedTextField


class SecondFactor(models.Model):
    """What an account shows beside its password: codes of an app that shares this secret (RFC 6238)."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="second_factor"
    )
    #: Base32, as authenticator apps take it.
    secret = EncryptedTextField()
    #: None until a first code has shown that the app has the secret; only then is a code asked for.
    confirmed_at = models.DateTimeField(_("set up"), null=True)
    #: The time step of the last code that was accepted; this one and older ones are refused from then on.
    last_step = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("second step of sign-in")
        verbose_name_plural = _("second steps of sign-in")

    def __str__(self) -> str:
        return str(_("second step of %(name)s")) % {"name": self.user.get_username()}


class RecoveryCode(models.Model):
    """Lets somebody in once whose phone is lost. Only its digest is kept; the row goes when it is used."""

    factor = models.ForeignKey(SecondFactor, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")
        constraints = [
            models.UniqueConstraint(fields=["factor", "digest"], name="recovery_code_once_per_factor")
        ]

    def __str__(self) -> str:
        return f"recovery code {self.pk}"
