"""One word per thing, and no drawer for the rest."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.reading import ROOMS, Finding, place, python_files, tree, words

BANNED_FILES = {
    "service",
    "services",
    "util",
    "utils",
    "helper",
    "helpers",
    "handler",
    "handlers",
    "misc",
    "common",
}
BANNED_WORDS = {"service", "util", "utils", "helper", "manager", "handler", "process", "data", "info", "obj"}
#: Names that are not ours: Django, Celery and the standard library call them, or call us by them.
FOREIGN = {
    "objects",
    "obj",  # parameter of Django's admin and serializer methods
    "cleaned_data",
    "get_traceback_data",
    "get_changeform_initial_data",
    "process_request",
    "process_response",
    "process_view",
    "process_exception",
    "handler404",
    "handler500",
    "AXES_HANDLER",
    "handle_data",  # of html.parser
    "proxy_manager_for",  # of requests' adapters
    "DATA_UPLOAD_MAX_MEMORY_SIZE",
    "DATA_UPLOAD_MAX_NUMBER_FIELDS",
}

#: Parameters by which a library calls this one file.
CALLED_BY_NAME = {"tenants/microsoft/login.py": {"data"}}


def bad_file_names(paths: list[Path], root: Path) -> list[Finding]:
    return [
        Finding(place(path, root=root), "is named for nothing in particular")
        for path in paths
        if set(path.relative_to(root).with_suffix("").parts) & BANNED_FILES
    ]


def bad_identifiers(path: Path, root: Path) -> list[Finding]:
    """Find names we chose ourselves: of modules, classes, functions, parameters and what is assigned."""
    foreign = FOREIGN | CALLED_BY_NAME.get(place(path, root=root), set())
    return [
        Finding(place(path, node, root=root), f"{name} says {', '.join(sorted(bad))}")
        for node, name in chosen_names(path)
        if name not in foreign and (bad := set(words(name)) & BANNED_WORDS)
    ]


def chosen_names(path: Path) -> Iterator[tuple[ast.AST, str]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, node.name
        elif isinstance(node, ast.arg):
            yield node, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node, node.id


def test_no_file_is_a_drawer(root: Path) -> None:
    assert bad_file_names(list(python_files()), root) == []


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "tests"])
def test_names_say_what_is_meant(room: str, root: Path) -> None:
    found = [finding for path in python_files(rooms=(room,)) for finding in bad_identifiers(path, root)]
    assert [str(finding) for finding in found] == []


def test_rule_finds_a_drawer_and_an_empty_word(tmp_path: Path) -> None:
    broken = tmp_path / "mail" / "utils.py"
    broken.parent.mkdir()
    broken.write_text("class MailService:\n    def process_mail(self, user_info): ...\n", "utf-8")
    assert [str(each) for each in bad_file_names([broken], tmp_path)] == [
        "mail/utils.py: is named for nothing in particular"
    ]
    assert [each.what for each in bad_identifiers(broken, tmp_path)] == [
        "MailService says service",
        "process_mail says process",
        "user_info says info",
    ]
