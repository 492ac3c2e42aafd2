from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.ownership import TenantOwned


class AnswerDraft(TenantOwned):
    """An answer that somebody has begun on a ticket, kept while he types until he sends or discards it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    ticket = models.ForeignKey("tickets.Ticket", on_delete=models.CASCADE, related_name="drafts")
    text = models.TextField(blank=True)
    #: Cleaned; blank while he writes plain text.
    html = models.TextField(blank=True)
    #: As typed: addresses separated by commas.
    to = models.TextField(blank=True)
    cc = models.TextField(blank=True)
    bcc = models.TextField(blank=True)
    #: Files of an answer that was taken back, as the outbox had them.
    files = models.JSONField(default=list, db_default=models.Value([], models.JSONField()), blank=True)
    written_at = models.DateTimeField()

    class Meta:
        verbose_name = _("draft of an answer")
        verbose_name_plural = _("drafts of answers")
        constraints = [
            models.UniqueConstraint(fields=["user", "ticket"], name="draft_once_per_user_and_ticket")
        ]

    @classmethod
    def in_queues(cls, queues: Iterable[int]) -> models.Q:
        return models.Q(ticket__queue__in=queues)

    def __str__(self) -> str:
        return f"{self.user_id} · {self.ticket_id}"


class AnswerStyle(models.Model):
    """How somebody writes his answers, plain or formatted: as he wrote the last one."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    is_rich = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("style of answers")
        verbose_name_plural = _("styles of answers")

    def __str__(self) -> str:
        return f"{self.user_id} · {'rich' if self.is_rich else 'plain'}"
