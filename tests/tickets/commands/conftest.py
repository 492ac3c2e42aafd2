import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command

from tenants.console import Failed
from tests.journeys.fixtures import connected, control, customer, sandbox

__all__ = ["connected", "control", "customer", "sandbox"]


@pytest.fixture
def answer(capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    """Run a command with --json; gives its document, and whether it failed under "exit"."""

    def run(*arguments: str) -> dict[str, Any]:
        code = 0
        try:
            call_command(*arguments, "--json")
        except Failed as failed:
            code = failed.returncode
        document: dict[str, Any] = json.loads(capsys.readouterr().out)
        return {**document, "exit": code}

    return run


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Callable[..., list[dict[str, Any]]]:
    """Run a command that prints JSON lines."""

    def run(*arguments: str) -> list[dict[str, Any]]:
        call_command(*arguments)
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run
