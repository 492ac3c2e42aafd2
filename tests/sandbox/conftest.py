import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from sandbox.entra.keys import ensure_key
from sandbox.server import Sandbox
from sandbox.tls import ensure_tls
from tests.sandbox.client import Client, Json, scenario

Start = Callable[..., Client]


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys are slow to make, so all sandboxes of a run share one set."""
    directory = tmp_path_factory.mktemp("keys")
    ensure_tls(directory)
    ensure_key(directory / "signing.key")
    return directory


@pytest.fixture
def state(keys: Path, tmp_path: Path) -> Path:
    """A state directory of the test's own, which holds nothing but keys."""
    shutil.copytree(keys, tmp_path / "state")
    return tmp_path / "state"


@pytest.fixture
def start(state: Path) -> Iterator[Start]:
    """Start a sandbox with a scenario; it is stopped after the test."""
    with ExitStack() as running:

        def begin(document: Json | None = None, **options: Any) -> Client:
            sandbox = Sandbox(state, scenario=scenario() if document is None else document, **options)
            return Client(running.enter_context(sandbox))

        yield begin


@pytest.fixture
def client(start: Start) -> Client:
    return start().signed_in()
