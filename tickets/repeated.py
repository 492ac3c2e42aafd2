"""Pictures that stand in many mails of one sender: his logo, not his message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from django.db.models import Count

from tickets.models import Attachment, Entry

#: In how many mails of a sender a picture stands that is taken for part of his signature.
MANY: Final = 3
#: A larger picture is shown, however often it was sent. Bytes.
MOST_BYTES: Final = 200 * 1024


def repeated_pictures(
    entries: Sequence[Entry], files: Mapping[int, Sequence[Attachment]]
) -> frozenset[tuple[str, str]]:
    """Give (sender, hash) of the pictures that came in many mails of their sender, in one query or none."""
    small = {
        file.sha256
        for rows in files.values()
        for file in rows
        if file.content_type.startswith("image/") and file.size_bytes <= MOST_BYTES
    }
    senders = {entry.from_email for entry in entries if files.get(entry.pk)} - {""}
    if not small or not senders:
        return frozenset()
    rows = Attachment.objects.filter(
        tenant_id=entries[0].tenant_id, sha256__in=small, entry__from_email__in=senders
    )
    counted = (
        rows.order_by().values("entry__from_email", "sha256").annotate(mails=Count("entry", distinct=True))
    )
    return frozenset((row["entry__from_email"], row["sha256"]) for row in counted if row["mails"] >= MANY)
