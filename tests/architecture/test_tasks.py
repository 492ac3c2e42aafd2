"""Every name that is sent is the name of a task somewhere."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

from m365integration.celery import app
from tests.architecture.reading import PRODUCT, Finding, place, python_files, tree

TASK_NAME = re.compile(r"(m365integration|tenants|mailboxes|tickets)\.tasks\.\w+")


@pytest.fixture(scope="module")
def registered() -> set[str]:
    app.loader.import_default_modules()
    return {name for name in app.tasks if not name.startswith("celery.")}


def task_names(paths: list[Path], root: Path) -> list[Finding]:
    """Find every text that reads like the name of a task."""
    return [
        Finding(place(path, node, root=root), node.value)
        for path in paths
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and TASK_NAME.fullmatch(node.value)
    ]


def test_every_scheduled_name_is_a_registered_task(registered: set[str]) -> None:
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert scheduled - registered == set()


def test_every_entry_of_the_schedule_is_called_like_its_task() -> None:
    assert [name for name, entry in settings.CELERY_BEAT_SCHEDULE.items() if entry["task"] != name] == []


def test_every_name_in_the_source_is_a_registered_task(registered: set[str], root: Path) -> None:
    found = task_names(list(python_files(rooms=PRODUCT)), root)
    assert found
    assert [str(each) for each in found if each.what not in registered] == []


def test_every_task_is_called_by_its_module_and_function(registered: set[str]) -> None:
    assert [name for name in registered if not TASK_NAME.fullmatch(name)] == []


def test_tasks_keep_the_time_limits_and_late_acknowledgement(registered: set[str]) -> None:
    loose = [name for name in registered if not app.tasks[name].acks_late or app.tasks[name].max_retries == 0]
    assert loose == []


def test_rule_finds_a_misspelt_name(tmp_path: Path, registered: set[str]) -> None:
    (tmp_path / "flow.py").write_text('nudge("tickets.tasks.file_deu")\n', "utf-8")
    found = task_names([tmp_path / "flow.py"], tmp_path)
    assert [str(each) for each in found if each.what not in registered] == [
        "flow.py:1: tickets.tasks.file_deu"
    ]
