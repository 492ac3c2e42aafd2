"""Graph's side, request by request: what tests of the transport share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import pytest
import responses

from mailboxes.governor import RunGate
from mailboxes.transports.graph import GraphInbound
from tenants.microsoft.clouds import cloud
from tenants.microsoft.graph import GraphClient
from tests.connections import forget_connections

GRAPH: Final = "https://graph.microsoft.com/v1.0"
USER: Final = f"{GRAPH}/users/help%40contoso.example"
DELTA: Final = f"{USER}/mailFolders/AQMk%3D/messages/delta"
BATCH: Final = f"{GRAPH}/$batch"
SAMPLES: Final = Path(__file__).resolve().parents[3].parent / "shared" / "graph_samples" / "ms_docs"
MAIL: Final = {
    "id": "AAkALg=",
    "internetMessageId": "<a@x>",
    "receivedDateTime": "2026-11-02T09:30:00Z",
    "subject": "Printer",
    "from": {"emailAddress": {"name": "Ada", "address": "ada@fabrikam.example"}},
    "isDraft": False,
}


@pytest.fixture(autouse=True)
def _no_old_connections() -> Iterator[None]:
    forget_connections()
    yield
    forget_connections()


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def transport() -> GraphInbound:
    client = GraphClient(cloud=cloud("global"), token=lambda refused: "token")
    return GraphInbound(client, address="help@contoso.example", gate=RunGate())


def page(*mails: dict[str, Any], following: str = "", done: str = "") -> dict[str, Any]:
    links = {"@odata.nextLink": following, "@odata.deltaLink": done or ("" if following else f"{DELTA}?done")}
    return {"value": list(mails), **{name: link for name, link in links.items() if link}}


def sample(name: str) -> list[dict[str, Any]]:
    """Microsoft's own exchanges; a checkout without the folder of facts leaves these tests out."""
    path = SAMPLES / f"{name}.json"
    if not path.exists():
        pytest.skip("the folder of Microsoft's samples is not beside this checkout")
    exchanges: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["exchanges"]
    return exchanges


def template(url: str) -> list[str]:
    """The steps of a path with what a request puts in left out: ids, and /me for /users/…"""
    steps = unquote(urlsplit(url).path).removeprefix("/v1.0").strip("/").split("/")
    return ["me", *steps[2:]] if steps[0] == "users" else steps
