"""The document as it was given: bounded, JSON, and honest about keys that stand twice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, NoReturn

from tenants.console import Fault, Refused

#: Ten thousand mailboxes take about a third of this.
MAX_DOCUMENT_BYTES: Final = 16 * 1024 * 1024


class Keys(dict[str, Any]):
    """An object of the document that remembers which of its keys were written more than once."""

    doubled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A document, and the folder its *_file values are relative to. Never shown: it may hold secrets."""

    document: Any
    folder: Path

    def __repr__(self) -> str:
        return f"Source({str(self.folder)!r})"


def read_file(path: Path) -> Source:
    """Read a provision file. Raises Refused when it cannot be read or is not JSON."""
    try:
        with path.open("rb") as file:
            return read_stream(file, folder=path.parent)
    except OSError as error:
        raise _refused("file_unreadable", f"{path.name} cannot be read: {error.strerror}.") from None


def read_stream(stream: BinaryIO, *, folder: Path) -> Source:
    """Read a document from an open stream. Raises Refused when it is too large or not JSON."""
    content = stream.read(MAX_DOCUMENT_BYTES + 1)
    if len(content) > MAX_DOCUMENT_BYTES:
        raise _refused("too_large", f"The document is larger than {MAX_DOCUMENT_BYTES:,} bytes.")
    return Source(document=_parsed(content), folder=folder)


def _parsed(content: bytes) -> Any:
    try:
        text = content.decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except UnicodeDecodeError:
        raise _refused("not_utf8", "The document is not UTF-8 text.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise _refused("not_json", f"The document is not JSON: {error.msg} ({where}).") from None
    except RecursionError:
        raise _refused("too_deep", "The document is nested too deeply.") from None
    except ValueError:
        raise _refused("not_json", "The document holds a number that JSON does not know.") from None


def _object(pairs: Sequence[tuple[str, Any]]) -> Keys:
    found = Keys(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        found.doubled = tuple(dict.fromkeys(name for name in names if names.count(name) > 1))
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _refused(code: str, message: str) -> Refused:
    return Refused([Fault(path="", code=code, message=message)])
