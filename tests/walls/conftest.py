from collections.abc import Iterator

import pytest
import responses

from tests.tenants.admin.conftest import desk as desk
from tests.walls.world import World, build


@pytest.fixture
def world(db: None) -> World:
    return build()


@pytest.fixture(autouse=True)
def microsoft_is_away() -> Iterator[None]:
    """Let no page reach further than this program; what asks Microsoft gets no answer."""
    with responses.RequestsMock():
        yield
