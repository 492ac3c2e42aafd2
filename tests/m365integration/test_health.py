"""Alive, ready, measured."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client, override_settings
from django.utils import timezone

from m365integration import health, heartbeat
from m365integration.models import Heartbeat
from tests.factories import InboundMessageFactory, TicketFactory

TOKEN = "token-of-the-scraper"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_last", {})


@pytest.fixture
def beating() -> None:
    for part in heartbeat.PARTS:
        heartbeat.note(part)


def test_process_is_alive_without_a_database(client: Client) -> None:
    with connection.execute_wrapper(_refuse):
        assert client.get("/healthz").json() == {"ok": True}


def _refuse(*args: object) -> None:
    raise OperationalError("the server is away")


@pytest.mark.usefixtures("beating")
def test_installation_is_ready_when_all_parts_answer(client: Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["checks"] == {"database": "ok", "broker": "ok", "beat": "ok", "worker": "ok"}


def test_missing_database_is_a_sentence_and_503(client: Client) -> None:
    with connection.execute_wrapper(_refuse):
        response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["database"].startswith("The database does not answer;")


@pytest.mark.usefixtures("beating")
@pytest.mark.parametrize("part", heartbeat.PARTS)
def test_silent_part_is_named_with_the_time_since(client: Client, part: str) -> None:
    silent_since = timezone.now() - timedelta(seconds=settings.HEARTBEAT_LIMIT_S + 5)
    Heartbeat.objects.filter(name=part).update(beaten_at=silent_since)
    response = client.get("/readyz")
    assert response.status_code == 503
    said = response.json()["checks"][part]
    found = re.match(rf"The {part} was last heard (\d+) s ago", said)
    assert found, said
    assert int(found[1]) >= settings.HEARTBEAT_LIMIT_S + 5


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_monitor_may_ask_by_address(client: Client, path: str) -> None:
    response = client.get(path, headers={"host": "192.0.2.7:8000"})
    assert response.status_code in {200, 503}
    assert response.headers["Cache-Control"] == "no-store"


@override_settings(SECURE_SSL_REDIRECT=True)
@pytest.mark.parametrize("path", health.PROBES)
def test_monitor_is_never_redirected(client: Client, path: str) -> None:
    assert client.get(path).status_code in {200, 403, 503}


def measure(client: Client, peer: str, host: str, **headers: str) -> int:
    return client.get("/metrics", REMOTE_ADDR=peer, headers={"host": host, **headers}).status_code


def test_this_machine_may_measure(client: Client) -> None:
    assert measure(client, "127.0.0.1", "127.0.0.1:8000") == 200


@pytest.mark.parametrize(
    ("peer", "host", "headers"),
    [
        ("203.0.113.9", "localhost", {}),
        ("203.0.113.9", "localhost", {"x-forwarded-for": "127.0.0.1"}),
        ("127.0.0.1", "localhost", {"x-forwarded-for": "127.0.0.1"}),
        ("127.0.0.1", "desk.example", {}),
        ("127.0.0.1", "localhost", {"forwarded": "for=127.0.0.1"}),
        ("", "localhost", {}),
        ("203.0.113.9", "localhost", {"authorization": "Bearer "}),
    ],
)
def test_stranger_may_not_measure_whatever_he_claims(
    client: Client, peer: str, host: str, headers: dict[str, str]
) -> None:
    assert measure(client, peer, host, **headers) == 403


@override_settings(METRICS_TOKEN=TOKEN)
def test_holder_of_the_token_may_measure_from_anywhere(client: Client) -> None:
    assert measure(client, "203.0.113.9", "desk.example", authorization=f"Bearer {TOKEN}") == 200
    assert measure(client, "203.0.113.9", "desk.example", authorization="Bearer wrong") == 403


@pytest.mark.usefixtures("beating")
def test_figures_name_the_age_of_each_part(client: Client) -> None:
    body = client.get("/metrics", REMOTE_ADDR="127.0.0.1", headers={"host": "localhost"}).content.decode()
    assert 'm365_heartbeat_age_seconds{part="worker"}' in body


def test_answer_is_kept_so_that_asking_often_costs_nothing(
    client: Client, django_assert_num_queries: object
) -> None:
    client.get("/readyz")
    with connection.execute_wrapper(_refuse):
        assert client.get("/readyz").json()["checks"]["database"] == "ok"


def figures(client: Client) -> str:
    return client.get("/metrics", REMOTE_ADDR="127.0.0.1", headers={"host": "localhost"}).content.decode()


def test_figures_count_mails_and_tickets_by_state_and_say_zero(client: Client) -> None:
    InboundMessageFactory.create_batch(2)
    TicketFactory()
    body = figures(client)
    assert 'm365_mails{state="received"} 2.0' in body
    assert 'm365_mails{state="quarantined"} 0.0' in body
    assert 'm365_tickets{status="new"} 1.0' in body


def test_monitoring_names_no_tenant_address_or_subject(client: Client) -> None:
    mailbox = InboundMessageFactory().mailbox
    shown = figures(client) + client.get("/readyz").content.decode()
    assert mailbox.address not in shown
    assert mailbox.tenant.name not in shown


@pytest.mark.usefixtures("beating")
def test_broken_mailbox_of_a_customer_is_a_number_and_no_failure(client: Client) -> None:
    mailbox = InboundMessageFactory().mailbox
    long_ago = timezone.now() - timedelta(days=10)
    type(mailbox).objects.filter(pk=mailbox.pk).update(created_at=long_ago, last_success_at=long_ago)
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["stale_mailboxes"] == 1
