"""Is this mail a person's, a machine's, or our own coming back? Source: RFC 3834, RFC 5321 §6.3."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Final

from mailboxes.parsing import ParsedMessage
from mailboxes.parsing.values import Bounce

#: A mail that has passed this many hosts goes in a circle. Source: RFC 5321 §6.3 asks for at least 100.
MAX_HOPS: Final = 100
#: Our own mails carry this header; the value is the tenant they were sent for.
LOOP_HEADER: Final = "x-m365-desk-loop"
#: More mails than these within the window, and a person would not go on answering either: two programs may be talking.
WINDOW: Final = timedelta(minutes=10)
MAX_FROM_SENDER: Final = 20
MAX_ON_TICKET: Final = 10
#: Recipients a reason names.
MAX_NAMED: Final = 3
#: No answer to an invitation is as large. Bytes.
MAX_CALENDAR_BYTES: Final = 256 * 1024
_METHOD: Final = re.compile(
    rb"^METHOD[ \t]*:[ \t]*(REPLY|COUNTER|DECLINECOUNTER)\b", re.IGNORECASE | re.MULTILINE
)
_LISTS: Final = ("list-id", "list-unsubscribe", "list-post", "feedback-id")
_AWAY: Final = re.compile(r"out-of-office|oof|autorepl|autorespon|x-auto-?reply", re.IGNORECASE)
_SUPPRESS: Final = "X-Auto-Response-Suppress"


class Treatment(Enum):
    ACCEPT = "accept"
    #: File it, and answer nothing automatically.
    ACCEPT_SILENTLY = "accept_silently"
    #: Keep it in the ledger, off the tickets, until somebody decides.
    SUSPEND = "suspend"


class Kind(Enum):
    """What sort of mail it is, as rules and badges name it."""

    PERSON = "person"
    AUTOMATIC = "automatic"
    OUT_OF_OFFICE = "out_of_office"
    NEWSLETTER = "newsletter"
    MEETING = "meeting"
    BOUNCE = "bounce"
    DELAYED = "delayed"
    LOOP = "loop"


@dataclass(frozen=True, slots=True)
class Verdict:
    treatment: Treatment
    reason: str = ""
    kind: Kind = Kind.PERSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """How many mails came within the window, the one that is judged among them."""

    from_sender: int = 0
    on_ticket: int = 0


def flood(recent: Recent) -> str:
    """Give the reason why no program may answer a mail however genuine it is, "" when there is none."""
    minutes = WINDOW // timedelta(minutes=1)
    if recent.on_ticket > MAX_ON_TICKET:
        return f"{recent.on_ticket} mails on this ticket within {minutes} minutes"
    if recent.from_sender > MAX_FROM_SENDER:
        return f"{recent.from_sender} mails of this sender within {minutes} minutes"
    return ""


def judge(message: ParsedMessage, *, own: Collection[str]) -> Verdict:
    """Decide how a mail is treated; `own` are the lower-case addresses of the tenant's mailboxes."""
    hops = len(message.headers.get("received", ()))
    if hops > MAX_HOPS:
        return Verdict(Treatment.SUSPEND, f"loop: it has passed {hops} hosts", Kind.LOOP)
    if message.headers.get(LOOP_HEADER):
        return Verdict(Treatment.SUSPEND, "loop: our own mail came back", Kind.LOOP)
    if message.sender.email.lower() in own and not message.bounce:
        return Verdict(Treatment.SUSPEND, "self: the sender is one of our own mailboxes", Kind.LOOP)
    if message.bounce:
        return _judge_bounce(message.bounce)
    if answer := _meeting_answer(message):
        return Verdict(Treatment.ACCEPT_SILENTLY, answer, Kind.MEETING)
    if message.is_auto_reply:
        return Verdict(Treatment.ACCEPT_SILENTLY, message.auto_reason, _automatic_kind(message))
    return Verdict(Treatment.ACCEPT)


def _judge_bounce(bounce: Bounce) -> Verdict:
    named = [f"{one.address} {one.status}".strip() for one in bounce.recipients[:MAX_NAMED]]
    whom = f" ({', '.join(named)})" if named else ""
    if bounce.is_delay:
        return Verdict(
            Treatment.ACCEPT_SILENTLY, f"delay: delivery is late and still being tried{whom}", Kind.DELAYED
        )
    return Verdict(
        Treatment.ACCEPT_SILENTLY, f"bounce: a report about a mail that was not delivered{whom}", Kind.BOUNCE
    )


def _meeting_answer(message: ParsedMessage) -> str:
    """Recognise somebody accepting or declining: a calendar object whose method is REPLY (RFC 5546 §3.2.3)."""
    for part in message.parts:
        if part.content_type == "text/calendar" and part.size_bytes <= MAX_CALENDAR_BYTES:
            found = _METHOD.search(part.content.read())
            if found:
                return f"meeting: an answer to an invitation ({found[1].decode().upper()})"
    return ""


def _automatic_kind(message: ParsedMessage) -> Kind:
    headers = message.headers
    # Newsletters name the answers they do not want, out-of-office ones among them.
    is_away = not message.auto_reason.startswith(_SUPPRESS) and _AWAY.search(message.auto_reason)
    # Gmail's vacation replies say Precedence: bulk as well.
    if is_away or headers.first("auto-submitted").lower().startswith("auto-replied"):
        return Kind.OUT_OF_OFFICE
    is_list = any(name in headers for name in _LISTS) or headers.first("precedence").lower() in (
        "bulk",
        "list",
    )
    return Kind.NEWSLETTER if is_list else Kind.AUTOMATIC
