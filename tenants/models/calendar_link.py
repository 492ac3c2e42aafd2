from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class CalendarLinkQuerySet(models.QuerySet["CalendarLink"]):
    def opened_by(self, token: str) -> CalendarLink | None:
        """Find the link of a token, if its owner may still sign in."""
        return self.filter(digest=_digest(token), user__is_active=True).select_related("user").first()


class CalendarLink(models.Model):
    """A private address under which one person's calendar program reads what expires; one per person.

    Only a digest is kept: the address is shown once, when it is made, and a new one replaces it.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="calendar_link"
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    made_at = models.DateTimeField(_("made"), auto_now=True)
    read_at = models.DateTimeField(_("last read"), null=True, editable=False)

    objects = CalendarLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar link")
        verbose_name_plural = _("calendar links")

    def __str__(self) -> str:
        return f"calendar link of user {self.user_id}"

    @classmethod
    def make(cls, user: User) -> tuple[CalendarLink, str]:
        """Give a person a new address, in place of the one before; the token is known here and now only."""
        token = secrets.token_urlsafe(32)
        link, _made = cls.objects.update_or_create(
            user=user, defaults={"digest": _digest(token), "read_at": None}
        )
        return link, token


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
