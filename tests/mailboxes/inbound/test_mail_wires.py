"""The whole path over IMAP and POP3: a token of the sandbox, a mailbox in Dovecot, mails on tickets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from mailboxes.doctor import examine
from mailboxes.inbound import guard
from mailboxes.inbound.ingest import EMPTY_TRIES
from mailboxes.inbound.sync import sync
from mailboxes.models import Folder, InboundMessage, Mailbox
from mailboxes.models.inbound import remote_key_of
from sandbox.server import Sandbox
from tenants.setup.check import Status
from tests.factories import mail
from tests.journeys.customer import Control, Customer, connect
from tests.mail_servers.dovecot import Dovecot
from tests.mailboxes.transports.contract import some
from tickets import filing
from tickets.models import Entry

pytestmark = [pytest.mark.journey, pytest.mark.dovecot, pytest.mark.django_db]

Over = Callable[..., Customer]


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    running = Dovecot()
    yield running
    running.stop()


@pytest.fixture
def over(
    sandbox: Sandbox,
    control: Control,
    db: None,
    dovecot: Dovecot,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Over:
    """Connect a customer whose mail lies in Dovecot."""
    authorities = tmp_path / "ca.pem"
    authorities.write_bytes(sandbox.ca_path.read_bytes() + dovecot.tls.ca.read_bytes())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authorities))
    settings.M365_IMAP_URL, settings.M365_POP_URL = dovecot.imap_url, dovecot.pop_url

    def make(transport: str, **values: Any) -> Customer:
        customer = connect(control, inbound_transport=transport, **values)
        dovecot.introspection.mailbox = customer.mailbox.address
        dovecot.put(customer.mailbox.address, [])
        return customer

    return make


def left(dovecot: Dovecot, customer: Customer, folder: str = "") -> int:
    return len(dovecot.bodies(customer.mailbox.address, folder=folder))


def test_mails_over_imap_are_filed_and_moved(over: Over, dovecot: Dovecot) -> None:
    customer = over("imap")
    dovecot.put(customer.mailbox.address, some(30))
    report = customer.sync()
    assert (report.error, report.fetched, len(customer.entries())) == (None, 30, 30)
    assert (left(dovecot, customer), left(dovecot, customer, "Processed")) == (0, 30)
    assert customer.sync().fetched == 0


@pytest.mark.parametrize("transport", ["imap", "pop3"])
def test_mail_without_a_byte_is_a_ticket(over: Over, dovecot: Dovecot, transport: str) -> None:
    """MT-001"""
    customer = over(transport, after="keep", move_to="")
    dovecot.put(customer.mailbox.address, [b""])
    for _ in range(EMPTY_TRIES + 1):
        customer.sync()
        InboundMessage.objects.update(retry_at=None)
    assert (customer.states(), Entry.objects.count()) == ({"filed": 1}, 1)


@pytest.mark.parametrize(("transport", "size_bytes"), [("imap", 1_000_000), ("pop3", 17_000_000)])
def test_mail_with_an_endless_subject_holds_up_no_other(
    over: Over, dovecot: Dovecot, transport: str, size_bytes: int
) -> None:
    """MT-038: its header is longer than what a listing takes into memory."""
    customer = over(transport, after="delete", move_to="")
    endless = mail(subject="x" * size_bytes, message_id="<endless@fabrikam.example>")
    dovecot.put(customer.mailbox.address, [*some(1), endless, *some(1, first=1)])
    assert customer.sync().error is None
    assert (customer.states(), left(dovecot, customer)) == ({"filed": 3}, 0)


@pytest.mark.parametrize(("after", "rest"), [("delete", 0), ("keep", 12)])
def test_mails_over_pop3_are_filed_and_deleted_or_kept(
    over: Over, dovecot: Dovecot, after: str, rest: int
) -> None:
    customer = over("pop3", after=after, move_to="")
    dovecot.put(customer.mailbox.address, some(12))
    assert customer.sync().error is None
    assert (len(customer.entries()), left(dovecot, customer)) == (12, rest)
    assert customer.sync().fetched == 0


def test_new_numbering_makes_no_doubles(over: Over, dovecot: Dovecot) -> None:
    """F-52: everything is read again, and recognised by its content."""
    customer = over("imap", after="keep")
    dovecot.put(customer.mailbox.address, some(5))
    customer.sync()
    for row in InboundMessage.objects.all():
        row.remote_id = "1." + row.remote_id.partition(".")[2]
        row.remote_key = remote_key_of(row.remote_id)
        row.save(update_fields=["remote_id", "remote_key"])
    Folder.objects.update(cursor="1:5")
    dovecot.put(customer.mailbox.address, some(1, first=5))
    assert customer.sync().error is None
    assert (len(customer.entries()), InboundMessage.objects.count()) == (6, 11)


def test_mailbox_that_changes_its_wire_makes_no_doubles(over: Over, dovecot: Dovecot) -> None:
    """The ids of one wire mean nothing to the other; the mails are known by their content."""
    customer = over("pop3", after="keep", move_to="")
    dovecot.put(customer.mailbox.address, some(4))
    customer.sync()
    customer.change(inbound_transport="imap", after="move", move_to="Processed")
    assert customer.sync().error is None
    assert (Entry.objects.count(), left(dovecot, customer, "Processed")) == (4, 4)


def test_killed_server_costs_no_mail(over: Over, dovecot: Dovecot) -> None:
    customer = over("imap")
    dovecot.put(customer.mailbox.address, some(20))
    customer.sync()
    dovecot.kill()
    dovecot.put(customer.mailbox.address, some(20, first=20))
    assert customer.sync().error is None
    assert (len(customer.entries()), left(dovecot, customer)) == (40, 0)


def test_refused_application_is_shown_on_the_mailbox(over: Over, dovecot: Dovecot) -> None:
    customer = over("imap")
    dovecot.introspection.mailbox = "somebody.else@contoso.example"
    report = customer.sync()
    assert report.error is not None
    assert (report.error.code, customer.row().paused) == ("mail_login_refused", "error")


@pytest.mark.parametrize("transport", ["imap", "pop3"])
def test_copy_of_the_database_files_but_changes_nothing(
    over: Over, dovecot: Dovecot, settings: Settings, transport: str
) -> None:
    """S0-27: no marker can be left over these wires; the database knows who used it last."""
    customer = over(transport, after="delete", move_to="")
    dovecot.put(customer.mailbox.address, some(1))
    customer.sync()
    settings.INSTALLATION = "c" * 24
    for number in (1, 2):
        dovecot.put(customer.mailbox.address, some(1, first=number))
        Folder.objects.update(marker_seen_at=timezone.now() - 2 * guard.LOOK_EVERY)
        customer.sync()
    assert (customer.states(), left(dovecot, customer)) == ({"filed": 3}, 2)

    guard.take_over(customer.row(), by=None)
    customer.sync()
    assert left(dovecot, customer) == 0


def test_mail_taken_by_others_before_it_is_moved_is_counted_and_named(over: Over, dovecot: Dovecot) -> None:
    """S0-27: another installation may be at work, which nothing else shows over IMAP."""
    customer = over("imap")
    dovecot.put(customer.mailbox.address, some(2))

    def file_while_somebody_deletes(mailbox: Mailbox) -> Any:
        if InboundMessage.objects.count() == left(dovecot, customer) == 2:
            dovecot.remove_one(mailbox.address)
        return filing.file_for(mailbox)

    sync(customer.mailbox.pk, file=file_while_somebody_deletes, budget_s=60)
    (taken,) = InboundMessage.objects.filter(taken_at__isnull=False)
    assert (taken.message_id in customer.entries(), customer.row().taken_mails) == (True, 1)
    assert left(dovecot, customer, "Processed") == 1


@pytest.mark.parametrize("transport", ["imap", "pop3"])
def test_examination_opens_the_mailbox_over_its_own_wire(
    over: Over, dovecot: Dovecot, transport: str
) -> None:
    customer = over(transport, after="keep", move_to="")
    dovecot.put(customer.mailbox.address, some(2))
    checks = {check.id: check for check in examine(customer.row()).checks}
    assert {checks[step].status for step in ("mailbox", "folder", "read")} == {Status.OK}
    assert "2 mails" in checks["mailbox"].detail
    said = checks["marker"].diagnosis
    assert said is not None
    assert said.code == "marker_impossible"


@pytest.mark.parametrize("transport", ["imap", "pop3"])
def test_examination_begins_anew_where_a_run_would(over: Over, dovecot: Dovecot, transport: str) -> None:
    """F-52"""
    customer = over(transport, after="keep", move_to="")
    customer.sync()
    Folder.objects.update(cursor="of another numbering")
    checks = {check.id: check for check in examine(customer.row()).checks}
    assert checks["read"].status == Status.OK


def test_examination_says_why_the_wire_refuses(over: Over, dovecot: Dovecot) -> None:
    """Before a mailbox is switched on, not at its first look."""
    customer = over("imap")
    dovecot.introspection.mailbox = "somebody.else@contoso.example"
    checks = {check.id: check for check in examine(customer.row()).checks}
    said = checks["mailbox"].diagnosis
    assert said is not None
    assert (checks["mailbox"].status, said.code) == (Status.FAIL, "mail_login_refused")
