"""What nobody needs any more: attachments no entry names, left by a worker that died, who was acknowledged, and drafts
of answers that nobody has touched for months.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from mailboxes.sweeping import sweep_room
from tickets.models import AnswerDraft, Attachment, AutoAnswer
from tickets.policies.auto_answers import ONCE_IN

#: Longer than anybody is away who comes back to finish an answer.
DRAFTS_KEPT_FOR: Final = timedelta(days=90)


def sweep(now: datetime) -> int:
    """Remove them all; gives how many attachments there were."""
    AutoAnswer.objects.filter(answered_at__lt=now - ONCE_IN).delete()
    AnswerDraft.objects.filter(written_at__lt=now - DRAFTS_KEPT_FOR).delete()
    return sweep_attachments(now)


def sweep_attachments(now: datetime) -> int:
    """Remove attachments without a row; gives how many there were."""
    return sweep_room("attachments", now, named=_named)


def _named(names: set[str]) -> set[str]:
    return set(Attachment.objects.filter(path__in=names).values_list("path", flat=True))
