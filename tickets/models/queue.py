from collections.abc import Iterable
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from mailboxes.models.template import check_template, template_field
from tenants.ownership import TenantOwned

DEFAULT_SUBJECT: Final = "[#{reference}] {subject}"
DEFAULT_TEXT: Final = """Thank you for your mail. It has arrived and is waiting for one of us.

Its reference is {reference}; please leave it in the subject when you write again.

{queue}, {organisation}"""


class Queue(TenantOwned):
    """Where new tickets of a tenant wait for somebody."""

    name = models.CharField(_("name"), max_length=100)
    #: The defaults stand in the database too: the release before this one makes queues without these columns.
    answers_automatically = models.BooleanField(_("acknowledge by mail"), default=False, db_default=False)
    auto_answer_subject = models.CharField(
        _("subject"),
        max_length=300,
        blank=True,
        default=DEFAULT_SUBJECT,
        db_default=DEFAULT_SUBJECT,
        validators=[check_template],
    )
    auto_answer_text = template_field(_("text"), default=DEFAULT_TEXT, db_default=DEFAULT_TEXT)

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
