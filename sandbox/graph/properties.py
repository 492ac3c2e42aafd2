"""Single-value extended properties: how a client names them, writes them, and asks for them.

Source: https://learn.microsoft.com/graph/api/resources/singlevaluelegacyextendedproperty
"""

import re
from collections.abc import Iterable, Mapping

from sandbox.graph.errors import bad_request
from sandbox.wire import Json

NAME = "singleValueExtendedProperties"
_GUID = r"\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}"
_ID = re.compile(rf"(\w+) (?:({_GUID}) (Name|Id) (.+)|(0x[0-9a-f]+))", re.I)
_EXPAND = re.compile(rf"{NAME}\(\$filter=(.+)\)", re.I | re.S)
_CLAUSE = re.compile(r"\s*id\s+eq\s+'((?:[^']|'')*)'\s*", re.I)


def read_id(text: object) -> str:
    """Give an id as it is kept: the GUID in lower case. Raises GraphError 400."""
    match = _ID.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise bad_request(
            "PropertyId values may only be in one of the following formats: 'MapiPropertyType namespaceGuid Name"
            " propertyName', 'MapiPropertyType namespaceGuid Id propertyId' or 'MapiPropertyType propertyTag'.",
            code="ErrorInvalidProperty",
        )
    kind, guid, word, name, tag = match.groups()
    return f"{kind} {tag}" if tag else f"{kind} {guid.lower()} {word} {name}"


def wanted(expand: str) -> list[str]:
    """Read $expand: the ids that are asked for. Raises GraphError 400."""
    if not expand:
        return []
    match = _EXPAND.fullmatch(expand.strip())
    clauses = [_CLAUSE.fullmatch(part) for part in re.split(r"\s+or\s+", match.group(1))] if match else [None]
    if not all(clauses):
        raise bad_request("Parsing OData Select and Expand failed.")
    return [read_id(clause.group(1).replace("''", "'")) for clause in clauses if clause]


def written(items: object) -> dict[str, str]:
    """Read what a client writes: id to value. Raises GraphError 400."""
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise bad_request("The extended properties are a collection of id and value.")
    return {read_id(item.get("id")): str(item.get("value")) for item in items}


def shown(found: Mapping[str, str], ids: Iterable[str]) -> Json:
    """Give what an answer adds to its document; nothing when none of them is there."""
    by_lower = {name.lower(): (name, value) for name, value in found.items()}
    pairs = [by_lower[name.lower()] for name in ids if name.lower() in by_lower]
    return {NAME: [{"id": name, "value": value} for name, value in pairs]} if pairs else {}
