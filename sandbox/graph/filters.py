"""The part of OData $filter and $orderby that Exchange answers for messages, turned into SQL."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.clock import graph_time, read_time
from sandbox.graph.errors import GraphError, bad_request

TEXT = r"'((?:[^']|'')*)'"
COMPARISON = re.compile(r"([A-Za-z/]+)\s+(eq|ne|gt|ge|lt|le)\s+(.+)", re.S)
CALLED = re.compile(r"(startswith|contains)\(([A-Za-z/]+)\s*,\s*" + TEXT + r"\)", re.S)
CATEGORY = re.compile(r"categories/any\((\w+):\s*\1\s+eq\s+" + TEXT + r"\)", re.S)
OPERATORS = {"eq": "=", "ne": "!=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}


def _text(value: str) -> str:
    match = re.fullmatch(TEXT, value, re.S)
    if match is None:
        raise ValueError("text wants quotes")
    return match.group(1).replace("''", "'")


def _truth(value: str) -> int:
    return {"true": 1, "false": 0}[value]


def _moment(value: str) -> str:
    return graph_time(read_time(value.strip("'")))


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    read: Callable[[str], object]


COLUMNS = {
    "receivedDateTime": Column("received_at", _moment),
    "sentDateTime": Column("sent_at", _moment),
    "lastModifiedDateTime": Column("modified_at", _moment),
    "createdDateTime": Column("created_at", _moment),
    "internetMessageId": Column("message_id", _text),
    "subject": Column("subject", _text),
    "from/emailAddress/address": Column("sender", lambda value: _text(value).lower()),
    "importance": Column("importance", _text),
    "isRead": Column("is_read", _truth),
    "isDraft": Column("is_draft", _truth),
    "hasAttachments": Column("has_attachments", _truth),
}


@dataclass(frozen=True, slots=True)
class Clause:
    """property: as Graph names it; sql holds one mark per value."""

    property: str
    sql: str
    values: tuple[object, ...]


def read_filter(text: str) -> list[Clause]:
    """Read comparisons joined by "and". Raises GraphError 400."""
    return [_clause(piece.strip()) for piece in _split(text)] if text else []


def _split(text: str) -> list[str]:
    """Split at "and" outside of quotes."""
    pieces, piece, quoted = [], "", False
    for token in re.split(r"('|\band\b)", text):
        if token == "'":
            quoted = not quoted
        if token == "and" and not quoted:
            pieces.append(piece)
            piece = ""
        else:
            piece += token
    return [*pieces, piece]


def _clause(text: str) -> Clause:
    try:
        return _called(text) or _compared(text)
    except (KeyError, ValueError) as error:
        raise bad_request(f"Invalid filter clause: {text[:80]}") from error


def _called(text: str) -> Clause | None:
    if match := CATEGORY.fullmatch(text):
        sql = "EXISTS (SELECT 1 FROM json_each(categories) WHERE value = ?)"
        return Clause("categories", sql, (match.group(2).replace("''", "'"),))
    if match := CALLED.fullmatch(text):
        name, wanted = match.group(2), match.group(3).replace("''", "'")
        found = f"instr(lower({COLUMNS[name].name}), lower(?))"
        return Clause(name, f"{found} {'= 1' if match.group(1) == 'startswith' else '> 0'}", (wanted,))
    return None


def _compared(text: str) -> Clause:
    match = COMPARISON.fullmatch(text)
    if match is None:
        raise ValueError("no comparison")
    name, operator, value = match.groups()
    column = COLUMNS[name]
    return Clause(name, f"{column.name} {OPERATORS[operator]} ?", (column.read(value.strip()),))


def read_order(text: str, clauses: list[Clause]) -> str:
    """Give the ORDER BY for $orderby, newest first without one. Raises GraphError 400.

    A sorted property must stand in the filter too, in the same order and before all others.
    Source: https://learn.microsoft.com/graph/api/user-list-messages#using-filter-and-orderby-in-the-same-query
    """
    wishes = [wish.split() for wish in text.split(",")] if text else []
    names = [wish[0] for wish in wishes if wish]
    if clauses and names and [clause.property for clause in clauses][: len(names)] != names:
        raise GraphError(
            400, "InefficientFilter", "The restriction or sort order is too complex for this operation."
        )
    try:
        ordered = [f"{COLUMNS[wish[0]].name} {_direction(wish[1:])}" for wish in wishes]
    except (KeyError, IndexError) as error:
        raise bad_request("Invalid $orderby: it names no property that messages can be sorted by.") from error
    return ", ".join([*ordered, "n DESC"]) if ordered else "received_at DESC, n DESC"


def _direction(words: list[str]) -> str:
    return {"": "ASC", "asc": "ASC", "desc": "DESC"}[" ".join(words).lower()]
