"""Whose folder is it? A marker on the folder says which installation tidies it up; a second one reads and files only.

The marker is a hidden property of the folder at Microsoft, and the name in it is kept outside the database: a copy of
the database, started somewhere else, finds a name that is not its own. IMAP and POP3 know no such property, and a
folder or mail in its place would be seen by people; over them the name this database was last used by tells copies
apart, and two installations that know nothing of each other stay unseen.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from mailboxes.enqueue import enqueue_sync
from mailboxes.inbound.run import Run
from mailboxes.models import Folder, Mailbox
from mailboxes.parsing.gate import one_line
from mailboxes.transports.base import InboundTransport, MarkedFolders
from tenants import audit
from tenants.errors import IntegrationError
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
    folder = run.folder
    seen_at = folder.marker_seen_at if folder.marker_seen_by == settings.INSTALLATION else None
    if seen_at is None or seen_at + LOOK_EVERY < timezone.now():
        _note(folder, _look(run.transport, folder))
    return folder.other_installation is None


def look(transport: MarkedFolders, folder_id: str) -> Marker | None:
    """Read the marker of another installation; None when there is none, or it is ours. Raises IntegrationError."""
    found = Marker.read(transport.marker(folder_id))
    return found if found and not found.is_ours else None


@for_its_tenant
def take_over(mailbox: Mailbox, *, by: audit.Actor, is_same: bool = False) -> bool:
    """Make the folder ours whoever had it: the next run leaves our marker, and the other installation stops then.

    `is_same` leaves a stranger's folder alone, one who never used this database. False where nothing was done.
    """
    with transaction.atomic():
        rows = Folder.objects.filter(mailbox=mailbox, purpose=Folder.Purpose.INBOX)
        if is_same:
            rows = rows.filter(other_installation__used_this_database=True)
        others = list(rows.exclude(other_installation=None).values_list("other_installation", flat=True))
        if not others:
            return False
        audit.note(audit.Action.CHANGED, mailbox, by=by, other_installation=[others[0].get("url", ""), ""])
        rows.update(other_installation=None, marker_seen_by=settings.INSTALLATION, marker_seen_at=None)
        Mailbox.objects.filter(pk=mailbox.pk).update(is_settled=False)
        enqueue_sync(mailbox.pk)
        return True


def _look(transport: InboundTransport, folder: Folder) -> dict[str, Any] | None:
    """Find out who else tidies up here; None when nobody does, and the folder is ours."""
    if not isinstance(transport, MarkedFolders):
        return folder.other_installation or _last_user(folder)
    found = _read_or_mark(transport, folder.remote_id, is_taken_over=_is_taken_over(folder))
    if found is None or found.is_ours:
        return None
    return {**found.as_json(), "used_this_database": _used_this_database(folder, found)}


def _is_taken_over(folder: Folder) -> bool:
    return folder.marker_seen_by == settings.INSTALLATION and folder.marker_seen_at is None


def _last_user(folder: Folder) -> dict[str, Any] | None:
    """Name the installation this database was last used by, where it is another one."""
    if folder.marker_seen_by in ("", settings.INSTALLATION):
        return None
    since = folder.marker_seen_at.isoformat()[:19] + "Z" if folder.marker_seen_at else ""
    last = Marker(installation=folder.marker_seen_by, url="", since=since)
    return {**last.as_json(), "used_this_database": True}


def _used_this_database(folder: Folder, found: Marker) -> bool:
    """Tell a copy, or an installation that was moved, from one that has nothing to do with us."""
    known = folder.other_installation or {}
    is_known = known.get("installation") == found.installation and known.get("used_this_database")
    return bool(is_known) or folder.marker_seen_by == found.installation


def _read_or_mark(transport: MarkedFolders, folder_id: str, *, is_taken_over: bool) -> Marker | None:
    """Read the marker, and write ours where there is none; what Microsoft will not have marked is not guarded."""
    try:
        found = None if is_taken_over else Marker.read(transport.marker(folder_id))
        if found is None:
            transport.mark(folder_id, json.dumps(Marker.own().as_json()))
    except IntegrationError as error:
        if not error.permanent:
            raise
        # No such property in this cloud, or only the right to read: moving will tell by itself whether it is allowed.
        return None
    return found


def _note(folder: Folder, other: dict[str, Any] | None) -> None:
    """Keep what was seen, unless somebody has taken the folder over meanwhile, or it is another one."""
    as_read = {"marker_seen_at": folder.marker_seen_at, "marker_seen_by": folder.marker_seen_by}
    values: dict[str, Any] = {
        "marker_seen_at": timezone.now(),
        "marker_seen_by": settings.INSTALLATION,
        "other_installation": other,
    }
    for name, value in values.items():
        setattr(folder, name, value)
    mine = Folder.objects.filter(pk=folder.pk, mailbox__claim_number=folder.mailbox.claim_number)
    mine.filter(**as_read).update(**values)
