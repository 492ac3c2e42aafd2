from __future__ import annotations

from typing import Any, NoReturn

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.ownership import OwnedQuerySet, TenantOwned


class OnlyAddedTo(Exception):
    """Somebody tried to change or remove a line of the audit list. The database refuses it as well."""


def refuse(*args: Any, **kwargs: Any) -> NoReturn:
    raise OnlyAddedTo("The audit list is only ever added to; write a new line instead.")


class AuditQuerySet(OwnedQuerySet):
    update = delete = bulk_update = update_or_create = refuse


class AuditEntry(TenantOwned):
    """A line of the audit list: who did what to which row, when. Lines without a tenant are the operator's.

    Triggers of the database refuse every change; lines of a tenant go with it, once the line about that stands.
    """

    class Action(models.TextChoices):
        ADDED = "added", _("added")
        CHANGED = "changed", _("changed")
        DELETED = "deleted", _("deleted")
        PAUSED = "paused", _("paused")
        RESUMED = "resumed", _("resumed")
        REPLAYED = "replayed", _("filed again")
        ANSWERED = "answered", _("answered by mail")
        SENT_AGAIN = "sent_again", _("sent again")
        TRIED = "tried", _("sent a test mail")
        CANCELLED = "cancelled", _("taken back before it was sent")
        EXPORTED = "exported", _("exported")
        CONSENT = "consent", _("permissions changed at Microsoft")
        SIGNED_IN = "signed_in", _("signed in at Microsoft")
        SIGNED_OUT = "signed_out", _("signed out")
        RECOVERED = "recovered", _("signed in with a recovery code")
        KEYS_ROTATED = "keys_rotated", _("encrypted anew")
        TENANT_DELETED = "tenant_deleted", _("tenant deleted")

    tenant = models.ForeignKey(  # type: ignore[assignment]  # wider than the inherited one
        "tenants.Tenant", on_delete=models.CASCADE, related_name="+", null=True, verbose_name=_("tenant")
    )
    happened_at = models.DateTimeField(_("when"), default=timezone.now)
    #: User name, or the command; blank when the product noticed by itself. A name, so that it outlives the account.
    actor = models.CharField(_("who"), max_length=150, blank=True)
    action = models.CharField(_("what"), max_length=20, choices=Action)
    #: Label of the model, such as mailboxes.mailbox, and the number of the row; the row itself may be gone.
    subject_kind = models.CharField(_("kind"), max_length=60, blank=True)
    subject_id = models.BigIntegerField(_("number"), null=True)
    subject = models.CharField(_("which"), max_length=320, blank=True)
    #: {"column": [before, after]} as text; [] where only the fact may be told. Never a secret.
    details = models.JSONField(_("details"), default=dict)

    objects = AuditQuerySet.as_manager()  # type: ignore[misc]  # narrower than the inherited one

    class Meta:
        ordering = ["-happened_at", "-pk"]
        verbose_name = _("line of the audit list")
        verbose_name_plural = _("audit list")
        indexes = [
            models.Index(fields=["tenant", "-happened_at"], name="audit_newest_of_tenant"),
            models.Index(fields=["-happened_at"], name="audit_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.actor or '–'}: {self.get_action_display()} {self.subject}".strip()

    def save(self, **kwargs: Any) -> None:
        """Add the line. Raises OnlyAddedTo for one that stands already."""
        if not self._state.adding:
            refuse()
        super().save(**kwargs)

    delete = refuse
