"""Attachments no entry names: stored by a worker that died before it wrote their rows. Removed after a day."""

from __future__ import annotations

from datetime import datetime

from mailboxes.sweeping import sweep_room
from tickets.models import Attachment


def sweep_attachments(now: datetime) -> int:
    """Remove attachments without a row; gives how many there were."""
    return sweep_room("attachments", now, named=_named)


def _named(names: set[str]) -> set[str]:
    return set(Attachment.objects.filter(path__in=names).values_list("path", flat=True))
