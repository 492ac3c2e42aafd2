"""A person signs in; mail is read over IMAP or POP3 and sent over SMTP with what that brings. S3-8, S3-17, S3-19."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from mailboxes.models import MailboxToken
from sandbox.server import Sandbox
from tests.journeys.customer import Control
from tests.journeys.outgoing import answer, backed_up, later, send, state, ticket_of
from tests.journeys.person import Connect, Person, connect_person
from tests.mail_servers.dovecot import Dovecot
from tests.mail_servers.submission import Submission
from tests.mailboxes.transports.contract import some

pytestmark = [pytest.mark.journey, pytest.mark.dovecot, pytest.mark.django_db]


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    running = Dovecot()
    yield running
    running.stop()


@pytest.fixture
def connect(
    sandbox: Sandbox,
    control: Control,
    db: None,
    dovecot: Dovecot,
    submission: Submission,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Connect:
    """Connect a mailbox in Dovecot that a person opens; what the submission server takes lies in its Sent Items."""
    authorities = [sandbox.ca_path, dovecot.tls.ca, submission.tls.ca]
    trusted = tmp_path / "ca.pem"
    trusted.write_bytes(b"".join(path.read_bytes() for path in authorities))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted))
    settings.M365_IMAP_URL, settings.M365_POP_URL = dovecot.imap_url, dovecot.pop_url
    settings.M365_SMTP_URL = submission.url
    control("browser", {})

    def make(transport: str, **values: Any) -> Person:
        person = connect_person(control, inbound_transport=transport, **values)
        address = person.mailbox.address
        dovecot.introspection.mailbox = submission.weather.user = address
        dovecot.introspection.refused.clear()
        dovecot.put(address, [])
        submission.keep = lambda content: dovecot.put(address, [content], folder="Sent Items")
        return person

    return make


def ask(person: Person) -> Any:
    ticket = ticket_of(person.customer)
    person.customer.change(outbound_transport="smtp")
    return answer(ticket)


@pytest.mark.parametrize(
    ("transport", "scope", "values"),
    [
        ("imap", "IMAP.AccessAsUser.All", {}),
        ("pop3", "POP.AccessAsUser.All", {"after": "keep", "move_to": ""}),
    ],
)
def test_mail_is_read_with_the_sign_in_of_a_person(
    connect: Connect, dovecot: Dovecot, transport: str, scope: str, values: dict[str, str]
) -> None:
    person = connect(transport, **values)
    dovecot.put(person.mailbox.address, some(3))
    page = person.sign_in()
    assert "INBOX: 3" in page or "Inbox: 3" in page
    assert person.customer.sync().error is None
    assert len(person.customer.entries()) == 3
    assert scope in MailboxToken.objects.get(resource="exchange").scopes


def test_one_sign_in_reads_over_imap_and_sends_over_smtp(
    connect: Connect, dovecot: Dovecot, submission: Submission
) -> None:
    person = connect("imap", outbound_transport="smtp")
    person.sign_in()
    row = ask(person)
    send(person.customer)
    scopes = MailboxToken.objects.get(resource="exchange").scopes
    assert (state(row), submission.message_ids()) == ("sent", [row.message_id])
    assert {"IMAP.AccessAsUser.All", "SMTP.Send"} <= set(scopes.split())


@pytest.mark.parametrize(("cut", "end"), [("unheard", "sent"), ("untaken", "uncertain")])
def test_doubt_is_cleared_up_over_imap(connect: Connect, submission: Submission, cut: str, end: str) -> None:
    """F-70: the copy in Sent Items is looked for by its Message-ID."""
    person = connect("imap", outbound_transport="smtp")
    person.sign_in()
    submission.weather.cuts = [cut]
    row = ask(person)
    send(person.customer)
    assert state(row) == "uncertain"
    later()
    send(person.customer)
    assert (state(row), len(submission.taken)) == (end, int(cut == "unheard"))


def test_mail_that_left_after_the_backup_is_found_over_imap(connect: Connect, submission: Submission) -> None:
    """F-61: in a restored database it waits still."""
    person = connect("imap", outbound_transport="smtp")
    person.sign_in()
    row = ask(person)
    restore = backed_up(row)
    send(person.customer)
    restore()
    send(person.customer)
    assert (state(row), len(submission.taken)) == ("sent", 1)


def test_pop_cannot_look_and_leaves_the_doubt_to_a_person(connect: Connect, submission: Submission) -> None:
    person = connect("pop3", after="keep", move_to="", outbound_transport="smtp")
    person.sign_in()
    submission.weather.cuts = ["unheard"]
    row = ask(person)
    send(person.customer)
    later()
    send(person.customer)
    row.refresh_from_db()
    assert (row.state, row.retry_at, row.error["code"]) == ("uncertain", None, "send_in_doubt")


def test_a_token_taken_back_is_renewed_once_on_each_wire(
    connect: Connect, dovecot: Dovecot, submission: Submission
) -> None:
    person = connect("imap", outbound_transport="smtp")
    person.sign_in()
    old = MailboxToken.objects.get(resource="exchange").token
    dovecot.introspection.refused.add(old)
    submission.weather.refused_tokens = {old}
    submission.signed_in.clear()
    assert person.customer.sync().error is None
    row = ask(person)
    send(person.customer)
    assert (state(row), MailboxToken.objects.get(resource="exchange").token != old) == ("sent", True)
    assert len(submission.signed_in) == 1


def test_a_person_who_has_signed_out_keeps_mail_waiting(connect: Connect, submission: Submission) -> None:
    person = connect("imap", outbound_transport="smtp")
    row = ask(person)
    send(person.customer)
    row.refresh_from_db()
    assert (row.state, row.error["code"], submission.taken) == ("queued", "sign_in_missing", [])
