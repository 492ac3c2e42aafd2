"""Who may know whom; the contracts of pyproject.toml hold the rest."""

import ast
import subprocess
import sys
from pathlib import Path

from tests.architecture.reading import PRODUCT, Finding, imported, place, python_files, tree

TASK_MODULES = {f"{room}.tasks" for room in PRODUCT}
BELOW = {"tenants": 0, "mailboxes": 1, "tickets": 2, "m365integration": 3}


def imports_of_tasks(paths: list[Path], root: Path) -> list[Finding]:
    """Find those who call a task by import: a flow nudges by name, so that it never waits for a broker."""
    return [
        Finding(place(path, node, root=root), f"imports {name}")
        for path in paths
        for node, name in imported(path)
        if name in TASK_MODULES
    ]


def imports_against_the_direction(paths: list[Path], root: Path) -> list[Finding]:
    """Find imports from above, also those inside functions, which no import graph forgets either."""
    found = []
    for path in paths:
        own = BELOW.get(path.relative_to(root).parts[0])
        for node, name in imported(path):
            theirs = BELOW.get(name.split(".")[0])
            if own is not None and theirs is not None and theirs > own:
                found.append(Finding(place(path, node, root=root), f"imports {name} from above"))
    return found


def test_import_contracts_hold(root: Path) -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--no-logo"]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_nobody_imports_a_task(root: Path) -> None:
    assert imports_of_tasks(list(python_files(rooms=PRODUCT)), root) == []


def test_imports_go_one_way(root: Path) -> None:
    assert imports_against_the_direction(list(python_files(rooms=PRODUCT)), root) == []


def test_rules_find_an_import_of_a_task_and_one_from_above(tmp_path: Path) -> None:
    broken = tmp_path / "mailboxes" / "inbound.py"
    broken.parent.mkdir()
    broken.write_text("def nudge():\n    from tickets.tasks import file_due\n", "utf-8")
    assert [each.what for each in imports_of_tasks([broken], tmp_path)] == ["imports tickets.tasks"]
    assert imports_against_the_direction([broken], tmp_path)[0].what == "imports tickets.tasks from above"


def test_nobody_swallows_whatever_goes_wrong_but_the_loop_over_mails(root: Path) -> None:
    found = [
        place(path, node, root=root)
        for path in python_files(rooms=PRODUCT)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler) and swallows_everything(node)
    ]
    assert [each for each in found if not each.startswith("tickets/filing")] == []


def swallows_everything(handler: ast.ExceptHandler) -> bool:
    """Tell whether an except clause takes every error and does not pass it on."""
    name = handler.type.id if isinstance(handler.type, ast.Name) else ""
    passes_on = isinstance(handler.body[-1], ast.Raise)
    return not passes_on and (handler.type is None or name in {"Exception", "BaseException"})


def test_rule_finds_who_swallows_everything() -> None:
    source = "try:\n    pass\nexcept Exception:\n    pass\ntry:\n    pass\nexcept BaseException:\n    raise\n"
    handlers = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ExceptHandler)]
    assert [swallows_everything(handler) for handler in handlers] == [True, False]
