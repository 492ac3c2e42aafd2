"""What do the words of an answer decide? Only what is beyond doubt.

An answer decides that begins with a word that does, and says nothing beside it that could be taken for the opposite.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from tickets.policies.decision_words import (
    APPROVING,
    CONDITIONAL,
    COURTEOUS,
    DENYING,
    DEPENDING,
    LIMITING,
    OFFERING,
    POINTING,
    REJECTING,
    RETRACTING,
    WEAK,
)
from tickets.policies.own_words import folded, own_words

#: Longer than a decision with its grounds. Characters.
MAX_CHARS: Final = 5_000
#: Where the words that decide may stop: at a comma, a colon, a dash.
_CLAUSE_END: Final = re.compile(r"[,:(–—、，：（]|\s[-/]+\s")
_CROSS: Final = re.compile("[👎❌🚫⛔🙅✖✗✘]")
_FIGURE: Final = re.compile(r"\d")
_SENTENCE_END: Final = re.compile(r"[.!?;\n。！？]")


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
            found.update({tuple(folded(phrase)): meaning for phrase in phrases})
        weak = {tuple(folded(phrase)) for phrase in WEAK}
        for phrase, wanted in own:
            words = tuple(folded(phrase))
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


def read_decision(new_text: str, words: Words, *, name: str = "") -> Decision:
    """Read the decision from what was written above the quote; its first words must say it, alone.

    `name` is the approver's own, as he signs.
    """
    text = own_words(new_text, names=set(folded(name)))
    if len(text) > MAX_CHARS:
        return Decision(Counts.DOUBTFUL, "it is too long to be sure of")
    found = list(folded(text))
    if not found:
        return Decision(Counts.DOUBTFUL, "nothing is written above the quoted mail")
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
    first = next(_sentences(text))
    if first.endswith(("?", "？")):
        return "it asks instead of deciding"
    decided = {word for one in said for word in one.phrase}
    begins = f"it begins with “{' '.join(said[0].phrase)}” and goes on about something else"
    if said[0].meaning is Meaning.REJECT:
        # Nothing happens without an approval, so that a no needs no second look.
        return begins if said[0].is_weak and set(folded(first)) - decided - COURTEOUS else ""
    # “OK” alone decides; “OK. I will look at it” only says that the mail has come.
    alone = text if said[0].is_weak else _CLAUSE_END.split(first, maxsplit=1)[0]
    if set(folded(alone)) - decided - COURTEOUS - POINTING:
        return begins
    return _second_thought(text, first, decided)


def _second_thought(text: str, first: str, decided: set[str]) -> str:
    """Say what takes back, limits or conditions an approval, wherever it stands."""
    rest = set(folded(text)) - decided
    if (
        rest & DENYING
        or any(word.endswith("n't") or word.startswith("n'") for word in rest)
        or _CROSS.search(text)
    ):
        return "it approves and says not"
    if rest & RETRACTING:
        return "it approves and takes it back"
    if set(folded(first)) & (DEPENDING | LIMITING) or _FIGURE.search(first):
        return "it makes the approval depend on something"
    for sentence in _sentences(text):
        said = list(folded(sentence))
        depends = DEPENDING - CONDITIONAL if OFFERING.intersection(said) else DEPENDING
        if said[0] in LIMITING or depends.intersection(said):
            return "it makes the approval depend on something"
    return ""


def _sentences(text: str) -> Iterator[str]:
    """Give the sentences that have a word in them, each with its end."""
    start = 0
    for end in [*(found.end() for found in _SENTENCE_END.finditer(text)), len(text)]:
        if next(folded(text[start:end]), ""):
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
