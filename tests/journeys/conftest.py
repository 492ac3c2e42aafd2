from __future__ import annotations

import pytest

from tests.journeys.customer import Control
from tests.journeys.fixtures import (
    connected,
    control,
    customer,
    exchange,
    over,
    sandbox,
    submission,
    submission_server,
)
from tests.journeys.person import Connect, Person, connect_person

__all__ = [
    "connected",
    "control",
    "customer",
    "exchange",
    "over",
    "sandbox",
    "submission",
    "submission_server",
]


@pytest.fixture
def connect(control: Control, db: None) -> Connect:
    """Connect a mailbox that a person signs in to with the browser."""
    control("browser", {})
    return lambda **values: connect_person(control, **values)


@pytest.fixture
def person(connect: Connect) -> Person:
    return connect()
