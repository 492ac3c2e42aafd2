from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models.tenant import is_guid


class StaffIdentity(models.Model):
    """The Microsoft account a member of staff may sign in with: directory and object id, which never change.

    An address is no identity: it can be given to somebody else, and another directory can claim it (S-53).
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="microsoft_identity"
    )
    directory_id = models.CharField(
        _("directory (tenant) ID"),
        max_length=36,
        validators=[is_guid],
        help_text=_("Entra admin center › Overview › Tenant ID, of the directory of your own organisation."),
    )
    object_id = models.CharField(
        _("object ID"),
        max_length=36,
        validators=[is_guid],
        help_text=_("Entra admin center › Users › the person › Object ID."),
    )

    class Meta:
        verbose_name = _("Microsoft account")
        verbose_name_plural = _("Microsoft accounts")
        constraints = [
            models.UniqueConstraint(
                fields=["directory_id", "object_id"], name="microsoft_account_of_one_user"
            )
        ]

    def __str__(self) -> str:
        return f"Microsoft account of user {self.user_id}"

    def clean_fields(self, exclude: Any = None) -> None:
        self.directory_id, self.object_id = (
            one.strip().lower() for one in (self.directory_id, self.object_id)
        )
        super().clean_fields(exclude)
