"""The path of a stored mail to its ticket: claims, batches, retries, quarantine."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from mailboxes import storage
from mailboxes.errors import LeaseLost
from mailboxes.models import InboundMessage, Mailbox
from mailboxes.parsing import guarded, parse
from tests import factories
from tests.tickets.conftest import Stored
from tickets import claims, filing, records
from tickets.conversations import Letter
from tickets.filing import Filer
from tickets.models import Attachment, Entry, Ticket
from tickets.policies.loops import Treatment, Verdict

pytestmark = pytest.mark.django_db

State = InboundMessage.State
NOT_A_MAIL = b"\x00\x01\x02 nothing here is a header"


def file(mailbox: Mailbox) -> filing.Filed:
    return Filer(mailbox.tenant_id).file_due()


def states() -> dict[str, str]:
    return dict(InboundMessage.objects.values_list("message_id", "state"))


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that cannot hold one file: whatever carries this content cannot be filed."""
    keep = storage.keep

    def keep_unless_poisoned(relative: str, chunks: Any) -> None:
        content = b"".join(chunks)
        if content.startswith(b"poison"):
            raise OSError(5, "Input/output error")
        keep(relative, [content])

    monkeypatch.setattr(storage, "keep", keep_unless_poisoned)


def with_file(name: str, content: str) -> bytes:
    head = f"From: ada@fabrikam.example\r\nSubject: {name}\r\nMessage-ID: <{name}@fabrikam.example>\r\n"
    part = "--x\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\n"
    return f"{head}Content-Type: multipart/mixed; boundary=x\r\n\r\n{part}{content}\r\n--x--\r\n".encode()


def test_new_mail_opens_a_ticket_in_the_queue_of_its_mailbox(mailbox: Mailbox, stored: Stored) -> None:
    row = stored("printer")
    assert file(mailbox).filed == 1
    ticket = Ticket.objects.get()
    assert (ticket.queue, ticket.mailbox, ticket.entry_count) == (mailbox.queue, mailbox, 1)
    assert (ticket.requester_email, ticket.entries.get().inbound) == ("ada@fabrikam.example", row)


def test_mailbox_without_queue_files_into_support(stored: Stored) -> None:
    mailbox = factories.MailboxFactory(queue=None)
    stored("printer", into=mailbox)
    file(mailbox)
    assert Ticket.objects.get().queue.name == "Support"


