from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.ownership import TenantOwned


class Look(TenantOwned):
    """How far somebody has read a ticket, and whether he has its page open just now."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    ticket = models.ForeignKey("tickets.Ticket", on_delete=models.CASCADE, related_name="looks")
    #: How many entries the ticket had. A number and not a time: a mail may be filed long after it was received.
    entries_seen = models.PositiveIntegerField(default=0)
    #: His page says again and again that it is open; when it stops, this runs out.
    present_until = models.DateTimeField()
    is_answering = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("look at a ticket")
        verbose_name_plural = _("looks at tickets")
        constraints = [
            models.UniqueConstraint(fields=["user", "ticket"], name="look_once_per_user_and_ticket")
        ]

    @classmethod
    def in_queues(cls, queues: Iterable[int]) -> models.Q:
        return models.Q(ticket__queue__in=queues)

    def __str__(self) -> str:
        return f"{self.user_id} · {self.ticket_id}"
