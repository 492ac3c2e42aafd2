"""Does an answer decide what it was asked? Only when all of it is beyond doubt; everything else changes nothing.

An answer counts that refers to the one-time mark of the request, comes from the approver's own address as proven by
the receiving side, in time and for the first time, and begins with a word that decides.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr
from enum import Enum
from typing import Final

from mailboxes.parsing import ParsedMessage
from tickets.policies.decision_words import (
    APPROVING,
    COURTEOUS,
    DENYING,
    DEPENDING,
    REJECTING,
    WEAK,
)
from tickets.policies.loops import Treatment, Verdict
from tickets.policies.subjects import FORWARDS
from tickets.policies.trust import INSIDE, Level, Trust

#: What stands at the top of our mails, by language; whatever mail programs put below it the approver has not written.
LINES: Final = {
    "en": "===== Please write your answer above this line =====",
    "de": "===== Bitte schreiben Sie Ihre Antwort über diese Zeile =====",
}
#: Longer than a decision with its grounds. Characters.
MAX_CHARS: Final = 5_000
_WORD: Final = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_SENTENCE_END: Final = re.compile(r"[.!?;\n。！？]")
#: A mail that was passed on says so in its subject, in front of everything.
_PASSED_ON: Final = re.compile(rf"\s*(?:\[[^\]]{{0,40}}\]\s*){{0,3}}(?:{FORWARDS})\s*[:：]", re.IGNORECASE)
#: Set by servers and programs that pass a mail on as it is.
_PASSED_ON_BY: Final = ("resent-from", "resent-to", "x-forwarded-for", "x-forwarded-to", "x-forwarded-by")


class Counts(Enum):
    """What an answer counts as."""

    APPROVED = "approved"
    REJECTED = "rejected"
    AUTOMATIC = "automatic"
    OTHER_SENDER = "other_sender"
    UNPROVEN = "unproven"
    FORWARDED = "forwarded"
    REPEATED = "repeated"
    LATE = "late"
    DOUBTFUL = "doubtful"


class Meaning(Enum):
    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Decision:
    counts: Counts
    reason: str

    @property
    def decides(self) -> bool:
        return self.counts in (Counts.APPROVED, Counts.REJECTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Phrases that decide, as tuples of words, by what they mean."""

    meanings: Mapping[tuple[str, ...], Meaning]
    weak: Collection[tuple[str, ...]]
    longest: int

    @classmethod
    def of(cls, own: Iterable[tuple[str, Meaning | None]] = ()) -> Words:
        """Give the words everybody has, and a tenant's own over them; None takes a word away."""
        found: dict[tuple[str, ...], Meaning] = {}
        for phrases, meaning in ((APPROVING, Meaning.APPROVE), (REJECTING, Meaning.REJECT)):
            found.update({tuple(_words(phrase)): meaning for phrase in phrases})
        weak = {tuple(_words(phrase)) for phrase in WEAK}
        for phrase, wanted in own:
            words = tuple(_words(phrase))
            found.pop(words, None)
            weak.discard(words)
            if words and wanted is not None:
                found[words] = wanted
        return cls(meanings=found, weak=weak, longest=max(map(len, found), default=0))


