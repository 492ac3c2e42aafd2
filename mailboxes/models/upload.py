from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _

from mailboxes.models.outbound import OutboundMessage
from tenants.fields import EncryptedTextField
from tenants.ownership import TenantOwned


class UploadSession(TenantOwned):
    """Where at Microsoft the pieces of a large file go that has not arrived whole; gone once the mail is asked for."""

    #: What it encrypts is worth nothing soon, and made anew: a key that is lost costs nothing here.
    IS_SHORT_LIVED = True

    message = models.OneToOneField(
        OutboundMessage, on_delete=models.CASCADE, related_name="upload", verbose_name=_("mail")
    )
    file_name = models.TextField(_("file"))
    #: Whoever has the address may write there.
    address = EncryptedTextField()

    class Meta:
        verbose_name = _("upload session")
        verbose_name_plural = _("upload sessions")

    @classmethod
    def in_queues(cls, queues: Iterable[int]) -> models.Q:
        return models.Q(message__mailbox__queue__in=queues)

    def __str__(self) -> str:
        return f"upload session of mail {self.message_id}"
