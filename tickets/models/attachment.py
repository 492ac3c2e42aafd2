from collections.abc import Iterable
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.ownership import TenantOwned

#: Pictures that are shown here; anything else is downloaded.
PICTURE_TYPES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
MAIL_TYPES: Final = frozenset({"message/rfc822", "message/global", "application/vnd.ms-outlook"})
MOST_PREVIEWED_BYTES: Final = 10 * 1024 * 1024
#: A larger mail is downloaded, not opened. Bytes.
MOST_OPENED_BYTES: Final = 10 * 1024 * 1024


class Attachment(TenantOwned):
    """A file of a mail. The bytes lie in storage under their hash, once per tenant."""

    entry = models.ForeignKey(
        "tickets.Entry", on_delete=models.CASCADE, related_name="attachments", verbose_name=_("entry")
    )
    name = models.CharField(_("name"), max_length=200)
    content_type = models.CharField(_("type"), max_length=100)
    size_bytes = models.PositiveBigIntegerField(_("size"))
    sha256 = models.CharField(max_length=64)
    is_inline = models.BooleanField(_("part of the text"), default=False)
    content_id = models.CharField(max_length=500, blank=True)
    path = models.CharField(max_length=200)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        indexes = [models.Index(fields=["tenant", "sha256"], name="attachment_by_hash")]

    @classmethod
    def in_queues(cls, queues: Iterable[int]) -> models.Q:
        return models.Q(entry__ticket__queue__in=queues)

    @property
    def is_picture(self) -> bool:
        return self.content_type in PICTURE_TYPES and 0 < self.size_bytes <= MOST_PREVIEWED_BYTES

    @property
    def kind(self) -> str:
        """Give the type in the way people say it, "PDF" or "XLSX"; without a usable ending as the mail named it."""
        _stem, dot, ending = self.name.rpartition(".")
        return (
            ending.upper()
            if dot and ending.isascii() and ending.isalnum() and len(ending) <= 5
            else self.content_type
        )

    @property
    def is_mail(self) -> bool:
        """Say whether it is a mail that can be opened here."""
        is_named = self.name.lower().endswith((".eml", ".msg"))
        return (is_named or self.content_type in MAIL_TYPES) and self.size_bytes <= MOST_OPENED_BYTES

    def __str__(self) -> str:
        return self.name
