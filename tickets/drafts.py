"""Flow: what somebody has begun to answer is kept while he types, is his alone, and ends when it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.utils import timezone

from mailboxes.models import OutboundMessage
from mailboxes.outbound.rich import clean
from mailboxes.parsing.gate import storable
from tenants.errors import Misconfigured
from tenants.whom import for_its_tenant
from tickets.models import AnswerDraft, AnswerStyle, Ticket
from tickets.replies import MAX_TEXT, is_queued

#: A line of addresses. Characters.
MAX_LINE: Final = 20_000
#: Colleagues are told of a draft this young; an older one is forgotten, not worked on.
TOLD_FOR: Final = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What stands in the composer; `html` only while formatting is on."""

    text: str = ""
    html: str = ""
    to: str = ""
    cc: str = ""
    bcc: str = ""


@for_its_tenant
def keep(ticket: Ticket, written: Written, *, by: User, key: str = "") -> datetime | None:
    """Keep a draft; None when there is nothing to keep, or the answer of this key is on its way already."""
    is_empty = not any(one.strip() for one in (written.text, written.html, written.cc, written.bcc))
    if is_empty:
        # Files have been stored before there is a draft of them: those go only when they are thrown away.
        AnswerDraft.objects.filter(ticket=ticket, user=by, files=[]).delete()
    if is_empty and not AnswerDraft.objects.filter(ticket=ticket, user=by).exists():
        return None
    if is_queued(ticket, key):
        # The last word of a page that is being left comes behind the answer itself.
        return None
    now = timezone.now()
    AnswerDraft.objects.update_or_create(
        user=by,
        ticket=ticket,
        defaults={
            "tenant_id": ticket.tenant_id,
            "text": storable(written.text, max_chars=MAX_TEXT),
            "html": storable(_cleaned(written.html), max_chars=MAX_TEXT),
            "to": storable(written.to, max_chars=MAX_LINE),
            "cc": storable(written.cc, max_chars=MAX_LINE),
            "bcc": storable(written.bcc, max_chars=MAX_LINE),
            "written_at": now,
        },
    )
    return now


@for_its_tenant
def discard(ticket: Ticket, *, by: User) -> None:
    AnswerDraft.objects.filter(ticket=ticket, user=by).delete()


@for_its_tenant
def take_back(ticket: Ticket, row: OutboundMessage, *, by: User) -> bool:
    """Put an answer that was taken back before it left into the composer again; False where another was begun there."""
    if AnswerDraft.objects.filter(ticket=ticket, user=by).exists():
        return False
    lines = {name: ", ".join(one["email"] for one in getattr(row, name)) for name in ("to", "cc", "bcc")}
    keep(ticket, Written(text=row.text, html=row.html, **lines), by=by)
    AnswerDraft.objects.filter(ticket=ticket, user=by).update(files=row.files)
    return True


def draft_of(ticket: Ticket, *, by: User) -> AnswerDraft | None:
    found: AnswerDraft | None = AnswerDraft.objects.filter(ticket=ticket, user=by).first()
    return found


def kept_files(ticket: Ticket, wanted: Sequence[str], *, by: User) -> list[dict[str, Any]]:
    """Give the files of a draft that go out with it, named by their hashes. Raises Misconfigured (draft_file_gone)."""
    draft = draft_of(ticket, by=by) if wanted else None
    found = [one for one in (draft.files if draft else []) if one["sha256"] in wanted]
    if not {one["sha256"] for one in found} >= set(wanted):
        raise Misconfigured.own("draft_file_gone")
    return found


def begun_by_others(ticket: Ticket, *, by: User) -> Sequence[tuple[str, datetime]]:
    """Name the colleagues who have begun an answer lately, and since when it rests; newest first."""
    rows = AnswerDraft.objects.filter(
        ticket=ticket, written_at__gt=timezone.now() - TOLD_FOR, user__is_active=True
    )
    others = rows.exclude(user=by).select_related("user").order_by("-written_at")[:5]
    return [(one.user.get_full_name() or one.user.get_username(), one.written_at) for one in others]


def is_rich(user: User) -> bool:
    """Tell whether somebody formatted his last answer; plain is where everybody begins."""
    return AnswerStyle.objects.filter(user=user, is_rich=True).exists()


def remember_style(user: User, *, is_rich: bool) -> None:
    AnswerStyle.objects.update_or_create(user=user, defaults={"is_rich": is_rich})


def _cleaned(html: str) -> str:
    try:
        return clean(html) if html else ""
    except Misconfigured:
        # Too much to read; its words are kept, and sending says what is wrong.
        return ""
