from collections.abc import Callable, Iterator

import pytest
import responses

from tenants.microsoft.clouds import cloud
from tenants.microsoft.graph import GraphClient
from tenants.microsoft.login import metadata_shelf
from tests.connections import forget_connections

from .tls_server import Authority, make_authority


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    metadata_shelf.clear()
    forget_connections()
    yield
    forget_connections()


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    """Microsoft's side, request by request."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def token() -> Callable[[bool], str]:
    def give(fresh: bool) -> str:
        return "token-fresh" if fresh else "token-stored"

    return give


@pytest.fixture
def client(token: Callable[[bool], str]) -> GraphClient:
    return GraphClient(cloud=cloud("global"), token=token)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("tls"))
