"""A production installation over PostgreSQL and Redis, behind a TLS proxy, as an operator starts it."""

import json
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from tests import production, servers
from tests.installation import Installation, wait_for

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.slow]


@pytest.fixture
def database_url() -> Iterator[str]:
    """Make an empty database for one test."""
    name = f"test_serve_{uuid.uuid4().hex}"
    with psycopg.connect(servers.POSTGRES_URL, autocommit=True) as server:
        server.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        yield f"{servers.POSTGRES_URL.rsplit('/', 1)[0]}/{name}"
        server.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Installation:
    servers_of_it = {"DATABASE_URL": database_url, "CELERY_BROKER_URL": servers.REDIS_URL}
    own_queue = {"QUEUE": f"test-{uuid.uuid4().hex}"}
    return Installation(tmp_path, **(production.environment(tmp_path) | servers_of_it | own_queue))


def page_through_the_proxy(installation: Installation) -> tuple[str, str]:
    """Ask for the sign-in page as the TLS proxy does; the cookie and the address of its style sheet."""
    headers = {"Host": "desk.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
    request = urllib.request.Request(f"http://127.0.0.1:{installation.port}/admin/login/", headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.headers["Set-Cookie"], answer.read().decode()


def test_database_older_than_the_code_is_refused(installation: Installation) -> None:
    result = installation.manage("serve", "--bind", f"127.0.0.1:{installation.port}")
    assert (
        result.stderr
        == "Failed: The database is older than the code. Run: manage.py migrate, then serve again.\n"
    )


def test_production_works_behind_its_proxy_and_logs_json(installation: Installation) -> None:
    assert installation.manage("migrate", "--verbosity=0").returncode == 0
    with installation.serving("--concurrency", "1") as serve:
        wait_for(lambda: installation.get("/readyz")[0] == 200, what="everything is ready")
        cookie, page = page_through_the_proxy(installation)
    assert cookie.startswith("__Host-csrf=")
    assert "Secure" in cookie
    assert "/static/unfold/css/styles." in page
    assert [json.loads(line) for line in serve.lines]
