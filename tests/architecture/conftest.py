"""The project the rules are about."""

from pathlib import Path

import pytest

from tests.architecture.reading import ROOT


@pytest.fixture
def root() -> Path:
    return ROOT
