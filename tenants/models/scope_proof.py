from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.ownership import TenantOwned


class ScopeProof(TenantOwned):
    """What came of trying a mailbox that the application must not be able to open."""

    class Result(models.TextChoices):
        REFUSED = "refused", _("refused, as it must be")
        OPEN = "open", _("open: the application reaches mailboxes it has no business with")
        UNCLEAR = "unclear", _("not proved")

    registration = models.OneToOneField(
        "tenants.AppRegistration",
        on_delete=models.CASCADE,
        related_name="scope_proof",
        verbose_name=_("app registration"),
    )
    #: The address that was tried; the registration may name another one by now.
    address = models.CharField(_("control mailbox"), max_length=320)
    result = models.CharField(_("result"), max_length=10, choices=Result)
    #: None, or the diagnosis of what was in the way: {"code", "cause", "who", "fix"}.
    trouble = models.JSONField(null=True)
    proved_at = models.DateTimeField(_("tried on"))

    class Meta:
        verbose_name = _("proof of the limit")
        verbose_name_plural = _("proofs of the limit")

    def __str__(self) -> str:
        return f"{self.address}: {self.get_result_display()}"

    @property
    def level(self) -> str:
        """Name the colour it is shown in."""
        levels: dict[Any, str] = {self.Result.REFUSED: "success", self.Result.OPEN: "danger"}
        return levels.get(self.result, "warning")
