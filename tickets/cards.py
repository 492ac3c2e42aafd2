"""What an entry says beside its text: an invitation, files left in the cloud, a seal. Kept as one value of the row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailboxes.parsing import ParsedMessage

#: What each seal means for the reader, by the codes of parsing.
SEALS: Final = {
    "microsoft_protected": (
        gettext_lazy("protected by Microsoft"),
        gettext_lazy(
            "Only its recipient can read it: open the original in Outlook, signed in as this mailbox."
        ),
    ),
    "smime_encrypted": (
        gettext_lazy("encrypted (S/MIME)"),
        gettext_lazy("It can be read only where the key of its recipient is: open the original in Outlook."),
    ),
    "smime_opaque": (
        gettext_lazy("signed and wrapped (S/MIME)"),
        gettext_lazy("Its words are inside smime.p7m: open the original in Outlook."),
    ),
    "pgp_encrypted": (
        gettext_lazy("encrypted (PGP)"),
        gettext_lazy("It can be read only with the key of its recipient."),
    ),
    "smime_signed": (
        gettext_lazy("signed (S/MIME)"),
        gettext_lazy("It carries a signature, which is not checked here."),
    ),
    "pgp_signed": (
        gettext_lazy("signed (PGP)"),
        gettext_lazy("It carries a signature, which is not checked here."),
    ),
}
_ASKED: Final = {
    "REQUEST": gettext_lazy("Invitation"),
    "PUBLISH": gettext_lazy("Appointment"),
    "CANCEL": gettext_lazy("Cancelled"),
    "COUNTER": gettext_lazy("Another time is proposed"),
    "REPLY": gettext_lazy("Answer to an invitation"),
}
_ANSWERED: Final = {
    "accepted": gettext_lazy("accepted"),
    "declined": gettext_lazy("declined"),
    "tentative": gettext_lazy("accepted tentatively"),
}
_REPEATED: Final = {
    "daily": gettext_lazy("every day"),
    "weekly": gettext_lazy("every week"),
    "monthly": gettext_lazy("every month"),
    "yearly": gettext_lazy("every year"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One thing shown beside the text; `href` is an https address out of the mail, or ""."""

    icon: str
    title: str
    lines: tuple[str, ...] = ()
    href: str = ""
    action: str = ""


def as_json(message: ParsedMessage) -> dict[str, Any] | None:
    """Give what is to be kept; None for the many mails that have nothing of the kind."""
    if not (message.invitation or message.links or message.seal):
        return None
    return {
        "invitation": asdict(message.invitation) if message.invitation else None,
        "links": [asdict(link) for link in message.links],
        "seal": message.seal,
    }


def cards_of(kept: object) -> Iterator[Card]:
    """Put what was kept into words; seals of mere signatures are a badge only."""
    if not isinstance(kept, dict):
        return
    if invitation := kept.get("invitation"):
        yield _invitation(invitation)
    for link in kept.get("links") or ():
        yield Card(
            icon="cloud", title=link["name"], lines=(link["host"],), href=link["url"], action=_("Open")
        )
    seal = kept.get("seal", "")
    if seal in SEALS and not seal.endswith("_signed"):
        title, advice = SEALS[seal]
        yield Card(icon="lock", title=str(title), lines=(str(advice),))


def seal_of(kept: object) -> tuple[str, str]:
    """Give label and explanation of the badge, both "" where there is no seal."""
    label, advice = SEALS.get(kept.get("seal", "") if isinstance(kept, dict) else "", ("", ""))
    return str(label), str(advice)


def _invitation(kept: dict[str, Any]) -> Card:
    asked = str(_ASKED.get(kept["method"], _ASKED["PUBLISH"]))
    answer = str(_ANSWERED.get(kept["response"], ""))
    organizer = kept["organizer"]["name"] or kept["organizer"]["email"]
    lines = [
        _span(kept["starts"], kept["ends"]),
        str(_REPEATED.get(kept["repeats"], "")),
        kept["location"],
        _("Organised by %(name)s") % {"name": organizer} if organizer else "",
    ]
    title = ": ".join(word for word in (asked, answer, kept["summary"] or _("(no subject)")) if word)
    return Card(
        icon="event", title=title, lines=tuple(filter(None, lines)), href=kept["join_url"], action=_("Join")
    )


def _span(starts: str, ends: str) -> str:
    first, last = _moment(starts), _moment(ends)
    if not first or not last or first == last:
        return first
    same_day = first.partition(",")[0] == last.partition(",")[0]
    return f"{first} – {last.rpartition(', ')[2] if same_day else last}"


def _moment(written: str) -> str:
    """Write a day, or a moment in the reader's zone; one without a zone stands as the sender wrote it."""
    try:
        if "T" not in written:
            return date_format(date.fromisoformat(written), "D j M Y") if written else ""
        moment = datetime.fromisoformat(written)
    except ValueError:
        return ""
    local = timezone.localtime(moment) if moment.tzinfo else moment
    return date_format(local, "D j M Y, H:i")
