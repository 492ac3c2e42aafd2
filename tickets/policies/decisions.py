"""What do the words of an answer decide? Only what is beyond doubt.

An answer decides that begins with a word that does. An approval says nothing else but what is known to be harmless; a
rejection may give grounds, for nothing happens by it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from tickets.policies.decision_words import AGAINST, APPROVING, HARMLESS, PHRASES, REJECTING, WEAK
from tickets.policies.own_words import above_our_line, folded, marks, own_words, says_something

#: Longer than a decision with its grounds, a signature and a firm's small print. Characters.
MAX_CHARS: Final = 20_000
_ASKING: Final = frozenset("?؟❓❔")
#: Signs that change nothing: a smile, a thumb in whatever colour of skin.
_QUIET: Final = frozenset(" \t\r\n\xa0\ufe0f.,!;:'\"-–—“”„«»*。、·/👍👌✅✔✓🙂😊😀🎉💯🆗🏻🏼🏽🏾🏿")
_SMILE: Final = re.compile(r":-?\)")
_FIRST_SENTENCE: Final = re.compile(r"\W*[^.!?;\n。！？؟⁇⁈⁉❓❔…]*[\s.!?;。！？؟⁇⁈⁉❓❔…]*")


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
    """Phrases that decide, as tuples of words, by what they mean; None is what means nothing."""

    meanings: Mapping[tuple[str, ...], Meaning | None]
    weak: Collection[tuple[str, ...]]
    longest: int

    @classmethod
    def of(cls, own: Iterable[tuple[str, Meaning | None]] = ()) -> Words:
        """Give the words everybody has, and a tenant's own over them; None takes a word away."""
        found: dict[tuple[str, ...], Meaning | None] = {}
        lists = ((HARMLESS, None), (PHRASES, None), (APPROVING, Meaning.APPROVE), (REJECTING, Meaning.REJECT))
        for phrases, meaning in lists:
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
    """A phrase of an answer; `is_known` is False for a word of no list."""

    phrase: tuple[str, ...]
    meaning: Meaning | None
    is_known: bool = True


def read_decision(new_text: str, words: Words, *, name: str = "", asker: str = "") -> Decision:
    """Read the decision from what was written above the quote; its first words must say it.

    `name` is the approver's own, as he signs; `asker` whom he may thank.
    """
    new_text = above_our_line(new_text)
    if len(new_text) > MAX_CHARS:
        return Decision(Counts.DOUBTFUL, "it is too long to be sure of")
    names, others = set(folded(name)), set(folded(asker))
    text, below = own_words(new_text, names=names, others=others)
    said = list(_said(text, words, names | (others - AGAINST)))
    if not said:
        return Decision(Counts.DOUBTFUL, "nothing is written above the quoted mail")
    first = said[0]
    if first.meaning is None:
        return Decision(Counts.DOUBTFUL, "it does not begin with a word that decides")
    # A word that is weak is part of many a signature: "Company No. 12".
    signed = [one for one in _said(below, words) if one.phrase not in words.weak]
    if {one.meaning for one in (*said, *signed)} - {first.meaning, None}:
        return Decision(Counts.DOUBTFUL, "it says both yes and no")
    if first.meaning is Meaning.REJECT:
        doubt, counts = _doubtful_no(text, first, words), Counts.REJECTED
    else:
        doubt, counts = _doubtful_yes(text, said), Counts.APPROVED
        if not doubt and says_something(below, names=names):
            doubt = "it approves, and more is said below the name"
    begins = f"it begins with “{' '.join(first.phrase)}”"
    return Decision(Counts.DOUBTFUL, doubt) if doubt else Decision(counts, begins)


def _doubtful_no(text: str, first: _Said, words: Words) -> str:
    """Say why a rejection is none, "" when it is one; nothing happens by it, so that grounds may follow."""
    found = _FIRST_SENTENCE.match(text)
    sentence = found.group() if found else text
    if _ASKING & marks(sentence):
        return "it asks instead of deciding"
    is_alone = all(one.is_known for one in _said(sentence, words))
    return "" if is_alone or first.phrase not in words.weak else _goes_on(first)


def _doubtful_yes(text: str, said: Sequence[_Said]) -> str:
    """Say what keeps an approval from being one, "" when all of it is harmless."""
    signs = marks(_SMILE.sub(" ", text))
    if signs & _ASKING:
        return "it asks instead of deciding"
    if signs - _QUIET or not all(one.is_known for one in said):
        return _goes_on(said[0])
    return ""


def _goes_on(first: _Said) -> str:
    return f"it begins with “{' '.join(first.phrase)}” and goes on about something else"


def _said(text: str, words: Words, names: Collection[str] = ()) -> Iterator[_Said]:
    """Give the phrases of a text, the longest at each place, and the words that belong to none."""
    found = list(folded(text))
    place = 0
    while place < len(found):
        for length in range(min(words.longest, len(found) - place), 0, -1):
            phrase = tuple(found[place : place + length])
            if phrase in words.meanings:
                yield _Said(phrase, words.meanings[phrase])
                break
        else:
            length = 1
            yield _Said((found[place],), None, is_known=found[place] in names)
        place += length
