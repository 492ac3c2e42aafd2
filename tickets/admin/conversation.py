"""A ticket's entries in the shape its page shows them: bounded, in a constant number of queries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from django.db.models import BooleanField, Case, F, QuerySet, Value, When
from django.db.models.functions import Left
from django.utils import timezone

from mailboxes.outbound.pace import Forecast
from tenants.admin.wording import Trouble, explain
from tenants.errors import Misconfigured
from tenants.microsoft.clouds import cloud
from tickets.admin.badges import Badge, badges_of, twin_badges
from tickets.cards import Card, cards_of
from tickets.models import Attachment, Entry, Ticket
from tickets.repeated import repeated_pictures

#: What a page shows of one text; the original holds the rest. Characters.
SHOWN_CHARS: Final = 20_000
#: What a page shows of a conversation unless asked for all: the latest.
SHOWN_ENTRIES: Final = 100
#: How many of the latest are never folded away, and how many it takes to fold any.
SHOWN_LATEST: Final = 4
FOLDED_FROM: Final = 4
#: How a mail of ours stands, by colour.
SENT_LEVELS: Final = {
    "queued": "info",
    "sending": "info",
    "sent": "success",
    "uncertain": "warning",
    "bounced": "danger",
    "failed": "danger",
    "cancelled": "calm",
}
#: A mail that leaves within this time is counted down to. Seconds.
COUNTED_S: Final = 120
LINE_PX: Final = 21
#: What Outlook writes into the text of a mail where its HTML shows a picture.
_PLACE_OF_PICTURE: Final = re.compile(r"\[cid:[^\]\s]{1,500}\]")
#: A smaller picture inside the HTML is a symbol or a line, not what somebody wants to show. Bytes.
SCREENSHOT_BYTES: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry: the new text first, the quoted tail to be folded, files as cards."""

    entry: Entry
    lead: str
    tail: str
    is_cut: bool
    has_html: bool
    frame_px: int
    files: Sequence[Attachment]
    repeated: Sequence[Attachment]
    badges: Sequence[Badge]
    cards: Sequence[Card]
    problems: Sequence[str]
    #: Come since somebody looked last.
    is_new: bool = False
    #: Where the whole of a mail is that was cut at the size limit.
    outlook_url: str = ""
    #: When a mail of ours that waits will be sent.
    leaves_at: datetime | None = None

    @property
    def sent_level(self) -> str:
        return SENT_LEVELS.get(self.entry.outbound.state, "calm") if self.entry.outbound else "calm"

    @property
    def leaves_in_s(self) -> int | None:
        """Count the seconds until then; None for what does not leave soon enough to be watched."""
        left = (self.leaves_at - timezone.now()).total_seconds() if self.leaves_at else COUNTED_S + 1
        return max(0, round(left)) if left <= COUNTED_S else None

    @property
    def is_under_way(self) -> bool:
        return self.entry.outbound is not None and self.entry.outbound.state in ("queued", "sending")

    @property
    def trouble(self) -> Trouble | None:
        """Say why a mail of ours has not arrived, or waits; None where that is over."""
        mail = self.entry.outbound
        error = mail.error if mail and mail.state != mail.State.CANCELLED else None
        told = explain(error)
        # Who has to act is the one who reads it.
        return replace(told, who="") if told and error and error.get("who") == "user" else told

    @property
    def has_remote_images(self) -> bool:
        return self.has_html and any(
            one.get("code") == "remote_images" for one in self.entry.problems if isinstance(one, dict)
        )

    @property
    def shows_html_first(self) -> bool:
        """Text is calmer and folds its quotes; HTML comes first only where there is no text."""
        return self.has_html and not self.lead.strip()


def folded(
    items: Sequence[Item], *, unread: int, is_whole: bool
) -> tuple[Sequence[Item], Sequence[Item], Sequence[Item]]:
    """Part a long conversation: how it began, what is folded away, and its end, with all that is unread."""
    began, end = int(is_whole), len(items) - max(SHOWN_LATEST, unread)
    if end - began < FOLDED_FROM:
        return (), (), items
    return items[:began], items[began:end], items[end:]


