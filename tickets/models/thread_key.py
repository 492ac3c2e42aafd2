from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.ownership import TenantOwned


class ThreadKey(TenantOwned):
    """A mark by which a mail finds its ticket: a Message-ID seen or referred to, our reply token, a content hash."""

    #: SHA-256 of kind and value, in hex; ids may be longer than an index takes.
    key = models.CharField(max_length=64)
    ticket = models.ForeignKey("tickets.Ticket", on_delete=models.CASCADE, related_name="thread_keys")
    #: Set on the one-time marks of mails that ask somebody to approve; the answer is found by the same look-up.
    request = models.ForeignKey(
        "tickets.ApprovalRequest",
        on_delete=models.CASCADE,
        null=True,
        db_index=False,
        related_name="thread_keys",
    )

    class Meta:
        verbose_name = _("thread key")
        verbose_name_plural = _("thread keys")
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="thread_key_once_per_tenant")]
        indexes = [
            # Few have one; without it the deletion of a ticket reads every key there is.
            models.Index(
                fields=["request"], name="thread_key_of_request", condition=models.Q(request__isnull=False)
            )
        ]

    @classmethod
    def in_queues(cls, queues: Iterable[int]) -> models.Q:
        return models.Q(ticket__queue__in=queues)

    def __str__(self) -> str:
        return self.key[:12]
