"""An object of the document under inspection: every value is checked, every fault is collected with its path."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import models

from m365integration.provisioning.source import Keys
from tenants.console import Fault

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_PLAIN_KEY: Final = re.compile(r"[\w$-]{1,60}(\[\d+\])?")
#: What is named as an example of what there is.
MOST_EXAMPLES: Final = 6


@dataclass(slots=True)
class Findings:
    """What an inspection has found so far, over the whole document."""

    folder: Path
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)


@dataclass(slots=True)
class Seen:
    """Marks that may stand once, and where each stood first."""

    places: dict[object, str] = field(default_factory=dict)

    def is_new(self, node: Node, key: str, mark: object) -> bool:
        """Note a mark; a second one is a fault."""
        first = self.places.setdefault(mark, node.path)
        if first != node.path:
            node.fault(key, "duplicate", f"{first} has the same; keep one of them.")
        return first == node.path


class Node:
    """One object, its path, and the model columns read from it so far (`columns`)."""

    __slots__ = ("columns", "findings", "path", "values")

    def __init__(self, path: str, values: Any, findings: Findings) -> None:
        self.path = path
        self.findings = findings
        self.columns: dict[str, Any] = {}
        self.values: dict[str, Any] = values if isinstance(values, dict) else {}
        if not isinstance(values, dict):
            self.fault("", "not_an_object", "Here must stand an object: {…}.")
        for key in values.doubled if isinstance(values, Keys) else ():
            self.fault(key, "key_twice", "This key stands twice in the same object; keep one.")

    def at(self, key: str) -> str:
        """Give the path of a key; an odd key is quoted, so that no path breaks out of its line."""
        if not key:
            return self.path
        shown = key if _PLAIN_KEY.fullmatch(key) else json.dumps(key[:60])
        return f"{self.path}.{shown}" if self.path else shown

    def fault(self, key: str, code: str, message: str) -> None:
        self.findings.faults.append(Fault(path=self.at(key), code=code, message=message))

    def warn(self, key: str, code: str, message: str) -> None:
        self.findings.warnings.append(Fault(path=self.at(key), code=code, message=message))

    def allow(self, *known: str) -> None:
        """Refuse every other key: a typing error must not look like a setting."""
        for key in self.values:
            if key not in known:
                near = get_close_matches(key, known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}."
                self.fault(key, "key_unknown", f"There is no such key here; {hint}")

    def children(self, key: str) -> Iterator[Node]:
        """Walk a list of objects; an absent one is empty."""
        items = self.values.get(key)
        if items is not None and not isinstance(items, list):
            self.fault(key, "not_a_list", "Here must stand a list: […].")
            return
        for place, item in enumerate(items or ()):
            yield Node(f"{self.at(key)}[{place}]", item, self.findings)

    def names_in(self, key: str, *, name: str = "name") -> set[str]:
        """Collect the names in a list of objects, those at fault too: who refers to them is not to blame."""
        items = self.values.get(key)
        names = (
            [item.get(name) for item in items if isinstance(item, dict)] if isinstance(items, list) else []
        )
        return {one.strip() for one in names if isinstance(one, str)}

    def child(self, key: str) -> Node:
        """Go into an object; an absent one is empty."""
        value = self.values.get(key)
        return Node(self.at(key), {} if value is None else value, self.findings)

    def text(self, key: str, *, is_required: bool = False, is_prose: bool = False) -> str | None:
        """Read a text without the blanks around it; None when it is absent, null or at fault.

        Prose may have several lines, which end in a line feed.
        """
        value = self.values.get(key)
        if value is None:
            if is_required:
                self.fault(key, "missing", "This value is required.")
            return None
        if not isinstance(value, str):
            self.fault(key, "not_text", 'Here must stand a text: "…".')
            return None
        value = value.replace("\r\n", "\n") if is_prose else value
        if not is_printable(value.replace("\n", "") if is_prose else value):
            self.fault(key, "unprintable", "This text holds control characters.")
            return None
        if is_required and not value.strip():
            self.fault(key, "missing", "This value must not be empty.")
            return None
        return value.strip()

    def column(
        self,
        key: str,
        column: models.Field[Any, Any],
        *,
        is_required: bool = False,
        is_lower: bool = False,
        is_prose: bool = False,
        check: Callable[[str], None] | None = None,
    ) -> str | None:
        """Read a text as the value of a model column, by the column's own validators.

        null stands for the column's default.
        """
        if key in self.values and self.values[key] is None and not is_required:
            self.columns[column.name] = column.get_default()
            return None
        value = self.text(key, is_required=is_required, is_prose=is_prose)
        if value is None or not self._is_choice(key, value, column):
            return None
        value = value.lower() if is_lower else value
        try:
            if check is not None and value:
                check(value)
            column.clean(value, None)
        except ValidationError as error:
            first = error.error_list[0]
            self.fault(key, first.code or "invalid", first.messages[0])
            return None
        self.columns[column.name] = value
        return value

    def _is_choice(self, key: str, value: str, column: models.Field[Any, Any]) -> bool:
        choices = [choice for choice, _label in column.choices or () if choice]
        if not choices or value in choices:
            return True
        self.fault(key, "not_a_choice", f"Choose one of: {', '.join(choices)}.")
        return False

    def flag(self, key: str, column: str) -> None:
        """Read true or false into a column."""
        value = self.values.get(key)
        if isinstance(value, bool):
            self.columns[column] = value
        elif value is not None:
            self.fault(key, "not_a_flag", "Here must stand true or false, without quotes.")

    def day(self, key: str, *, or_words: str = "") -> date | None:
        """Read a date; the words that may stand in its place are only told."""
        value = self.text(key)
        if value is None:
            return None
        try:
            if _DATE.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            pass  # 2026-02-30 has the shape and is no date
        self.fault(key, "not_a_date", f"Here must stand {or_words}a date such as 2028-05-01.")
        return None

    def name_of(
        self, key: str, names: Collection[str], *, what: str, is_required: bool = False
    ) -> str | None:
        """Read the name of something that must exist already or stand in the document."""
        name = self.text(key, is_required=is_required)
        if name is not None and name not in names:
            self.fault(
                key, f"{what.replace(' ', '_')}_unknown", f"There is no such {what}; {_examples(names)}"
            )
            return None
        return name


def field_of(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    """Find a column of a model."""
    found = model._meta.get_field(name)
    if not isinstance(found, models.Field):
        raise TypeError(f"{model.__name__}.{name} is no column.")
    return found


def is_printable(text: str) -> bool:
    """Tell whether a text is free of control characters and of halves of characters."""
    return not any(unicodedata.category(character) in ("Cc", "Cs") for character in text)


def _examples(names: Collection[str]) -> str:
    if not names:
        return "none is known."
    shown = sorted(names)[:MOST_EXAMPLES]
    return f"known: {', '.join(shown)}{' …' if len(names) > len(shown) else ''}."