def test_mail_that_explodes_is_quarantined_with_its_cause_and_its_neighbours_are_filed(
    mailbox: Mailbox, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reliability §10 rule 1: the child that reads it is given no time at all here."""
    monkeypatch.setattr(guarded, "PATIENCE_S", 0.0)
    huge = factories.mail(message_id="<huge@fabrikam.example>", text="It jams.\n" * 80_000)
    for name, raw in (("before", b""), ("huge", huge), ("after", b"")):
        stored(name, raw=raw)
    counts = file(mailbox)
    assert (counts.filed, counts.quarantined) == (2, 1)
    row = InboundMessage.objects.get(state=State.QUARANTINED)
    assert row.error["code"] == "parsing_exceeded"
    assert storage.full_path(row.raw_path).exists()


def test_mails_are_filed_oldest_first(mailbox: Mailbox, stored: Stored) -> None:
    for name, day in (("late", 3), ("early", 1), ("between", 2)):
        row = stored(name)
        InboundMessage.objects.filter(pk=row.pk).update(received_at=timezone.now() - timedelta(days=10 - day))
    file(mailbox)
    filed = Entry.objects.order_by("pk").values_list("message_id", flat=True)
    assert [one.split("@")[0] for one in filed] == ["<early", "<between", "<late"]


def test_attachment_is_stored_once_per_tenant_and_named_by_its_hash(mailbox: Mailbox, stored: Stored) -> None:
    stored("one", raw=with_file("one", "same bytes"))
    stored("two", raw=with_file("two", "same bytes"))
    file(mailbox)
    assert Attachment.objects.count() == 2
    assert len({row.path for row in Attachment.objects.all()}) == 1
    assert storage.full_path(Attachment.objects.all()[0].path).read_bytes() == b"same bytes"


def test_one_bad_mail_never_stops_its_neighbours(mailbox: Mailbox, stored: Stored, poisoned: None) -> None:
    stored("first")
    stored("bad", raw=with_file("bad", "poison"))
    stored("last")
    assert file(mailbox).filed == 2
    row = InboundMessage.objects.get(message_id="<bad@fabrikam.example>")
    assert (row.state, row.tries, row.claimed_until) == (State.RECEIVED, 1, None)
    assert row.error["code"] == "filing_failed"
    assert "OSError" in row.traceback


def test_bad_mail_is_tried_again_later_and_then_quarantined(
    mailbox: Mailbox, stored: Stored, poisoned: None, settings: Settings
) -> None:
    stored("bad", raw=with_file("bad", "poison"))
    for tries in range(1, settings.FILING_TRIES + 1):
        file(mailbox)
        assert InboundMessage.objects.get().tries == tries
        assert file(mailbox).quarantined == 0  # not before its time
        InboundMessage.objects.update(retry_at=None)
    row = InboundMessage.objects.get()
    assert (row.state, row.reason) == (State.QUARANTINED, row.error["cause"])
    assert row.error["fix"]


def test_bad_mail_that_heals_is_filed_and_its_error_forgotten(
    mailbox: Mailbox, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(storage, "keep", lambda *_: 1 / 0)
        stored("bad", raw=with_file("bad", "content"))
        file(mailbox)
    InboundMessage.objects.update(retry_at=None)
    assert file(mailbox).filed == 1
    assert InboundMessage.objects.get().error is None


def test_bytes_without_any_header_are_quarantined_at_once(mailbox: Mailbox, stored: Stored) -> None:
    stored("odd", raw=NOT_A_MAIL)
    stored("printer")
    filed = file(mailbox)
    assert (filed.filed, filed.quarantined) == (1, 1)
    assert InboundMessage.objects.get(state=State.QUARANTINED).error["code"] == "unparseable"
    assert len(filed.settled) == 1


def test_mail_that_killed_its_workers_is_quarantined_without_another_try(
    mailbox: Mailbox, stored: Stored, settings: Settings
) -> None:
    """F-07: nobody could record why, so the count that was committed with the claim decides."""
    row = stored("deadly")
    InboundMessage.objects.filter(pk=row.pk).update(tries=settings.FILING_TRIES)
    assert file(mailbox).quarantined == 1
    assert InboundMessage.objects.get().error["code"] == "worker_killed"


def test_mail_that_was_tried_is_claimed_alone_and_last(mailbox: Mailbox, stored: Stored) -> None:
    """Its neighbours are not blamed, and do not wait behind it."""
    doubtful = stored("doubtful")
    InboundMessage.objects.filter(pk=doubtful.pk).update(tries=1)
    fresh = [stored("one").pk, stored("two").pk]
    assert [row.pk for row in claims.claim(mailbox.tenant_id)] == fresh
    InboundMessage.objects.update(claimed_until=None, state=State.FILED)
    InboundMessage.objects.filter(pk=doubtful.pk).update(state=State.RECEIVED)
    assert [row.pk for row in claims.claim(mailbox.tenant_id)] == [doubtful.pk]


def test_claim_takes_no_more_than_the_batch(mailbox: Mailbox, stored: Stored, settings: Settings) -> None:
    settings.FILING_BATCH = 2
    for number in range(3):
        stored(f"mail-{number}")
    assert len(claims.claim(mailbox.tenant_id)) == 2


def test_large_mails_are_filed_in_several_transactions_of_one_pass(mailbox: Mailbox, stored: Stored) -> None:
    for number in range(3):
        stored(f"mail-{number}")
    InboundMessage.objects.update(raw_bytes=filing.GROUP_BYTES // 2)
    with CaptureQueriesContext(connection) as captured:
        assert file(mailbox).filed == 3
    assert sum('INSERT INTO "tickets_ticket"' in query["sql"] for query in captured) == 2


def test_all_that_is_due_is_filed_in_one_pass(mailbox: Mailbox, stored: Stored, settings: Settings) -> None:
    settings.FILING_BATCH = 2
    for number in range(5):
        stored(f"mail-{number}")
    assert file(mailbox).filed == 5


def test_second_filer_of_a_tenant_finds_nothing_to_do(mailbox: Mailbox, stored: Stored) -> None:
    stored("one")
    claims.claim(mailbox.tenant_id)
    stored("two")
    assert file(mailbox) == filing.Filed()


def test_filers_of_two_tenants_do_not_wait_for_each_other(mailbox: Mailbox, stored: Stored) -> None:
    other = factories.MailboxFactory()
    stored("one")
    stored("two", into=other)
    claims.claim(mailbox.tenant_id)
    assert file(other).filed == 1


def test_claim_of_a_dead_filer_runs_out(mailbox: Mailbox, stored: Stored) -> None:
    stored("one")
    claims.claim(mailbox.tenant_id)
    past = timezone.now() - timedelta(seconds=1)
    InboundMessage.objects.update(claimed_until=past, retry_at=past)
    assert file(mailbox).filed == 1
    assert InboundMessage.objects.get().tries == 2


def test_late_filer_writes_nothing(mailbox: Mailbox, stored: Stored) -> None:
    """F-08: its rows were claimed by another meanwhile; the whole transaction is refused."""
    stored("one")
    late = Filer(mailbox.tenant_id)
    rows = claims.claim(mailbox.tenant_id)
    InboundMessage.objects.update(tries=2)
    with pytest.raises(LeaseLost):
        late._file_together(rows)
    assert Ticket.objects.count() == 0
    assert late.counts == filing.Filed()


def test_late_filer_neither_quarantines_nor_puts_back(mailbox: Mailbox, stored: Stored) -> None:
    stored("one")
    row = claims.claim(mailbox.tenant_id)[0]
    InboundMessage.objects.update(tries=2)
    Filer(mailbox.tenant_id)._quarantine(row, "filing_failed", "")
    claims.put_back(row, error={}, traceback="")
    assert (InboundMessage.objects.get().state, InboundMessage.objects.get().error) == (State.RECEIVED, None)


def test_database_that_fails_once_costs_one_more_try_and_no_mail(
    mailbox: Mailbox, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-11: a deadlock in the batch; the mails are filed one by one."""
    stored("one")
    stored("two")
    build, failures = records.build_entry, [DatabaseError("deadlock detected")]

    def fail_once(*args: Any) -> Entry:
        if failures:
            raise failures.pop()
        return build(*args)

    monkeypatch.setattr(records, "build_entry", fail_once)
    assert file(mailbox).filed == 2
    assert Ticket.objects.count() == 2


def test_tenants_with_stored_mail_are_found(mailbox: Mailbox, stored: Stored) -> None:
    stored("one")
    resting = stored("two", into=factories.MailboxFactory())
    InboundMessage.objects.filter(pk=resting.pk).update(retry_at=timezone.now() + timedelta(minutes=1))
    stored("three", into=factories.MailboxFactory(tenant__is_active=False))
    InboundMessage.objects.filter(pk=stored("four", into=factories.MailboxFactory()).pk).update(raw_path="")
    assert filing.tenants_due() == [mailbox.tenant_id]


@pytest.mark.parametrize("ours", [{}, {"address": "sales@brand.example"}, {"aliases": "sales@brand.example"}])
def test_mail_from_ourselves_is_suspended_with_its_reason(
    mailbox: Mailbox, stored: Stored, ours: dict[str, str]
) -> None:
    """MT-176: from a mailbox of the same tenant, whichever it is, in whatever domain."""
    colleague = factories.MailboxFactory(tenant=mailbox.tenant, **ours)
    stored("echo", sender=colleague.addresses[-1].upper())
    assert file(mailbox).suspended == 1
    assert InboundMessage.objects.get().reason.startswith("self")
    assert Ticket.objects.count() == 0


def test_automatic_mail_does_not_wake_a_ticket_that_rests(mailbox: Mailbox, stored: Stored) -> None:
    """MT-178"""
    stored("question")
    file(mailbox)
    Ticket.objects.update(status=Ticket.Status.SOLVED)
    stored("away", in_reply_to="<question@fabrikam.example>", auto_submitted="auto-replied")
    file(mailbox)
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.last_entry_by, ticket.entry_count) == ("solved", "machine", 2)


