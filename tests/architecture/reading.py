"""Read source files as trees; every rule is a function of paths, so that each can be tried on a made-up tree."""

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PRODUCT: Final = ("m365integration", "tenants", "mailboxes", "tickets")
ROOMS: Final = (*PRODUCT, "sandbox", "tests")


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach: where, and what."""

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


def python_files(root: Path = ROOT, *, rooms: tuple[str, ...] = ROOMS) -> Iterator[Path]:
    """Give the Python files of the rooms, migrations aside: those are written by Django."""
    for room in rooms:
        yield from (path for path in sorted((root / room).rglob("*.py")) if "migrations" not in path.parts)
    if (root / "manage.py").exists() and "m365integration" in rooms:
        yield root / "manage.py"


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), filename=str(path))


def place(path: Path, node: ast.AST | None = None, *, root: Path = ROOT) -> str:
    """Name a place as file:line, relative to the project."""
    line = f":{node.lineno}" if node is not None and hasattr(node, "lineno") else ""
    return f"{path.relative_to(root)}{line}"


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function from its def to its end, decorators aside."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def imported(path: Path) -> Iterator[tuple[ast.AST, str]]:
    """Give every module a file names in an import, also within functions, also behind TYPE_CHECKING."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node, node.module
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def tracked_files(root: Path = ROOT) -> list[Path]:
    """Give the files that would be handed to somebody else: those git knows or would add."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=root, capture_output=True, check=True)
    return [root / name for name in listing.stdout.decode().split("\0") if name and (root / name).is_file()]


def words(name: str) -> list[str]:
    """Split an identifier into lower-case words: `parseHTMLPart_two` → parse, html, part, two."""
    spaced = re.sub(r"([a-z0-9])([A-Z])|([A-Z]+)(?=[A-Z][a-z])", r"\1\3_\2", name)
    return [word for word in spaced.lower().split("_") if word]
