"""A Dovecot for the whole run; each test has a mailbox of its own in it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.journeys.fixtures import (
    connected,
    control,
    customer,
    sandbox,
    submission,
    submission_server,
)
from tests.mail_servers.box import DovecotBox
from tests.mail_servers.dovecot import Dovecot

__all__ = ["connected", "control", "customer", "sandbox", "submission", "submission_server"]


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    running = Dovecot()
    yield running
    running.stop()


@pytest.fixture
def dovecot_box(dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> DovecotBox:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(dovecot.tls.ca))
    return DovecotBox(dovecot, f"help-{uuid.uuid4().hex[:8]}@contoso.example")
