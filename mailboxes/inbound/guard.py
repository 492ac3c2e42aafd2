"""Whose folder is it? A marker on the folder says which installation tidies it up; a second one reads and files only.

The marker is a hidden property of the folder at Microsoft, and the name in it is kept outside the database: a copy of
the database, started somewhere else, finds a name that is not its own. IMAP and POP3 know no such property.
"""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from mailboxes.enqueue import enqueue_sync
from mailboxes.governor import visit
from mailboxes.inbound.run import Run
from mailboxes.models import Folder, Mailbox
from mailboxes.parsing.gate import one_line
from mailboxes.transports import open_inbound
from mailboxes.transports.base import MarkedFolders
from tenants import audit
from tenants.errors import IntegrationError, Misconfigured
from tenants.whom import for_its_tenant

#: The marker is looked at before the first mail of a run is moved, and not more often than this.
LOOK_EVERY: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """Who tidies up a folder: the name of an installation, where it is reached, and since when."""

    installation: str
    url: str
    since: str

    @property
    def is_ours(self) -> bool:
        return self.installation == settings.INSTALLATION

    @classmethod
    def own(cls) -> Marker:
        now = timezone.now().replace(microsecond=0)
        return cls(
            installation=settings.INSTALLATION, url=settings.PUBLIC_URL, since=now.isoformat()[:19] + "Z"
        )

    @classmethod
    def read(cls, text: str) -> Marker | None:
        """Read what somebody wrote on the folder; None when it is not a marker."""
        try:
            found = json.loads(text)
            words = {name: one_line(str(found[name]), max_chars=200) for name in cls.__slots__}
        except (ValueError, TypeError, KeyError, RecursionError):
            return None
        return cls(**words)

    def as_json(self) -> dict[str, str]:
        return {"installation": self.installation, "url": self.url, "since": self.since}


def may_tidy_up(run: Run) -> bool:
    """Tell whether this installation may move, mark and delete here; asks Microsoft now and then. May raise."""
    if not isinstance(run.transport, MarkedFolders):
        return True
    folder = run.folder
    seen_at = folder.marker_seen_at if folder.marker_seen_by == settings.INSTALLATION else None
    if seen_at is None or seen_at + LOOK_EVERY < timezone.now():
        _note(folder, _look(run.transport, folder.remote_id))
    return folder.other_installation is None


def look(transport: MarkedFolders, folder_id: str) -> Marker | None:
    """Read the marker of another installation; None when there is none, or it is ours. Raises IntegrationError."""
    found = Marker.read(transport.marker(folder_id))
    return found if found and not found.is_ours else None


@for_its_tenant
def take_over(mailbox: Mailbox, *, by: audit.Actor) -> None:
    """Make the folder ours whoever had it: the other installation stops tidying up at its next look. May raise."""
    folder = Folder.objects.filter(mailbox=mailbox, purpose=Folder.Purpose.INBOX).first()
    if folder is None or not folder.remote_id:
        raise Misconfigured.own("folder_missing", detail=mailbox.folder)
    with visit(mailbox) as gate, closing(open_inbound(mailbox, gate)) as transport:
        if isinstance(transport, MarkedFolders):
            transport.mark(folder.remote_id, json.dumps(Marker.own().as_json()))
    with transaction.atomic():
        other = folder.other_installation or {}
        audit.note(audit.Action.CHANGED, mailbox, by=by, other_installation=[other.get("url", ""), ""])
        _note(folder, None)
        Mailbox.objects.filter(pk=mailbox.pk).update(is_settled=False)
        enqueue_sync(mailbox.pk)


def _look(transport: MarkedFolders, folder_id: str) -> Marker | None:
    """Read the marker, and write ours where there is none; what Microsoft will not have marked is not guarded."""
    try:
        found = Marker.read(transport.marker(folder_id))
        if found is None:
            transport.mark(folder_id, json.dumps(Marker.own().as_json()))
    except IntegrationError as error:
        if not error.permanent:
            raise
        # No such property in this cloud, or only the right to read: moving will tell by itself whether it is allowed.
        return None
    return found if found and not found.is_ours else None


def _note(folder: Folder, other: Marker | None) -> None:
    values: dict[str, Any] = {
        "marker_seen_at": timezone.now(),
        "marker_seen_by": settings.INSTALLATION,
        "other_installation": other.as_json() if other else None,
    }
    for name, value in values.items():
        setattr(folder, name, value)
    Folder.objects.filter(pk=folder.pk).update(**values)
