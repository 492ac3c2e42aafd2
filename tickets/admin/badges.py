"""What stands beside a mail on its ticket in a word or two: what it is, who sent it, why it is here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets.cards import seal_of
from tickets.models import Entry
from tickets.policies.archives import HARMFUL

#: How far the sender is proven: colour and words.
TRUST: Final = {
    "passed": ("success", gettext_lazy("sender proven")),
    "failed": ("danger", gettext_lazy("sender not proven")),
    "unknown": ("calm", gettext_lazy("sender not checked")),
}
#: Sorts of automatic mail that have a name of their own.
KINDS: Final = {
    "out_of_office": gettext_lazy("out of office"),
    "newsletter": gettext_lazy("newsletter"),
    "meeting": gettext_lazy("answer to an invitation"),
}
#: How somebody new came to take part, or a mail without any sign came here: colour, words, and why it may.
PARTS: Final = {
    "addressed": (
        "info",
        gettext_lazy("added by a participant"),
        gettext_lazy("Somebody who takes part in this ticket wrote to this sender, in To or Cc."),
    ),
    "colleague": (
        "info",
        gettext_lazy("colleague"),
        gettext_lazy(
            "Proven, and of the same organisation as the requester or the tenant; new to this ticket."
        ),
    ),
    "holder": (
        "warning",
        gettext_lazy("new to this ticket"),
        gettext_lazy("Answers a mail of ours that went to somebody else; it may have been passed on."),
    ),
    "subject": (
        "warning",
        gettext_lazy("joined by subject"),
        gettext_lazy(
            "It names no earlier mail. Joined by subject and sender, as the mailbox's setting “join by subject and "
            "sender” allows; split it off if it is about something else."
        ),
    ),
}
#: Codes of problems that every second mail has or that take nothing away; they are no warning.
HARMLESS: Final = frozenset({
    "remote_images", "winmail_unpacked", "attached_mail_shown", "archive_unread", HARMFUL,
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    level: str
    label: Any
    reason: str = ""
    #: Where it leads.
    link: str = ""


def badges_of(entry: Entry) -> Iterator[Badge]:
    decisions = entry.decisions or {}
    if decisions.get("outlook"):
        yield Badge(level="info", label=_("written in Outlook"))
    if decisions.get("past_customer"):
        reason = _("None of its recipients has written on this ticket, so the customer still waits.")
        yield Badge(level="warning", label=_("not to the customer"), reason=reason)
    kind = decisions.get("kind", "")
    if kind == "delayed":
        yield Badge(level="warning", label=_("delivery is late"), reason=entry.reason)
    elif entry.auto_reply and entry.reason.startswith("bounce"):
        yield Badge(level="danger", label=_("not delivered"), reason=entry.reason)
    elif entry.auto_reply:
        yield Badge(level="info", label=KINDS.get(kind, _("automatic mail")), reason=entry.reason)
    if flood := decisions.get("flood"):
        yield Badge(level="warning", label=_("no automatic answers"), reason=flood)
    yield from _trust_badges(decisions)
    label, advice = seal_of(entry.cards)
    if label:
        yield Badge(level="info", label=label, reason=advice)
    problems = [one for one in entry.problems if isinstance(one, dict)]
    if found := next((one for one in problems if one.get("code") == HARMFUL), None):
        yield Badge(level="danger", label=_("harmful file in an archive"), reason=str(found.get("text", "")))
    if any(one.get("code") not in HARMLESS for one in problems):
        yield Badge(level="warning", label=_("shown with limits"))


def twin_badges(twin: Any) -> Iterator[Badge]:
    if twin is not None:
        yield Badge(
            level="info",
            label=_("also came to %(mailbox)s") % {"mailbox": twin.mailbox_address},
            reason=_(
                "The same mail arrived in two mailboxes of this tenant; both copies stand on this ticket."
            ),
            link=f"#entry-{twin.pk}",
        )


def _found_by(reference: str) -> str:
    return f"{reverse('admin:tickets_ticket_changelist')}?{urlencode({'q': reference})}"


def _trust_badges(decisions: Mapping[str, Any]) -> Iterator[Badge]:
    trust = decisions.get("trust") or {}
    if trust.get("level") in TRUST:
        level, label = TRUST[trust["level"]]
        yield Badge(level=level, label=str(label), reason=trust.get("why", ""))
    if reference := decisions.get("kept_from"):
        yield Badge(
            level="danger",
            label=_("kept off %(ticket)s") % {"ticket": reference},
            reason=_("It answers that ticket, but its sender is not proven. Merge the two if it is genuine."),
            link=_found_by(reference),
        )
    if reference := decisions.get("outside_of"):
        yield Badge(
            level="warning",
            label=_("stranger to %(ticket)s") % {"ticket": reference},
            reason=_(
                "It answers a mail of that ticket, but its sender has no part in it. Merge the two if he belongs there."
            ),
            link=_found_by(reference),
        )
    if reference := decisions.get("stranger_to"):
        yield Badge(
            level="warning",
            label=_("names %(ticket)s") % {"ticket": reference},
            reason=_("Its subject names a ticket that this sender has no part in."),
            link=_found_by(reference),
        )
    for how in (decisions.get("part"), decisions.get("joined_by")):
        if how in PARTS:
            level, label, reason = PARTS[how]
            yield Badge(level=level, label=str(label), reason=str(reason))
