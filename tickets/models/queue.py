from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.ownership import TenantOwned


class Queue(TenantOwned):
    """Where new tickets of a tenant wait for somebody."""

    name = models.CharField(_("name"), max_length=100)

    class Meta:
        ordering = ["name"]
        verbose_name = _("queue")
        verbose_name_plural = _("queues")
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="queue_name_once_per_tenant")]

    @classmethod
    def in_queues(cls, queues: Iterable[int]) -> models.Q:
        return models.Q(pk__in=queues)

    def __str__(self) -> str:
        return self.name
