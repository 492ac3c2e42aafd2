"""Regular expressions that cannot hang: read into a small automaton that looks at every character once.

A tenant's administrator writes them and strangers write the text. The usual engine tries alternatives one after the
other, and some pairs of expression and text keep it busy for years. What it can do and this one cannot, look-around
and back references, is refused with a sentence. Letters of either case are the same; ^ and $ stand at lines.
"""

from __future__ import annotations

from typing import Final

from tickets.policies.syntax import Anchor, Repeat, Syntax, Tree, parse_expression

#: What an automaton may have of nodes; repetitions are written out.
MAX_NODES: Final = 2_000
#: Node visits spent on one text before it is given up: about a tenth of a second.
MAX_WORK: Final = 60_000
#: States kept between texts.
MAX_STATES: Final = 2_000

#: What stood before a place, or comes after it.
_EDGE, _LINE, _WORD, _OTHER = range(4)


class TooCostly(Exception):
    """The text would take longer than a rule may."""


class _State(dict[str, "_State"]):
    """A state of the automaton: by character the next one, filled as characters are met."""

    __slots__ = ("before", "core", "is_match")

    def __init__(self, core: frozenset[int], before: int, *, is_match: bool = False) -> None:
        super().__init__()
        self.core, self.before, self.is_match = core, before, is_match


class Expression:
    """A compiled expression. Raises ExpressionError for one that cannot be read."""

    def __init__(self, text: str) -> None:
        #: ("set", test, next), ("split", one, other), ("anchor", kind, next) or ("match", 0, 0).
        self._nodes: list[tuple[str, object, int]] = [("match", 0, 0)]
        self._start = self._emit(parse_expression(text), 0)
        self._found = _State(frozenset(), _OTHER, is_match=True)
        self._work = 0
        self._first, self._states = self._fresh()

    def is_in(self, text: str) -> bool:
        """Tell whether it is found anywhere in the text. Raises TooCostly."""
        state, self._work = self._first, 0
        for character in text:
            following = state.get(character)
            if following is None:
                following = self._step(state, character)
            if following.is_match:
                return True
            state = following
        return 0 in self._closure(state, _EDGE)

    def _fresh(self) -> tuple[_State, dict[tuple[frozenset[int], int], _State]]:
        first = _State(frozenset({self._start}), _EDGE)
        return first, {(first.core, _EDGE): first}

    def _step(self, state: _State, character: str) -> _State:
        after = _kind(character)
        reached = self._closure(state, after)
        if 0 in reached:
            following = self._found
        else:
            core = {self._start}
            for index in reached:
                kind, test, target = self._nodes[index]
                if kind == "set" and test.holds(character):  # type: ignore[attr-defined]
                    core.add(target)
            following = self._state(frozenset(core), after)
        state[character] = following
        return following

    def _state(self, core: frozenset[int], before: int) -> _State:
        if (known := self._states.get((core, before))) is not None:
            return known
        if len(self._states) >= MAX_STATES:
            self._first, self._states = self._fresh()
        made = self._states[core, before] = _State(core, before)
        return made

    def _closure(self, state: _State, after: int) -> set[int]:
        """Give the nodes that can be reached between two characters without taking one."""
        reached: set[int] = set()
        waiting = list(state.core)
        while waiting:
            index = waiting.pop()
            if index in reached:
                continue
            reached.add(index)
            kind, argument, target = self._nodes[index]
            if kind == "split":
                waiting += [argument, target]  # type: ignore[list-item]
            elif kind == "anchor" and _holds(argument, state.before, after):
                waiting.append(target)
        self._work += len(reached)
        if self._work > MAX_WORK:
            raise TooCostly
        return reached

    def _add(self, kind: str, argument: object, target: int) -> int:
        if len(self._nodes) >= MAX_NODES:
            raise Syntax.error("it is too long once its repetitions are written out")
        self._nodes.append((kind, argument, target))
        return len(self._nodes) - 1

    def _emit(self, tree: Tree, target: int) -> int:
        """Write the nodes of a piece that goes on at `target`; gives where it begins."""
        if isinstance(tree, Repeat):
            return self._emit_repeat(tree, target)
        if isinstance(tree, Anchor):
            return self._add("anchor", tree, target)
        if isinstance(tree, list):  # alternatives, each a row of pieces
            starts = []
            for row in tree:
                start = target
                for piece in reversed(row):
                    start = self._emit(piece, start)
                starts.append(start)
            found = starts[-1]
            for start in reversed(starts[:-1]):
                found = self._add("split", start, found)
            return found
        return self._add("set", tree, target)

    def _emit_repeat(self, repeat: Repeat, target: int) -> int:
        found = target
        if repeat.most is None:
            found = self._add("split", target, target)
            self._nodes[found] = ("split", self._emit(repeat.piece, found), target)
        else:
            for _ in range(repeat.most - repeat.least):
                found = self._add("split", self._emit(repeat.piece, found), target)
        for _ in range(repeat.least):
            found = self._emit(repeat.piece, found)
        return found


def _kind(character: str) -> int:
    if character == "\n":
        return _LINE
    return _WORD if character.isalnum() or character == "_" else _OTHER


def _holds(anchor: object, before: int, after: int) -> bool:
    if anchor is Anchor.START:
        return before in (_EDGE, _LINE)
    if anchor is Anchor.END:
        return after in (_EDGE, _LINE)
    return ((before == _WORD) != (after == _WORD)) == (anchor is Anchor.WORD)
