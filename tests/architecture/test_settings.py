"""Every knob is explained where it is set, and named where an operator looks."""

import ast
import re
from pathlib import Path

from tests.architecture.reading import PRODUCT, Finding, imported, place, python_files, tree

READS = re.compile(r"(?:env\.\w+|origin)\(\s*\"([A-Z][A-Z0-9_]+)\"|env\.db_url\(\"(\w+)\"")


def knobs(source: str) -> list[tuple[int, str]]:
    """Give line number and name of every variable that is read from the environment."""
    return [
        (number, match.group(1) or match.group(2))
        for number, line in enumerate(source.splitlines(), 1)
        for match in READS.finditer(line)
    ]


def unexplained(source: str) -> list[str]:
    """Find knobs whose block of lines does not begin with a comment."""
    lines = source.splitlines()
    found = []
    for number, name in knobs(source):
        above = number - 1
        while above and lines[above - 1].strip() and not lines[above - 1].startswith("#"):
            above -= 1
        if not above or not lines[above - 1].startswith("# "):
            found.append(name)
    return found


def test_every_knob_is_explained_where_it_is_set(root: Path) -> None:
    assert unexplained((root / "m365integration" / "settings.py").read_text("utf-8")) == []


def test_every_knob_stands_in_the_example_file(root: Path) -> None:
    settings = (root / "m365integration" / "settings.py").read_text("utf-8")
    named = {name for _, name in knobs(settings)} | {"DATABASE_URL"}
    example = (root / ".env.example").read_text("utf-8")
    shown = set(re.findall(r"^#?\s?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE))
    assert named - shown == set()
    assert shown - named == {"REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"}


def test_flows_read_settings_by_name_and_never_by_guess(root: Path) -> None:
    guesses = [
        str(Finding(place(path, node), "getattr(settings, …)"))
        for path in python_files(rooms=PRODUCT)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "getattr"
        and node.args
        and isinstance(node.args[0], ast.Name)
        and node.args[0].id == "settings"
    ]
    assert [each for each in guesses if not each.startswith("m365integration/safety.py")] == []


def test_only_settings_and_the_starters_read_the_environment(root: Path) -> None:
    allowed = {"settings.py", "environment.py", "start.py", "serving.py", "safety.py", "manage.py"}
    allowed |= {"demo.py", "celery.py", "wsgi.py", "asgi.py", "web.py", "parts.py"}
    readers = [
        place(path, node)
        for path in python_files(rooms=PRODUCT)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"} and path.name not in allowed
    ]
    assert [
        each
        for each in readers
        if not each.startswith(("tenants/microsoft/", "m365integration/provisioning"))
    ] == []


def test_environ_is_imported_in_one_place(root: Path) -> None:
    users = {
        path.name for path in python_files(rooms=PRODUCT) for _, name in imported(path) if name == "environ"
    }
    assert users == {"environment.py"}


def test_rule_finds_a_knob_without_a_word() -> None:
    assert unexplained(
        '# Meaning, seconds. Default 1.\nA: int = env.int("A_S", default=1)\n\nB = env.str("BB")\n'
    ) == ["BB"]
