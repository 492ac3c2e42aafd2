"""What nobody needs after a day: attachments no entry names, left by a worker that died, and who was acknowledged."""

from __future__ import annotations

from datetime import datetime

from mailboxes.sweeping import sweep_room
from tickets.models import Attachment, AutoAnswer
from tickets.policies.auto_answers import ONCE_IN


def sweep(now: datetime) -> int:
    """Remove both; gives how many attachments there were."""
    AutoAnswer.objects.filter(answered_at__lt=now - ONCE_IN).delete()
    return sweep_attachments(now)


def sweep_attachments(now: datetime) -> int:
    """Remove attachments without a row; gives how many there were."""
    return sweep_room("attachments", now, named=_named)


def _named(names: set[str]) -> set[str]:
    return set(Attachment.objects.filter(path__in=names).values_list("path", flat=True))