def conversation(
    ticket: Ticket, *, shows_all: bool = False, unread: int = 0, only: int | None = None
) -> list[Item]:
    """Give the entries, or only one, oldest first; as many of the latest as are unread are marked."""
    rows = _entries(ticket).order_by("-happened_at", "-pk")
    if only is not None:
        rows = rows.filter(pk=only)
    entries = list(rows if shows_all else rows[:SHOWN_ENTRIES])[::-1]
    files: dict[int, list[Attachment]] = {}
    for file in Attachment.objects.filter(entry__in=entries):
        files.setdefault(file.entry_id, []).append(file)
    repeated = repeated_pictures(entries, files)
    twins = _twins(entries)
    items = [(one, _item(one, files.get(one.pk, []), repeated, twin=twins.get(one.pk))) for one in entries]
    forecast, old = Forecast(), len(items) - unread
    return [
        replace(
            item,
            outlook_url=_in_outlook(ticket, entry),
            leaves_at=forecast.leaves_at(entry.outbound) if entry.outbound else None,
            is_new=at >= old,
        )
        for at, (entry, item) in enumerate(items)
    ]


def _in_outlook(ticket: Ticket, entry: Any) -> str:
    """Give the address of the mailbox in Outlook on the web; "" for a mail that is whole here."""
    if not entry.is_cut:
        return ""
    try:
        host = cloud(ticket.tenant.cloud).outlook_resource
    except Misconfigured:
        return ""
    return f"{host}/mail/{quote(entry.mailbox_address, safe='@')}/"


def _entries(ticket: Ticket) -> QuerySet[Any]:
    # Whole texts may be megabytes; the database cuts them before they travel.
    rows: QuerySet[Any] = (
        Entry.objects.filter(ticket=ticket)
        .select_related("outbound")
        .defer(
            "text",
            "new_text",
            "html",
            "outbound__text",
            "outbound__html",
            "outbound__references",
            "outbound__headers",
        )
        .annotate(
            mailbox_address=F("inbound__mailbox__address"),
            is_cut=F("inbound__is_truncated"),
            head=Left("text", SHOWN_CHARS + 1),
            new_head=Left("new_text", SHOWN_CHARS + 1),
            has_html=Case(When(html="", then=Value(False)), default=Value(True), output_field=BooleanField()),
        )
    )
    return rows


def _item(
    entry: Any, files: Sequence[Attachment], repeated: frozenset[tuple[str, str]], *, twin: Any = None
) -> Item:
    text, new_text = (_PLACE_OF_PICTURE.sub("", part) for part in (entry.head, entry.new_head))
    lead, tail = (new_text, _tail(text, new_text)) if new_text else (text, "")
    shown = [file for file in files if _is_listed(file, has_html=entry.has_html, has_text=bool(lead.strip()))]
    lines = text.count("\n") + len(text) // 90
    return Item(
        entry=entry,
        lead=lead[:SHOWN_CHARS],
        tail=tail[:SHOWN_CHARS],
        is_cut=max(len(text), len(new_text)) > SHOWN_CHARS,
        has_html=entry.has_html,
        frame_px=min(max(160, lines * LINE_PX + 90 + 240 * sum(file.is_inline for file in files)), 720),
        files=[file for file in shown if (entry.from_email, file.sha256) not in repeated],
        repeated=[file for file in shown if (entry.from_email, file.sha256) in repeated],
        badges=[*badges_of(entry), *twin_badges(twin)],
        cards=list(cards_of(entry.cards)),
        problems=[str(one.get("text", "")) for one in entry.problems if isinstance(one, dict)],
    )


def _is_listed(file: Attachment, *, has_html: bool, has_text: bool) -> bool:
    """Say whether a file stands below the mail: a screenshot inside the HTML does, where text is shown instead."""
    return not (file.is_inline and has_html) or (has_text and file.size_bytes >= SCREENSHOT_BYTES)


def _tail(text: str, new_text: str) -> str:
    """Give what follows the new text; all of it where somebody answered between the lines."""
    head = new_text.strip()
    rest = text.lstrip()
    return rest[len(head) :].rstrip().lstrip("\n") if rest.startswith(head) else text


def _twins(entries: Sequence[Any]) -> dict[int, Any]:
    """Give, for mails that came to more than one mailbox of the tenant, the entry from the other one."""
    same: dict[str, list[Any]] = {}
    for entry in entries:
        if entry.message_id and entry.inbound_id:
            same.setdefault(entry.message_id, []).append(entry)
    pairs = [
        (one, other)
        for copies in same.values()
        for one in copies
        for other in copies
        if one.mailbox_address != other.mailbox_address
    ]
    return {one.pk: other for one, other in reversed(pairs)}
