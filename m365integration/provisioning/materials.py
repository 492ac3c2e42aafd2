"""Secrets of the document: written out, taken from the environment, or from a file beside it. Never in a message."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from m365integration.provisioning.node import Node
from tenants.redaction import remember

#: No secret, key or certificate chain is as large.
MAX_FILE_BYTES: Final = 64 * 1024
#: The endings that say where a value comes from.
ENDINGS: Final = ("", "_env", "_file")


def keys_of(*names: str) -> tuple[str, ...]:
    """List the keys by which values of these names can be given."""
    return tuple(f"{name}{ending}" for name in names for ending in ENDINGS)


def read_material(node: Node, name: str, *, is_required: bool = False) -> str | None:
    """Read a value given as `name`, `name_env` or `name_file`; None when there is none or it is at fault.

    The line end of a file is cut off; logs hide the value from now on.
    """
    given = [key for key in keys_of(name) if node.values.get(key) is not None]
    for key in given[1:]:
        node.fault(key, "given_twice", f"The value is given by {given[0]} already; keep one of them.")
    if not given and is_required:
        node.fault(name, "missing", f"Give one of {', '.join(keys_of(name))}.")
    if len(given) != 1:
        return None
    value = _value(node, given[0], name)
    if value:
        remember(value)
    return value


def _value(node: Node, key: str, name: str) -> str | None:
    value = node.values[key]
    if not isinstance(value, str) or not value:
        node.fault(key, "not_text", 'Here must stand a text that is not empty: "…".')
        return None
    if key == f"{name}_env":
        return _from_environment(node, key, value)
    return _from_file(node, key, value) if key == f"{name}_file" else value


def _from_environment(node: Node, key: str, variable: str) -> str | None:
    value = os.environ.get(variable)
    if not value:
        node.fault(key, "environment_missing", "This environment variable is not set, or empty.")
        return None
    return value


def _from_file(node: Node, key: str, name: str) -> str | None:
    try:
        content = _content(node.findings.folder / name)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no small file of text"
        node.fault(key, "file_unreadable", f"This file cannot be read: {reason}.")
        return None
    if not content:
        node.fault(key, "file_empty", "This file is empty.")
        return None
    return content


def _content(path: Path) -> str:
    """Read a small text file. Raises OSError, and ValueError for anything that is not one."""
    # Not blocking, because opening a pipe that nobody writes to would never end.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError(path.name)
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise ValueError(path.name)
    return content.decode("utf-8-sig").rstrip("\r\n")
