"""Reading a regular expression into its pieces; what cannot be matched in one pass is refused with a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, NoReturn, Union

MAX_CHARS: Final = 500
MAX_DEPTH: Final = 20
MAX_REPEAT: Final = 100

_SHORT: Final = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}
_CLASSES: Final = "dDwWsS"
_SIGNS: Final[dict[str, tuple[int, int | None]]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}


class ExpressionError(ValueError):
    """Say what is wrong with an expression, in words for whoever wrote it."""


class Anchor(Enum):
    START = "^"
    END = "$"
    WORD = r"\b"
    NO_WORD = r"\B"


@dataclass(frozen=True, slots=True)
class Characters:
    """A set of characters: single ones, ranges, and classes such as d for digits."""

    single: str = ""
    ranges: tuple[tuple[str, str], ...] = ()
    classes: str = ""
    is_negated: bool = False

    def holds(self, character: str) -> bool:
        forms = {character, character.lower(), character.upper()}
        found = any(
            form in self.single or any(low <= form <= high for low, high in self.ranges)
            for form in forms
            if len(form) == 1
        )
        return (found or any(_in_class(name, character) for name in self.classes)) != self.is_negated


@dataclass(frozen=True, slots=True)
class Repeat:
    piece: Tree
    least: int
    #: None is without end.
    most: int | None


#: A list holds alternatives, each a row of pieces.
Tree = Union[Characters, Anchor, Repeat, "list[list[Tree]]"]


def parse_expression(text: str) -> Tree:
    """Read an expression. Raises ExpressionError."""
    if len(text) > MAX_CHARS:
        raise ExpressionError(f"An expression may have {MAX_CHARS} characters.")
    syntax = Syntax(text)
    tree = syntax.alternatives(0)
    if syntax.place < len(text):
        syntax.fail("a closing bracket has no opening one")
    return tree


class Syntax:
    """A reader in the middle of an expression."""

    def __init__(self, text: str) -> None:
        self.text = text.removeprefix("(?i)")
        self.place = 0
        self.text_before = len(text) - len(self.text)

    @staticmethod
    def error(sentence: str) -> ExpressionError:
        return ExpressionError(f"This expression cannot be used: {sentence}.")

    def fail(self, sentence: str) -> NoReturn:
        raise Syntax.error(f"{sentence} (character {self.place + self.text_before + 1})")

    def alternatives(self, depth: int) -> Tree:
        if depth > MAX_DEPTH:
            self.fail("its brackets are nested too deep")
        rows: list[list[Tree]] = [[]]
        while self.place < len(self.text) and self.text[self.place] != ")":
            if self._takes("|"):
                rows.append([])
            else:
                rows[-1].append(self._repeated(self._atom(depth)))
        return rows

    def _takes(self, expected: str) -> bool:
        is_there = self.text.startswith(expected, self.place)
        self.place += len(expected) * is_there
        return is_there

    def _next(self) -> str:
        if self.place >= len(self.text):
            self.fail("it ends in the middle")
        self.place += 1
        return self.text[self.place - 1]

    def _atom(self, depth: int) -> Tree:
        character = self._next()
        if character == "(":
            return self._group(depth)
        if character == "[":
            return self._set()
        if character == ".":
            return Characters(single="\n", is_negated=True)
        if character in "^$":
            return Anchor(character)
        if character == "\\":
            return self._escape()
        if character in "*+?":
            self.place -= 1
            self.fail(f"there is nothing before {character} that could be repeated")
        return Characters(single=character)

    def _group(self, depth: int) -> Tree:
        if self._takes("?P<"):
            while self._next() != ">":
                pass
        elif not self._takes("?:") and self._takes("?"):
            self.fail("look-around and flags inside brackets are not supported")
        tree = self.alternatives(depth + 1)
        if not self._takes(")"):
            self.fail("a bracket is not closed")
        return tree

    def _escape(self) -> Tree:
        character = self._next()
        if character in "bB":
            return Anchor(f"\\{character}")
        if character in "AZ":
            return Anchor.START if character == "A" else Anchor.END
        if character in _CLASSES:
            return Characters(classes=character)
        if character.isdigit() and character != "0":
            self.fail("references to brackets are not supported")
        return Characters(single=self._plain(character))

    def _plain(self, character: str) -> str:
        if character in _SHORT:
            return _SHORT[character]
        if character in "xu":
            digits = self.text[self.place : self.place + (2 if character == "x" else 4)]
            self.place += len(digits)
            try:
                return chr(int(digits, 16))
            except ValueError:
                self.fail(f"\\{character} needs hexadecimal digits")
        if character.isalnum():
            self.fail(f"\\{character} has no meaning")
        return character

    def _set(self) -> Tree:
        is_negated, single, ranges, classes = self._takes("^"), "", [], ""
        is_first = True
        while is_first or not self._takes("]"):
            low, is_first = self._next(), False
            if low == "\\":
                low = self._next()
                if low in _CLASSES:
                    classes += low
                    continue
                low = "\b" if low == "b" else self._plain(low)
            if self.text.startswith("-", self.place) and self.text[self.place + 1 : self.place + 2] != "]":
                self.place += 1
                high = self._next()
                high = self._plain(self._next()) if high == "\\" else high
                if high < low:
                    self.fail("a range runs backwards")
                ranges.append((low, high))
            else:
                single += low
        return Characters(single=single, ranges=tuple(ranges), classes=classes, is_negated=is_negated)

    def _repeated(self, piece: Tree) -> Tree:
        bounds = self._bounds()
        if bounds is None:
            return piece
        if isinstance(piece, Anchor):
            self.fail("a place cannot be repeated")
        self._takes("?")  # as few as possible or as many: found is found
        if self.place < len(self.text) and self.text[self.place] in "*+":
            self.fail("two repetitions follow each other")
        return Repeat(piece, *bounds)

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, (lowest, highest) in _SIGNS.items():
            if self._takes(sign):
                return lowest, highest
        end = self.text.find("}", self.place)
        inside = self.text[self.place + 1 : end]
        least, comma, most = inside.partition(",")
        is_count = self.text.startswith("{", self.place) and end > 0 and least.isdecimal()
        if not is_count or (most and not most.isdecimal()):
            return None
        self.place = end + 1
        return self._checked(int(least), (int(most) if most else None) if comma else int(least))

    def _checked(self, least: int, most: int | None) -> tuple[int, int | None]:
        if least > MAX_REPEAT or (most or 0) > MAX_REPEAT:
            self.fail(f"nothing may be repeated more than {MAX_REPEAT} times")
        if most is not None and most < least:
            self.fail("a repetition runs backwards")
        return least, most


def _in_class(name: str, character: str) -> bool:
    lower = name.lower()
    if lower == "d":
        found = character.isdecimal()
    elif lower == "w":
        found = character.isalnum() or character == "_"
    else:
        found = character.isspace()
    return found != name.isupper()
