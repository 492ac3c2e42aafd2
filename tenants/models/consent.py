from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.ownership import TenantOwned


class Consent(TenantOwned):
    """What the customer's directory lets a registration do, as last seen in a live token."""

    registration = models.OneToOneField(
        "tenants.AppRegistration",
        on_delete=models.CASCADE,
        related_name="consent",
        verbose_name=_("app registration"),
    )
    #: Application permissions named in the token, space separated and sorted. With Exchange RBAC for Applications
    #: it may be empty and mail still works: a hint for people, never a reason to refuse.
    roles = models.TextField(_("permissions seen"), blank=True)
    proved_at = models.DateTimeField(_("proved on"))
    #: Permissions an earlier token named and the last one does not: consent was taken back, or narrowed.
    lost = models.TextField(_("permissions lost"), blank=True, db_default="")
    lost_at = models.DateTimeField(_("lost on"), null=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")

    def __str__(self) -> str:
        return self.roles or "-"
