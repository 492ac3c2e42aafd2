"""A sandbox Microsoft 365 for the whole run, reached over real HTTPS; each test has a customer of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from mailboxes.inbound import download
from mailboxes.transports import smtp_wire
from sandbox.server import Sandbox
from tenants import app_tokens
from tenants.microsoft.login import metadata_shelf
from tests.connections import forget_connections
from tests.journeys.customer import Control, Customer, connect
from tests.mail_servers.submission import Submission


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("m365")) as running:
        yield running


@pytest.fixture
def control(
    sandbox: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Control]:
    """The sandbox, trusted and reached by the product as the cloud named custom; nothing of it is remembered."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(sandbox.ca_path))
    settings.M365_LOGIN_URL = settings.M365_GRAPH_URL = sandbox.url
    settings.MEDIA_ROOT, settings.RAW_FSYNC = tmp_path / "media", False
    forget_everything()
    door = Control(sandbox)
    door("counters/reset")
    yield door
    door("faults", method="DELETE")
    door("clock", {"offset_s": 0})
    forget_everything()


@pytest.fixture(scope="session")
def submission_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Submission]:
    running = Submission(tmp_path_factory.mktemp("submission"))
    yield running
    running.close()


@pytest.fixture
def submission(submission_server: Submission, monkeypatch: pytest.MonkeyPatch) -> Submission:
    """The server, calm; on a busy machine it may take its time."""
    for name in ("ANSWER_S", "CONNECT_S"):
        monkeypatch.setattr(smtp_wire, name, 600.0)
    submission_server.calm()
    return submission_server


@pytest.fixture
def customer(control: Control, db: None) -> Customer:
    return connect(control)


@pytest.fixture
def connected(control: Control, db: None) -> Callable[..., Customer]:
    """Connect a customer with the columns of its mailbox chosen by the test."""

    def make(**values: object) -> Customer:
        return connect(control, **values)  # type: ignore[arg-type]

    return make


@pytest.fixture
def exchange(
    sandbox: Sandbox,
    submission: Submission,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Submission:
    """The server that takes mail by SMTP, known to the product and trusted as the sandbox is."""
    authorities = tmp_path / "ca.pem"
    authorities.write_bytes(sandbox.ca_path.read_bytes() + submission.tls.ca.read_bytes())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authorities))
    settings.M365_SMTP_URL = submission.url
    return submission


@pytest.fixture
def over(control: Control, db: None, exchange: Submission) -> Callable[..., Customer]:
    """Connect a customer that sends by SMTP; what is taken lies in Sent Items of the sandbox."""

    def make(**values: Any) -> Customer:
        customer = connect(control, **values)
        exchange.weather.user = customer.mailbox.address
        exchange.keep = lambda content: customer.arrive_raw(content, folder="sentitems")
        return customer

    return make


def forget_everything() -> None:
    """Drop what the process keeps between runs: tokens, metadata, connections of this and the download threads."""
    app_tokens._opened.clear()
    metadata_shelf.clear()
    forget_connections()
    download._pool.cache_clear()
