from django.core.validators import validate_email
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models.tenant import is_guid
from tenants.ownership import TenantOwned


class AppRegistration(TenantOwned):
    """The application a tenant registered for us in its directory."""

    name = models.CharField(_("name"), max_length=100, help_text=_("Yours to choose; shown to staff only."))
    client_id = models.CharField(
        _("application (client) ID"),
        max_length=36,
        validators=[is_guid],
        help_text=_(
            "Entra admin center › App registrations › your app › Overview › Application (client) ID."
        ),
    )
    control_address = models.CharField(
        _("control mailbox"),
        max_length=320,
        blank=True,
        default="",
        db_default="",
        validators=[validate_email],
        help_text=_(
            "A mailbox of the customer's that this application must not open. It is tried once a week, and nothing in "
            "it is read: so you know that the limit to your mailboxes holds. Blank: no such proof is made."
        ),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        ordering = ["tenant__name", "name"]
        verbose_name = _("app registration")
        verbose_name_plural = _("app registrations")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="registration_name_once_per_tenant")
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.client_id = self.client_id.lower().strip()
        self.control_address = self.control_address.lower().strip()
