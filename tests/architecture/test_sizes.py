"""No function over 50 lines, no file over 350, and most of them far below."""

import statistics
from pathlib import Path

from tests.architecture.reading import PRODUCT, Finding, functions, length, place, python_files

LONGEST_FUNCTION = 50
LONGEST_TEST = 20
LONGEST_FILE = 350
P90_FUNCTION = 25
P90_FILE = 250


def long_functions(paths: list[Path], root: Path, *, limit: int = LONGEST_FUNCTION) -> list[Finding]:
    return [
        Finding(place(path, node, root=root), f"{node.name} has {length(node)} lines")
        for path in paths
        for node in functions(path)
        if length(node) > limit
    ]


def long_files(paths: list[Path], root: Path) -> list[Finding]:
    counted = [(path, len(path.read_text("utf-8").splitlines())) for path in paths]
    return [
        Finding(place(path, root=root), f"{count} lines") for path, count in counted if count > LONGEST_FILE
    ]


def test_no_function_is_longer_than_a_page(root: Path) -> None:
    assert long_functions(list(python_files()), root) == []


def test_no_file_collects_the_rest(root: Path) -> None:
    assert long_files(list(python_files()), root) == []


def test_most_functions_and_files_are_short() -> None:
    files = list(python_files(rooms=PRODUCT))
    functions_lines = [length(node) for path in files for node in functions(path)]
    file_lines = [len(path.read_text("utf-8").splitlines()) for path in files]
    assert statistics.quantiles(functions_lines, n=10)[-1] <= P90_FUNCTION
    assert statistics.quantiles(file_lines, n=10)[-1] <= P90_FILE


def test_tests_are_short_enough_to_be_read_as_sentences() -> None:
    lines = [
        length(node)
        for path in python_files(rooms=("tests",))
        for node in functions(path)
        if node.name.startswith("test_")
    ]
    assert statistics.quantiles(lines, n=10)[-1] <= LONGEST_TEST


def test_rule_finds_a_long_function_and_a_long_file(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("def long() -> None:\n" + "    pass\n" * 400, "utf-8")
    assert [str(each) for each in long_functions([broken], tmp_path)] == ["broken.py:1: long has 401 lines"]
    assert [str(each) for each in long_files([broken], tmp_path)] == ["broken.py: 401 lines"]