def test_reply_of_the_customer_wakes_a_ticket_that_rests(mailbox: Mailbox, stored: Stored) -> None:
    stored("question")
    file(mailbox)
    Ticket.objects.update(status=Ticket.Status.CLOSED)
    stored("again", in_reply_to="<question@fabrikam.example>")
    file(mailbox)
    assert Ticket.objects.get().status == "open"


def test_what_staff_write_meanwhile_is_not_overwritten(mailbox: Mailbox, stored: Stored) -> None:
    stored("printer")
    file(mailbox)
    read_before = Ticket.objects.get()
    Ticket.objects.update(entry_count=5, status=Ticket.Status.SOLVED)
    row = stored("again", in_reply_to="<printer@fabrikam.example>")
    message = parse(storage.full_path(row.raw_path))
    letter = Letter(row, mailbox, message, Verdict(Treatment.ACCEPT_SILENTLY))
    records.bring_up_to_date({read_before: [letter]})
    assert Ticket.objects.values_list("entry_count", "status").get() == (6, Ticket.Status.SOLVED)


def test_ticket_that_a_customer_opens_again_is_no_longer_closed(mailbox: Mailbox, stored: Stored) -> None:
    stored("printer")
    file(mailbox)
    ticket = Ticket.objects.get()
    ticket.status = Ticket.Status.CLOSED
    ticket.save()
    stored("again", in_reply_to="<printer@fabrikam.example>")
    file(mailbox)
    assert Ticket.objects.values_list("status", "closed_at").get() == (Ticket.Status.OPEN, None)


def test_many_answers_are_noted_on_their_tickets_in_few_statements(mailbox: Mailbox, stored: Stored) -> None:
    for number in range(10):
        stored(f"mail-{number}")
    file(mailbox)
    for number in range(10):
        stored(f"answer-{number}", in_reply_to=f"<mail-{number}@fabrikam.example>")
    with CaptureQueriesContext(connection) as captured:
        file(mailbox)
    assert set(Ticket.objects.values_list("entry_count", flat=True)) == {2}
    assert sum(query["sql"].startswith('UPDATE "tickets_ticket"') for query in captured) == 1
