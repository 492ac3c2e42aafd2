from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class HeartbeatQuerySet(models.QuerySet["Heartbeat"]):
    def beat(self, name: str, *, at: datetime) -> None:
        """Note that `name` was alive at that moment; an older moment never replaces a newer one."""
        if not self.filter(name=name, beaten_at__lt=at).update(beaten_at=at):
            self.get_or_create(name=name, defaults={"beaten_at": at})


class Heartbeat(models.Model):
    """When a part of this installation was last known to be alive: `beat`, `worker`."""

    name = models.CharField(_("name"), max_length=40, unique=True)
    beaten_at = models.DateTimeField(_("last heard"))

    objects = HeartbeatQuerySet.as_manager()

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.name


class Preference(models.Model):
    """What somebody on the staff has chosen for himself."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, verbose_name=_("user"))
    language = models.CharField(_("language"), max_length=10)

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")

    def __str__(self) -> str:
        return self.language
