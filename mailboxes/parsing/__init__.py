"""Bytes in, ParsedMessage out; plain Python without Django."""

from .gate import one_line, storable
from .guarded import parse
from .large import split_large
from .limits import DEFAULT, Limits
from .values import (
    Address,
    Bounce,
    BounceRecipient,
    Exploded,
    Headers,
    Invitation,
    Link,
    ParsedMessage,
    Part,
    PartContent,
    Problem,
    Unparseable,
)

__all__ = [
    "DEFAULT",
    "Address",
    "Bounce",
    "BounceRecipient",
    "Exploded",
    "Headers",
    "Invitation",
    "Limits",
    "Link",
    "ParsedMessage",
    "Part",
    "PartContent",
    "Problem",
    "Unparseable",
    "one_line",
    "parse",
    "split_large",
    "storable",
]
