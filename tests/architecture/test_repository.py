"""What the repository may not contain, and what it must tell."""

import ast
import re
from pathlib import Path

from tests.architecture.reading import PRODUCT, Finding, place, python_files, tracked_files, tree

TOP_LEVEL = {
    *("manage.py", "pyproject.toml", "Makefile", "README.md", "CHANGELOG.md", "CONTRIBUTING.md"),
    *("docs", "requirements", "m365integration", "tenants", "mailboxes", "tickets", "sandbox", "tests"),
}
#: Put together at run time, so that this file does not contain what it looks for.
MACHINE_PATH = re.compile("(?<![\\w.])/" + "(work|root|home|Users)" + "/[a-z]")
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK"]) + r")\b")
INDEX = re.compile(
    r"(https?|git\+|file):|--?(extra-)?index-url|--find-links|--trusted-host|^-[if] ", re.MULTILINE
)
TEXT = {
    ".py",
    ".md",
    ".toml",
    ".txt",
    ".in",
    ".html",
    ".json",
    ".sh",
    ".cfg",
    ".ini",
    ".yml",
    ".yaml",
    ".css",
    ".js",
    "",
}
UNSAFE_TEMPLATE = re.compile(r"\|\s*safe\b|\{%\s*autoescape\s+off|\|\s*safeseq\b")
UNSAFE_CALLS = {"mark_safe", "SafeString", "SafeText"}


def matches(paths: list[Path], pattern: re.Pattern[str], root: Path) -> list[Finding]:
    return [
        Finding(f"{place(path, root=root)}:{number}", line.strip()[:80])
        for path in paths
        if path.suffix in TEXT
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1)
        if pattern.search(line)
    ]


def unescaped(paths: list[Path], root: Path) -> list[Finding]:
    """Find every way to tell Django that a text needs no escaping (S-82)."""
    return [
        Finding(place(path, node, root=root), "declares a text safe")
        for path in paths
        for node in ast.walk(tree(path))
        if (isinstance(node, ast.Name) and node.id in UNSAFE_CALLS)
        or (isinstance(node, ast.Attribute) and node.attr in UNSAFE_CALLS)
    ]


def test_top_level_is_as_designed(root: Path) -> None:
    found = {path.relative_to(root).parts[0] for path in tracked_files()}
    assert {name for name in found if not name.startswith(".")} - TOP_LEVEL == set()


def test_repository_knows_no_path_of_a_machine(root: Path) -> None:
    assert [str(each) for each in matches(tracked_files(), MACHINE_PATH, root)] == []


def test_nothing_is_left_for_later(root: Path) -> None:
    sources = [path for path in tracked_files() if path.suffix in {".py", ".html", ".md", ".toml", ""}]
    assert [str(each) for each in matches(sources, UNFINISHED, root)] == []


def test_requirements_name_versions_and_no_address(root: Path) -> None:
    files = sorted((root / "requirements").iterdir())
    assert [str(each) for each in matches(files, INDEX, root)] == []


def test_every_pinned_requirement_has_a_hash(root: Path) -> None:
    for name in ("base.txt", "dev.txt"):
        blocks = re.split(
            r"\n(?=[a-z0-9])", (root / "requirements" / name).read_text("utf-8"), flags=re.IGNORECASE
        )
        pinned = [block for block in blocks if "==" in block.splitlines()[0]]
        assert pinned
        assert [block.splitlines()[0] for block in pinned if "--hash=sha256:" not in block] == []


def test_no_mail_is_shown_unescaped(root: Path) -> None:
    templates = [path for room in PRODUCT for path in (root / room).rglob("*.html")]
    assert [str(each) for each in matches(templates, UNSAFE_TEMPLATE, root)] == []
    assert [str(each) for each in unescaped(list(python_files(rooms=PRODUCT)), root)] == []


def test_rules_find_what_they_look_for(tmp_path: Path) -> None:
    source = f"path = '/{'home'}/somebody/x'\n# {'TO' + 'DO'} later\nmark_safe(path)\n"
    files = {"a.py": source, "b.html": "{{ mail.html|safe }}\n", "base.txt": "--index-url index.example\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    expected = [
        (MACHINE_PATH, "a.py"),
        (UNFINISHED, "a.py"),
        (UNSAFE_TEMPLATE, "b.html"),
        (INDEX, "base.txt"),
    ]
    for pattern, name in expected:
        found = matches([tmp_path / each for each in files], pattern, tmp_path)
        assert [str(each).split(":")[0] for each in found] == [name]
    assert unescaped([tmp_path / "a.py"], tmp_path) != []
