from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Alert(models.Model):
    """Something the operator must hear of by another way than the mailbox concerned, until it is over.

    Only the operator sees it, whichever tenant it is about. Staff of the tenant see the trouble on the mailbox itself.
    """

    class Kind(models.TextChoices):
        MAILBOX_TROUBLE = "mailbox_trouble", _("mailbox in trouble")
        MAILBOX_PAUSED = "mailbox_paused", _("mailbox paused")
        MAILBOX_QUIET = "mailbox_quiet", _("mailbox unusually quiet")
        WORKER_SILENT = "worker_silent", _("worker silent")
        SCHEDULER_SILENT = "scheduler_silent", _("scheduler silent")
        EXPIRY = "expiry", _("expiry of")
        EXAMINATION = "examination", _("failed examination of")
        SCOPE_OPEN = "scope_open", _("too wide a reach of")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    #: Which one: the address of a mailbox, with its tenant; blank where there is only one.
    subject = models.CharField(_("subject"), max_length=450, blank=True)
    #: Whose rows it names, so that it goes with them; none for the machinery.
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, null=True, related_name="+")
    #: The mailbox it is about: the one that is never asked to send it. Mailboxes are of the room above.
    mailbox_number = models.BigIntegerField(null=True)
    cause = models.TextField(_("cause"))
    fix = models.TextField(_("what to do"))
    #: Where in the admin it is shown, below PUBLIC_URL.
    path = models.CharField(max_length=200, blank=True)
    #: How far it has come, where it is told once at each stage instead of every day; blank for all others.
    stage = models.CharField(max_length=10, blank=True, default="", db_default="")
    opened_at = models.DateTimeField(_("since"))
    told_at = models.DateTimeField(_("last told"), null=True)
    recovered_at = models.DateTimeField(_("over since"), null=True)
    recovery_told_at = models.DateTimeField(_("end told"), null=True)

    class Meta:
        ordering = ["-opened_at"]
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(recovered_at=None), name="alert_once_while_it_lasts"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.subject}".strip()
