"""What a condition of a rule looks for: a glob over the whole value, or a /regular expression/ anywhere in it."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from tickets.policies.expressions import Expression
from tickets.policies.syntax import ExpressionError

MAX_CHARS: Final = 500
#: What of a text is looked at. Characters.
SEARCHED_CHARS: Final = 65_536


class Pattern:
    """A compiled pattern. Case never matters."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_CHARS:
            raise ExpressionError(f"A pattern may have {MAX_CHARS} characters.")
        self.text = text
        is_expression = len(text) > 2 and text.startswith("/") and text.endswith("/")
        self._expression = Expression(text[1:-1]) if is_expression else None
        self._pieces = text.casefold().split("*")

    def fits(self, value: str) -> bool:
        """Tell whether a value is meant. Raises TooCostly for an expression that gives up on it."""
        value = value[:SEARCHED_CHARS]
        return self._expression.is_in(value) if self._expression else self._is_glob_of(value.casefold())

    def _is_glob_of(self, value: str) -> bool:
        first, *rest = self._pieces
        if not rest:
            return len(first) == len(value) and _stands_at(first, value, 0)
        last = rest.pop()
        end = len(value) - len(last)
        if end < len(first) or not (_stands_at(first, value, 0) and _stands_at(last, value, end)):
            return False
        place = len(first)
        for piece in rest:
            place = _find(piece, value, place, end)
            if place < 0:
                return False
            place += len(piece)
        return True


def _stands_at(piece: str, value: str, place: int) -> bool:
    if "?" not in piece:
        return value.startswith(piece, place)
    part = value[place : place + len(piece)]
    return len(part) == len(piece) and all(
        one in ("?", other) for one, other in zip(piece, part, strict=True)
    )


def _find(piece: str, value: str, place: int, end: int) -> int:
    """Find a piece between two stars; the first place is as good as any later one."""
    if "?" not in piece:
        return value.find(piece, place, end)
    # One pass over the value however long the piece: bit n of `fits` says that the first n + 1 letters end here.
    anything = sum(1 << at for at, letter in enumerate(piece) if letter == "?")
    bits = {letter: anything for letter in piece if letter != "?"}
    for at, letter in enumerate(piece):
        if letter != "?":
            bits[letter] |= 1 << at
    fits, whole = 0, 1 << (len(piece) - 1)
    for at in range(place, end):
        fits = (fits << 1 | 1) & bits.get(value[at], anything)
        if fits & whole:
            return at - len(piece) + 1
    return -1


@lru_cache(maxsize=2_000)
def pattern(text: str) -> Pattern:
    """Compile a pattern, once in a process. Raises ExpressionError with a sentence for whoever wrote it."""
    return Pattern(text)
