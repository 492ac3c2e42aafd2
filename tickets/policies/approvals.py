"""Does an answer decide what it was asked? Only when all of it is beyond doubt; everything else changes nothing.

An answer counts that refers to the one-time mark of the request, comes from the approver's own address as proven by
the receiving side, in time and for the first time, and begins with a word that decides.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr
from enum import Enum
from typing import Final

from mailboxes.parsing import ParsedMessage
from mailboxes.parsing.reply_words import FORWARD
from mailboxes.parsing.values import Address
from tickets.policies.decisions import Counts, Decision, Words, read_decision
from tickets.policies.loops import Treatment, Verdict
from tickets.policies.own_words import above_our_line
from tickets.policies.subjects import FORWARDS
from tickets.policies.trust import INSIDE, Level, Trust

#: A mail that was passed on says so in its subject, in front of everything.
_PASSED_ON: Final = re.compile(rf"\s*(?:\[[^\]]{{0,40}}\]\s*){{0,3}}(?:{FORWARDS})\s*[:：]", re.IGNORECASE)
#: What is struck through stands in the text as if it were not.
_STRUCK: Final = re.compile(r"<(?:s|strike|del)[\s>]|line-through", re.IGNORECASE)
#: Set by servers and programs that pass a mail on as it is.
_PASSED_ON_BY: Final = ("resent-from", "resent-to", "x-forwarded-for", "x-forwarded-to", "x-forwarded-by")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is known of the request an answer refers to."""

    address: str
    is_decided: bool
    is_open: bool
    deadline_at: datetime
    received_at: datetime
    #: Whether it answers a mail of the request itself, and not another one of the same conversation.
    is_direct: bool = True
    #: Who asks: people thank and greet.
    asker: str = ""
    #: Domains of the directory the answer came to, in lower case.
    own_domains: Collection[str] = field(default_factory=frozenset)


def judge_answer(
    message: ParsedMessage, asked: Asked, *, verdict: Verdict, trust: Trust, words: Words
) -> Decision:
    """Say what an answer counts as, and why, in words for staff."""
    if verdict.treatment is not Treatment.ACCEPT or message.is_auto_reply or message.bounce:
        return Decision(Counts.AUTOMATIC, verdict.reason or message.auto_reason or "automatic mail")
    if doubt := _other_sender(message, asked):
        return Decision(Counts.OTHER_SENDER, doubt)
    if doubt := why_unproven(message, trust, own_domains=asked.own_domains):
        return Decision(Counts.UNPROVEN, doubt)
    if doubt := _passed_on(message):
        return Decision(Counts.FORWARDED, doubt)
    if asked.is_decided:
        return Decision(Counts.REPEATED, "this approver has decided before; the first answer stands")
    if not asked.is_open:
        return Decision(Counts.LATE, "the approval had ended when it came")
    if asked.received_at > asked.deadline_at:
        return Decision(Counts.LATE, "it came after the deadline")
    if not asked.is_direct:
        return Decision(Counts.DOUBTFUL, "it answers another mail of the conversation, not the request")
    if _STRUCK.search(message.html):
        return Decision(Counts.DOUBTFUL, "words in it are struck through")
    return read_decision(message.new_text, words, name=_name_of(message.sender), asker=asked.asker)


def _other_sender(message: ParsedMessage, asked: Asked) -> str:
    if message.sender.email.lower() != asked.address.lower():
        return "it comes from another address than the approver's"
    sent_by = {parseaddr(one)[1].lower() for one in message.headers.get("sender", ())}
    if sent_by - {"", asked.address.lower()}:
        return "somebody else has sent it on behalf of the approver"
    return ""


def _name_of(sender: Address) -> str:
    return sender.name or re.sub(r"[._-]", " ", sender.email.partition("@")[0])


def why_unproven(message: ParsedMessage, trust: Trust, *, own_domains: Collection[str]) -> str:
    """Say why the sender is not proven enough to decide anything, "" when he is.

    Stricter than for joining a ticket: the From address itself must have passed DMARC, or Exchange must have marked
    the mail as sent by somebody signed in to the directory it came to.
    """
    if trust.level is Level.FAILED:
        return f"the sender is not proven: {trust.reason}"
    if trust.level is Level.PASSED and trust.checks.get("dmarc") in ("pass", "bestguesspass"):
        return "" if trust.is_named else "the DMARC check does not say which domain it is about"
    marks = {mark.strip().lower() for mark in message.headers.get(INSIDE, ())}
    if marks == {"internal"}:
        domain = message.sender.email.rpartition("@")[2].lower()
        return "" if domain in own_domains else "it is marked internal, and the address is of another house"
    return f"no DMARC check proves the sender: {trust.reason}"


def _passed_on(message: ParsedMessage) -> str:
    if _PASSED_ON.match(message.subject):
        return "it was forwarded: its subject says so"
    found = next((name for name in _PASSED_ON_BY if name in message.headers), "")
    if found:
        return f"it was forwarded: it has a header {found.title()}"
    is_forward = FORWARD.search("\n" + above_our_line(message.new_text))
    return "it was forwarded: the forwarded mail stands in it" if is_forward else ""


class Outcome(Enum):
    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"


def outcome(*, approvers: int, quorum: int, approved: int, rejected: int) -> Outcome:
    """Say how an approval stands: granted with the quorum, refused once that can no longer be reached."""
    if approved >= quorum:
        return Outcome.APPROVED
    return Outcome.REJECTED if approvers - rejected < quorum else Outcome.OPEN
