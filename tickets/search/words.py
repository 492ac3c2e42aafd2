"""What is searched for, cut into words as the indexes cut texts into theirs."""

from __future__ import annotations

from typing import Final

#: What joins words into addresses, references and paths. PostgreSQL would keep such a compound as one word, and
#: "fabrikam" would not find ada@fabrikam.example; a migration has the same marks written into the column.
JOINTS: Final = "@.-_/:+~<>&%#=?"
#: More words than this narrow nothing down any further.
MAX_WORDS: Final = 8
#: No word of a text needs more to be told from all others. Characters.
MAX_WORD_CHARS: Final = 64
#: Shorter words must stand in the text as they are: half of all words begin with the same letter.
MIN_PREFIX_CHARS: Final = 2

_APART: Final = str.maketrans(dict.fromkeys(JOINTS + "\0'\"\\", " "))


def words_of(asked: str) -> list[str]:
    """Cut what was typed into words: each has a letter or digit, none a mark of a query language, none comes twice."""
    parts = asked.translate(_APART).split()
    kept = ["".join(filter(str.isprintable, part))[:MAX_WORD_CHARS] for part in parts]
    return list(dict.fromkeys(word for word in kept if any(map(str.isalnum, word))))[:MAX_WORDS]


def is_prefix(word: str) -> bool:
    """Tell whether a word also finds the longer ones that begin with it."""
    return len(word) >= MIN_PREFIX_CHARS