@dataclass(frozen=True, slots=True)
class _Said:
    place: int
    phrase: tuple[str, ...]
    meaning: Meaning
    is_weak: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is known of the request an answer refers to."""

    address: str
    is_decided: bool
    is_open: bool
    deadline_at: datetime
    received_at: datetime
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
    return read_decision(message.new_text, words)


def _other_sender(message: ParsedMessage, asked: Asked) -> str:
    if message.sender.email.lower() != asked.address.lower():
        return "it comes from another address than the approver's"
    sent_by = parseaddr(message.headers.first("sender"))[1].lower()
    if sent_by and sent_by != asked.address.lower():
        return "somebody else has sent it on behalf of the approver"
    return ""


def why_unproven(message: ParsedMessage, trust: Trust, *, own_domains: Collection[str]) -> str:
    """Say why the sender is not proven enough to decide anything, "" when he is.

    Stricter than for joining a ticket: the From address itself must have passed DMARC, or Exchange must have marked
    the mail as sent by somebody signed in to the directory it came to.
    """
    if trust.level is Level.FAILED:
        return f"the sender is not proven: {trust.reason}"
    if trust.level is Level.PASSED and trust.checks.get("dmarc") in ("pass", "bestguesspass"):
        return ""
    marks = {mark.strip().lower() for mark in message.headers.get(INSIDE, ())}
    if marks == {"internal"}:
        domain = message.sender.email.rpartition("@")[2].lower()
        return "" if domain in own_domains else "it is marked internal, and the address is of another house"
    return f"no DMARC check proves the sender: {trust.reason}"


def _passed_on(message: ParsedMessage) -> str:
    if _PASSED_ON.match(message.subject):
        return "it was forwarded: its subject says so"
    found = next((name for name in _PASSED_ON_BY if name in message.headers), "")
    return f"it was forwarded: it has a header {found.title()}" if found else ""


def read_decision(new_text: str, words: Words) -> Decision:
    """Read the decision from what was written above the quote; its first words must say it, alone."""
    end = min((place for line in LINES.values() if (place := new_text.find(line)) >= 0), default=None)
    text = new_text[:end][: MAX_CHARS + 1]
    found = list(_words(text))
    if not found:
        return Decision(Counts.DOUBTFUL, "nothing is written above the quoted mail")
    if len(text) > MAX_CHARS:
        return Decision(Counts.DOUBTFUL, "it is too long to be sure of")
    said = list(_said(found, words))
    if not said or said[0].place != 0:
        return Decision(Counts.DOUBTFUL, "it does not begin with a word that decides")
    first = said[0]
    if any(one.meaning is not first.meaning for one in said):
        return Decision(Counts.DOUBTFUL, "it says both yes and no")
    if doubt := _doubt(text, said):
        return Decision(Counts.DOUBTFUL, doubt)
    counts = Counts.APPROVED if first.meaning is Meaning.APPROVE else Counts.REJECTED
    return Decision(counts, f"it begins with “{' '.join(first.phrase)}”")


def _doubt(text: str, said: Sequence[_Said]) -> str:
    sentences = list(_sentences(text))
    first = sentences[0]
    if first.endswith(("?", "？")):
        return "it asks instead of deciding"
    decided = {word for one in said for word in one.phrase}
    if said[0].is_weak and set(_words(first)) - decided - COURTEOUS:
        return f"it begins with “{' '.join(said[0].phrase)}” and goes on about something else"
    if said[0].meaning is Meaning.REJECT:
        return ""  # nothing happens without an approval, so that a no needs no second look
    if (set(_words(text)) - decided) & DENYING:
        return "it approves and says not"
    after = next(_words(sentences[1]), "") if len(sentences) > 1 else ""
    return "it makes the approval depend on something" if {*_words(first), after} & DEPENDING else ""


def _sentences(text: str) -> Iterator[str]:
    """Give the sentences that have a word in them, each with its end."""
    start = 0
    for end in [*(found.end() for found in _SENTENCE_END.finditer(text)), len(text)]:
        if _WORD.search(text, start, end):
            yield text[start:end].strip()
        start = end


def _said(found: Sequence[str], words: Words) -> Iterator[_Said]:
    """Give each phrase that decides, the longest at each place."""
    place = 0
    while place < len(found):
        for length in range(min(words.longest, len(found) - place), 0, -1):
            phrase = tuple(found[place : place + length])
            if meaning := words.meanings.get(phrase):
                yield _Said(place, phrase, meaning, is_weak=phrase in words.weak)
                place += length - 1
                break
        place += 1


def _words(text: str) -> Iterator[str]:
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("ʼ", "'")
    return (found.group() for found in _WORD.finditer(folded))


class Outcome(Enum):
    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"


def outcome(*, approvers: int, quorum: int, approved: int, rejected: int) -> Outcome:
    """Say how an approval stands: granted with the quorum, refused once that can no longer be reached."""
    if approved >= quorum:
        return Outcome.APPROVED
    return Outcome.REJECTED if approvers - rejected < quorum else Outcome.OPEN
