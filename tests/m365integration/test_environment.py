"""What the environment says, checked where it is read."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from m365integration.bounds import NUMBERS, WORDS
from m365integration.environment import BASE_DIR, broker_options, database, origin
from tenants.models import Tenant
from tests.installation import Installation

SETTINGS = BASE_DIR / "m365integration" / "settings.py"


def test_sqlite_is_set_up_for_many_writers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    config = database(tmp_path)
    assert config["NAME"] == str(tmp_path / "db.sqlite3")
    assert config["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert config["OPTIONS"]["timeout"] == 20
    assert "journal_mode=WAL" in config["OPTIONS"]["init_command"]


def test_relative_database_lies_in_the_project_wherever_the_command_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///var/other.sqlite3")
    monkeypatch.chdir(tmp_path)
    assert database(tmp_path)["NAME"] == str(BASE_DIR / "var" / "other.sqlite3")


def test_postgresql_is_reached_over_a_pool_that_checks_its_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://desk:word@db.example:5433/desk")
    config = database(tmp_path)
    assert (config["HOST"], config["PORT"], config["CONN_MAX_AGE"]) == ("db.example", 5433, 0)
    assert config["CONN_HEALTH_CHECKS"]
    assert config["OPTIONS"]["pool"]["max_size"] >= 8


@pytest.mark.django_db
def test_foreign_keys_of_the_database_in_use_are_enforced() -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            assert cursor.execute("PRAGMA foreign_keys").fetchone() == (1,)
    connection.check_constraints()


@pytest.mark.parametrize(
    "url", ["https://localhost:8443", "https://login.example", "https://[::1]:8443", "https://a/"]
)
def test_origin_is_taken_without_a_slash(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("M365_LOGIN_URL", url)
    assert origin("M365_LOGIN_URL", schemes=("https",)) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    ["https://a/b", "https://a?x=1", "https://u@a", "http://a", "ftp://a", "https://a:port", "a", "https://"],
)
def test_anything_but_an_origin_is_refused_without_repeating_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("M365_LOGIN_URL", url)
    with pytest.raises(ImproperlyConfigured, match=r"^M365_LOGIN_URL must look like https://host\[:port\]"):
        origin("M365_LOGIN_URL", schemes=("https",))


@pytest.mark.parametrize("url", ["redis://h", "redis+socket:///s", "amqp://h", "memory://"])
def test_every_broker_lets_a_nudge_fail_at_once(url: str) -> None:
    options = broker_options(url)
    assert [options[name] for name in ("max_retries", "interval_start", "interval_step", "interval_max")] == [
        0
    ] * 4


@pytest.mark.parametrize(
    ("knob", "value", "sentence"),
    [
        ("GRAPH_SLOTS", "canary four", "GRAPH_SLOTS must be a whole number."),
        ("RETRY_DELAYS_S", "30,canary", "RETRY_DELAYS_S must be a whole number."),
        (
            "PUBLIC_URL",
            "https://canary@desk.example/x",
            "PUBLIC_URL must look like https://host[:port], without a path.",
        ),
        ("DATABASE_URL", "canary", "DATABASE_URL must look like postgres://user:password@host:5432/name."),
        ("EMAIL_URL", "canary://x", "EMAIL_URL must look like smtp+tls://user:password@host:587."),
        ("LOGIN_TRIES", "0", "LOGIN_TRIES must be 1 to 100."),
        ("RETRY_DELAYS_S", "", "RETRY_DELAYS_S must be 0 to 604800."),
        ("LOG_LEVEL", "canary", "LOG_LEVEL must be one of DEBUG, INFO, WARNING, ERROR."),
    ],
)
def test_setting_that_cannot_be_read_is_named_in_one_sentence_without_its_value(
    tmp_path: Path, knob: str, value: str, sentence: str
) -> None:
    refused = Installation(tmp_path, **{knob: value}).manage("serve")
    assert (refused.returncode, refused.stderr.strip()) == (1, sentence)


def test_every_number_has_its_bounds_and_every_word_is_one_the_product_knows() -> None:
    numbers = set(re.findall(r'env\.int\("(\w+)"|env\.list\("(\w+)", cast=int', SETTINGS.read_text("utf-8")))
    # Microsoft's own limit is a reason of its own, house.E026.
    assert {"".join(pair) for pair in numbers} - {"GRAPH_SLOTS"} == NUMBERS.keys()
    assert list(WORDS["LANGUAGE_CODE"]) == [code for code, _name in settings.LANGUAGES]
    assert list(WORDS["STAFF_SIGN_IN_CLOUD"]) == list(Tenant.CloudName.values)
