from collections.abc import Iterable
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.ownership import TenantOwned

#: What begins a folder anew, as columns of an update; a run that has read the row before writes nothing more to it.
BEGUN_ANEW: Final = {"cursor": "", "is_walking": True, "begun": models.F("begun") + 1}


class Folder(TenantOwned):
    """A folder we read, and where in it to go on reading."""

    class Purpose(models.TextChoices):
        INBOX = "inbox", _("incoming mail")
        REPLY = "reply", _("replies to approvals")
        SENT = "sent", _("sent mail")
        JUNK = "junk", _("junk mail")

    mailbox = models.ForeignKey(
        "mailboxes.Mailbox", on_delete=models.CASCADE, related_name="folders", verbose_name=_("mailbox")
    )
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose, default=Purpose.INBOX)
    #: The configured path that `remote_id` was found for; when the mailbox names another, the folder is looked up anew.
    path = models.CharField(_("path"), max_length=500, blank=True)
    remote_id = models.CharField(max_length=500, blank=True)
    #: Opaque to us: the link Microsoft gave to go on reading. Blank: walk the folder from the start.
    cursor = models.TextField(blank=True)
    #: True until the first full walk, or one after a lost cursor, has come to its end.
    is_walking = models.BooleanField(default=True)
    #: How often it was begun anew by others than its run, see `BEGUN_ANEW`.
    begun = models.PositiveIntegerField(default=0, db_default=0)
    #: Mail received before counts as imported: it was filed by a walk that looked for what was missing.
    imported_until = models.DateTimeField(null=True)
    #: Of Sent Items: mail sent before is not taken by a walk. Of the inbox: the mailbox's own `since_at` once it is
    #: settled by Microsoft's clock.
    since_at = models.DateTimeField(null=True)
    #: For a folder that is looked at less often than the inbox.
    next_look_at = models.DateTimeField(null=True)
    #: None, or why this folder alone cannot be read: {"code", "cause", "who", "fix"}.
    trouble = models.JSONField(null=True)
    #: When the folder was last compared with the ledger, and what came of it: {"listed", "missing", "named", …}.
    compared_at = models.DateTimeField(null=True)
    comparison = models.JSONField(null=True)
    #: When the marker at Microsoft was looked at, and by which installation: a copy of this row has not looked yet.
    marker_seen_at = models.DateTimeField(null=True)
    marker_seen_by = models.CharField(max_length=24, blank=True, default="", db_default="")
    #: None, or the other installation that tidies up here: {"installation", "url", "since"}.
    other_installation = models.JSONField(null=True)

    class Meta:
        verbose_name = _("folder")
        verbose_name_plural = _("folders")
        constraints = [models.UniqueConstraint(fields=["mailbox", "purpose"], name="folder_once_per_purpose")]

    @classmethod
    def in_queues(cls, queues: Iterable[int]) -> models.Q:
        return models.Q(mailbox__queue__in=queues)

    def __str__(self) -> str:
        return self.path or self.get_purpose_display()
