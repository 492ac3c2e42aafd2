"""The least any program has to do with the same mails: download, `email`, nh3, one bulk INSERT per page."""

from __future__ import annotations

import email
import json
import os
import time
from collections.abc import Iterator
from email.message import Message
from email.policy import compat32
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import nh3
import requests
from django.db import connection

from tests.bench import cloud

PAGE = 100
PREFER = f'IdType="ImmutableId", odata.maxpagesize={PAGE}'
SCOPE = "https://graph.microsoft.com/.default"
Row = tuple[str, str, str, str, str]


def main(orders: dict[str, Any]) -> dict[str, Any]:
    """Do every second page: some before the product reads the mailbox, the others after.

    Another program on the machine that comes or goes then disturbs both sides of the comparison.
    """
    url, noted = orders["graph_url"], Path(orders["ids"])
    session = _session(url)
    inbox = f"{url}/v1.0/users/{quote(cloud.ADDRESS)}"
    if not noted.exists():
        # Immutable ids: they are still good when the mails have been moved.
        listed = _listed(session, f"{inbox}/mailFolders/inbox/messages/delta?$select=id")
        noted.write_text(json.dumps(list(listed)), "ascii")
        _make_table()
    pages = list(_pages(json.loads(noted.read_text("ascii"))))[orders["half"] :: 2]
    clock, wall_s = Clock(), time.perf_counter()
    for page in pages:
        _page(session, [f"{inbox}/messages/{quote(one, safe='')}/$value" for one in page], clock)
    done = {"mails": sum(map(len, pages)), "wall_s": time.perf_counter() - wall_s}
    return {**done, "cpu_s": clock.total_s, **clock.parts}


class Clock:
    """Adds up processor seconds by part."""

    def __init__(self) -> None:
        self.parts = dict.fromkeys(("download_s", "email_s", "nh3_s", "insert_s"), 0.0)
        self._at = 0.0

    def start(self) -> None:
        self._at = time.process_time()

    def lap(self, part: str) -> None:
        now = time.process_time()
        self.parts[part] += now - self._at
        self._at = now

    @property
    def total_s(self) -> float:
        return sum(self.parts.values())


def _pages(ids: list[str]) -> Iterator[list[str]]:
    rest = iter(ids)
    while group := list(islice(rest, PAGE)):
        yield group


def _page(session: requests.Session, urls: list[str], clock: Clock) -> None:
    rows: list[Row] = []
    clock.start()
    for url in urls:
        raw = session.get(url).content
        clock.lap("download_s")
        message = email.message_from_bytes(raw, policy=compat32)
        text, html = _body(message, "text/plain"), _body(message, "text/html")
        clock.lap("email_s")
        clean = nh3.clean(html) if html else ""
        clock.lap("nh3_s")
        rows.append((message["Message-ID"], str(message["Subject"]), message["From"], text, clean))
    _insert(rows)
    clock.lap("insert_s")


def _body(message: Message, kind: str) -> str:
    for part in message.walk():
        if part.get_content_type() == kind:
            content = part.get_payload(decode=True)
            return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
    return ""


def _insert(rows: list[Row]) -> None:
    marks = ", ".join(["(%s, %s, %s, %s, %s)"] * len(rows))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO bench_floor (message_id, subject, sender, body, html) VALUES {marks}",
            [value for row in rows for value in row],
        )


def _make_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_floor (message_id text, subject text, sender text, body text, html text)"
        )


def _session(url: str) -> requests.Session:
    session = requests.Session()
    # Asking the environment for every mail would make the floor too easy to reach.
    session.verify = os.environ["REQUESTS_CA_BUNDLE"]
    session.trust_env = False
    form = {
        "grant_type": "client_credentials",
        "client_id": cloud.CLIENT_ID,
        "client_secret": cloud.SECRET,
        "scope": SCOPE,
    }
    answer = session.post(f"{url}/{cloud.DIRECTORY_ID}/oauth2/v2.0/token", data=form)
    answer.raise_for_status()
    bearer = f"Bearer {answer.json()['access_token']}"
    session.headers.update({"Authorization": bearer, "Prefer": PREFER, "Accept-Encoding": "identity"})
    return session


def _listed(session: requests.Session, url: str) -> Iterator[str]:
    while url:
        page = session.get(url).json()
        yield from (item["id"] for item in page["value"])
        url = page.get("@odata.nextLink", "")
