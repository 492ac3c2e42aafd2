from typing import Self

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.ownership import tenant_ids_of

is_guid = RegexValidator(
    r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z",
    _("This is not a GUID: 32 hexadecimal digits in the groups 8-4-4-4-12, as the Entra portal shows it."),
    code="not_a_guid",
)


class TenantQuerySet(models.QuerySet["Tenant"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Keep the tenants the user may know of: all for the operator, those of a membership for staff."""
        if not user.is_authenticated or not getattr(user, "is_active", False):
            return self.none()
        if getattr(user, "is_superuser", False):
            return self
        return self.filter(pk__in=tenant_ids_of(user))


class Tenant(models.Model):
    """A customer organisation: one Entra directory."""

    class CloudName(models.TextChoices):
        GLOBAL = "global", _("Microsoft 365 (global)")
        US_GOV_HIGH = "us_gov_high", _("US Government (GCC High)")
        US_GOV_DOD = "us_gov_dod", _("US Government (DoD)")
        CHINA = "china", _("China (21Vianet)")
        CUSTOM = "custom", _("Custom hosts from the settings")

    name = models.CharField(_("name"), max_length=100, unique=True)
    directory_id = models.CharField(
        _("directory (tenant) ID"),
        max_length=36,
        validators=[is_guid],
        help_text=_(
            "Entra admin center › Overview › Tenant ID. A GUID such as 84bd8158-6d4d-4958-8b9f-9d6445542f95."
        ),
    )
    cloud = models.CharField(_("cloud"), max_length=20, choices=CloudName, default=CloudName.GLOBAL)
    domain = models.CharField(
        _("domain"),
        max_length=253,
        blank=True,
        help_text=_("The customer's main mail domain, for people to recognise it."),
    )
    is_active = models.BooleanField(
        _("active"),
        default=True,
        help_text=_("Off stops all mail of this tenant, in and out, until it is on again."),
    )
    # Known to the database as well: while a new release starts, an older one still adds tenants.
    allows_device_code = models.BooleanField(
        _("sign-in by device code"),
        default=False,
        db_default=False,
        help_text=_(
            "Lets people of this tenant sign a mailbox in with a code on another device. Codes can be phished: "
            "whoever gets somebody to enter one holds his mailbox. Better is to sign in with the browser."
        ),
    )
    allows_password = models.BooleanField(
        _("sign-in by password"),
        default=False,
        db_default=False,
        help_text=_(
            "Lets mailboxes of this tenant sign in with a stored password. It cannot do a second factor, accounts "
            "without a password, accounts of another company's server, or personal accounts; Microsoft advises "
            "against it. Better is to sign in as the application or with the browser."
        ),
    )
    requires_second_factor = models.BooleanField(
        _("staff need a second step at sign-in"),
        default=False,
        db_default=False,
        help_text=_(
            "Whoever works for this tenant and signs in with a password sets up codes of an app first, the operator "
            "too. Sign-in with Microsoft is left to your own directory."
        ),
    )
    sends_alerts = models.BooleanField(
        _("sends the operator's alerts"),
        default=False,
        db_default=False,
        help_text=_(
            "Alerts of the desk and of what expires, about all tenants, go out from a mailbox of this tenant instead "
            "of the operator's mail server, and whoever works for it reads them in the outbox: tick it for your own "
            "organisation only. Where no mailbox of it can send, the mail server is used as before."
        ),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = _("tenant")
        verbose_name_plural = _("tenants")
        constraints = [
            models.UniqueConstraint(fields=["cloud", "directory_id"], name="tenant_directory_once_per_cloud")
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.directory_id = self.directory_id.lower().strip()
