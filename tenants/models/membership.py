from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.ownership import TenantOwned


class Membership(TenantOwned):
    """A member of staff and what he may do for one tenant."""

    class Role(models.TextChoices):
        VIEWER = "viewer", _("viewer: reads tickets")
        AGENT = "agent", _("agent: works tickets")
        ADMIN = "admin", _("admin: registrations, mailboxes and members too")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("user")
    )
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.AGENT)
    queues = models.ManyToManyField(
        "tickets.Queue",
        blank=True,
        related_name="+",
        verbose_name=_("only these queues"),
        help_text=_(
            "None chosen: all queues of the tenant. Otherwise tickets and mail of other queues are not there for him."
        ),
    )
    #: Set together with `queues`: when the last of them is deleted, nothing is seen instead of everything.
    is_limited = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ["tenant__name", "user__username"]
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["user", "tenant"], name="membership_once_per_user_and_tenant")
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.tenant}"
