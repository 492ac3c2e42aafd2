"""Mails that kill their worker, and two filers at once: real processes, real signals, a real server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django.utils import timezone

from mailboxes.models import InboundMessage, Mailbox
from tenants.whom import for_machine
from tests import factories
from tests.crowd import at_once
from tests.tickets.conftest import Stored
from tickets import claims
from tickets.filing import Filer
from tickets.models import Entry, ThreadKey, Ticket

pytestmark = pytest.mark.django_db(transaction=True)

ROOT: Final = Path(__file__).resolve().parents[2]
#: A worker as the schedule has it; its kernel lets it write no file that begins with "deadly".
WORKER: Final = """
import os, signal, sys
import django
django.setup()
from mailboxes import storage
from tenants.whom import for_machine
from tickets.filing import Filer

keep = storage.keep
def keep_or_die(relative, chunks):
    content = b"".join(chunks)
    if content.startswith(b"deadly"):
        os.kill(os.getpid(), signal.SIGKILL)
    keep(relative, [content])
storage.keep = keep_or_die
with for_machine():
    Filer(int(sys.argv[1])).file_due()
"""


def work(tenant_id: int) -> int:
    """Let a worker file in a process of its own; gives how it ended."""
    database = settings.DATABASES["default"]
    is_file = database["ENGINE"].endswith("sqlite3")
    server = f"postgres://{database['USER']}@{database['HOST']}:{database['PORT']}/{connection.settings_dict['NAME']}"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "m365integration.settings",
        "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}" if is_file else server,
        "MEDIA_ROOT": str(settings.MEDIA_ROOT),
    }
    return subprocess.run(
        [sys.executable, "-c", WORKER, str(tenant_id)], cwd=ROOT, env=environment
    ).returncode


def let_claims_end() -> None:
    InboundMessage.objects.filter(state="received").update(claimed_until=None, retry_at=None)


def with_file(name: str, content: str) -> bytes:
    head = f"From: ada@fabrikam.example\r\nSubject: {name}\r\nMessage-ID: <{name}@fabrikam.example>\r\n"
    part = "--x\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\n"
    return f"{head}Content-Type: multipart/mixed; boundary=x\r\n\r\n{part}{content}\r\n--x--\r\n".encode()


def test_mail_that_kills_every_worker_ends_in_quarantine_and_its_neighbours_on_tickets(
    mailbox: Mailbox, stored: Stored
) -> None:
    """F-07, F-02: three deaths, no half ticket, and nobody else is blamed."""
    for name in ("first", "second"):
        stored(name)
    stored("deadly", raw=with_file("deadly", "deadly bytes"))
    stored("last")
    ends = []
    for _ in range(5):
        ends.append(work(mailbox.tenant_id))
        let_claims_end()
    assert ends == [-signal.SIGKILL] * settings.FILING_TRIES + [0, 0]
    assert Entry.objects.count() == 3
    row = InboundMessage.objects.get(state="quarantined")
    assert (row.message_id, row.error["code"]) == ("<deadly@fabrikam.example>", "worker_killed")


@for_machine()
def file_all(tenant_id: int) -> None:
    while InboundMessage.objects.filter(state="received").exists():
        Filer(tenant_id).file_due()
        InboundMessage.objects.filter(claimed_until=None, state="received").update(retry_at=None)


def test_two_filers_at_once_file_each_mail_once(mailbox: Mailbox, stored: Stored) -> None:
    """A conversation in pieces, claimed by two: one ticket, every mail on it once."""
    stored("root")
    for number in range(30):
        above = "root" if number % 2 else f"reply-{number - 2}" if number else "root"
        stored(f"reply-{number}", in_reply_to=f"<{above}@fabrikam.example>")
    at_once(2, lambda: file_all(mailbox.tenant_id))
    assert (Entry.objects.count(), Ticket.objects.count()) == (31, 1)
    assert InboundMessage.objects.filter(state="filed").count() == 31


@pytest.mark.postgres
def test_filers_on_a_server_claim_one_after_the_other(mailbox: Mailbox, stored: Stored) -> None:
    """While a claim is being committed a second takes nothing, mails stored in between included."""
    stored("first")
    with transaction.atomic():
        first = claims.claim(mailbox.tenant_id)
        beside(lambda: factories.InboundMessageFactory(mailbox=mailbox, raw=factories.mail()))
        second = beside(lambda: claims.claim(mailbox.tenant_id))
    assert (len(first), second) == (1, [])


def beside(act: Callable[[], Any]) -> Any:
    """Do something over a connection of its own, committed at once."""

    @for_machine()
    def there() -> Any:
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(there).result(timeout=30)


def test_same_mail_in_two_claims_is_filed_once(mailbox: Mailbox, stored: Stored) -> None:
    """Its content key is unique: of two filers that hold a copy each, the second finds the first one's ticket."""
    stored("copy")
    stored("copy")
    rows = list(InboundMessage.objects.order_by("pk"))
    for row in rows:
        InboundMessage.objects.filter(pk=row.pk).update(tries=1, claimed_until=timezone.now())
        row.tries = 1
    for row in rows:
        Filer(mailbox.tenant_id)._file([row])
    assert (Entry.objects.count(), ThreadKey.objects.filter(tenant=mailbox.tenant).exists()) == (1, True)
    assert sorted(InboundMessage.objects.values_list("state", flat=True)) == ["filed", "skipped"]
