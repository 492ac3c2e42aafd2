"""Acknowledgements: one for a person's first mail, none for anything else, and never two."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mailboxes.models import InboundMessage, Mailbox, OutboundMessage
from tests import factories
from tickets.filing import Filer
from tickets.models import AutoAnswer, Entry, Ticket
from tickets.models.auto_answer import Asked
from tickets.policies.auto_answers import MAX_UNPROVEN_PER_HOUR
from tickets.policies.loops import MAX_FROM_SENDER
from tickets.replaying import make_tickets, replay
from tickets.sweeping import sweep

pytestmark = pytest.mark.django_db

#: What the tenant's own Exchange writes above its own Received line when all checks hold.
PROVEN = {
    "authentication_results": "spf=pass; dkim=pass; dmarc=pass action=none header.from=fabrikam.example;compauth=pass",
    "received": "from a.prod.outlook.com by b.prod.outlook.com; Mon, 2 Nov 2026 09:29:56 +0000",
}
UNSEEN = "it was found half an hour or more after it came, and may have been answered before"
Arrive = Callable[..., InboundMessage]


@pytest.fixture
def box(mailbox: Mailbox) -> Mailbox:
    """A mailbox that sends, of a queue that acknowledges."""
    Mailbox.objects.filter(pk=mailbox.pk).update(outbound_transport="graph")
    mailbox.queue.answers_automatically = True  # type: ignore[union-attr]
    mailbox.queue.save()  # type: ignore[union-attr]
    mailbox.refresh_from_db()
    return mailbox


@pytest.fixture
def arrive(box: Mailbox) -> Arrive:
    """Put a mail that has just come in the ledger; of another sender each, unless one is given."""

    def put(name: str, *, columns: dict[str, Any] | None = None, **headers: str) -> InboundMessage:
        headers = {"sender": f"Ada Byron <{name}@fabrikam.example>", **headers}
        raw = factories.mail(message_id=f"<{name}@fabrikam.example>", text=f"About {name}.", **headers)
        columns = {"sender": f"{name}@fabrikam.example", **(columns or {})}
        values = {"mailbox": box, "received_at": timezone.now(), **columns}
        row: InboundMessage = factories.InboundMessageFactory(
            raw=raw, message_id=f"<{name}@fabrikam.example>", **values
        )
        return row

    return put


def file(box: Mailbox) -> None:
    Filer(box.tenant_id).file_due()


def answers() -> list[OutboundMessage]:
    return list(OutboundMessage.objects.order_by("pk"))


def why() -> str:
    """Give what the entry of the newest mail says about its answer."""
    entry = Entry.objects.filter(kind=Entry.Kind.MAIL_IN).order_by("-pk")[0]
    return str((entry.decisions or {}).get("answer", {}).get("why", ""))


def test_first_mail_of_a_person_is_acknowledged_with_the_marks_of_a_machine(
    box: Mailbox, arrive: Arrive
) -> None:
    arrive("one", **PROVEN, references="<root@fabrikam.example>")
    file(box)
    (row,), ticket = answers(), Ticket.objects.get()
    assert (row.to, row.recipient_count) == ([{"name": "", "email": "one@fabrikam.example"}], 1)
    assert row.subject == f"[#{ticket.reference}] Printer is on fire"
    assert ticket.reference in row.text
    assert row.headers["Auto-Submitted"] == "auto-replied"
    assert row.headers["X-Auto-Response-Suppress"] == "All"
    assert row.in_reply_to == "<one@fabrikam.example>"
    assert row.references == ["<root@fabrikam.example>", "<one@fabrikam.example>"]
    assert (row.state, row.from_email) == ("queued", box.address)


def test_acknowledgement_stands_on_the_ticket_and_is_nobodys_answer(box: Mailbox, arrive: Arrive) -> None:
    mail = arrive("one")
    file(box)
    ticket, (row,) = Ticket.objects.get(), answers()
    entry = Entry.objects.get(kind=Entry.Kind.MAIL_OUT)
    assert (entry.ticket, entry.outbound, entry.auto_reply) == (ticket, row, True)
    assert (ticket.status, ticket.last_entry_by, ticket.entry_count) == ("new", "customer", 2)
    assert ticket.waits_since_at == ticket.last_entry_at == mail.received_at


def test_answer_to_an_acknowledgement_joins_its_ticket_and_is_not_acknowledged(
    box: Mailbox, arrive: Arrive
) -> None:
    arrive("one")
    file(box)
    AutoAnswer.objects.all().delete()
    arrive("two", in_reply_to=answers()[0].message_id, sender="one@fabrikam.example")
    file(box)
    assert (Ticket.objects.count(), len(answers())) == (1, 1)


@pytest.mark.parametrize(
    "headers",
    [
        {"auto_submitted": "auto-replied"},
        {"auto_submitted": "auto-generated"},
        {"precedence": "bulk"},
        {"precedence": "list"},
        {"list_id": "<news.fabrikam.example>"},
        {"list_unsubscribe": "<mailto:x@fabrikam.example>"},
        {"x_auto_response_suppress": "All"},
        {"return_path": "<>"},
        {"sender": "no-reply@fabrikam.example"},
        {"sender": "MAILER-DAEMON@fabrikam.example"},
        {"sender": ""},
        {
            "authentication_results": "spf=fail; dkim=none; dmarc=fail header.from=fabrikam.example;compauth=fail"
        },
        {"x_forefront_antispam_report": "CIP:255.255.255.255;CTRY:;SFV:SPM;SCL:5"},
        {"x_ms_exchange_organization_scl": "9"},
        {"x_m365_desk_loop": "7"},
    ],
    ids=lambda headers: ": ".join(*headers.items())[:40],
)
def test_no_machine_forger_or_spammer_is_answered(
    box: Mailbox, arrive: Arrive, headers: dict[str, str]
) -> None:
    arrive("one", **headers)
    file(box)
    assert (answers(), AutoAnswer.objects.count()) == ([], 0)


def test_our_own_mailboxes_are_not_answered(box: Mailbox, arrive: Arrive) -> None:
    factories.MailboxFactory(tenant=box.tenant, address="desk@another.example")
    factories.MailboxFactory(tenant=box.tenant, outbound_from="sales@another.example")
    arrive("one", sender="desk@another.example")
    arrive("two", sender="Sales <sales@another.example>")
    arrive("three", sender=box.address)
    file(box)
    assert (answers(), why()) == ([], "its sender is one of our own mailboxes")


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"is_imported": True}, "imported: it lay in the mailbox before it was connected"),
        ({"received_at": timezone.now() - timedelta(days=2)}, "it is older than a day"),
        ({"received_at": timezone.now() - timedelta(minutes=40)}, UNSEEN),
    ],
)
def test_what_was_imported_or_is_old_is_not_answered(
    box: Mailbox, arrive: Arrive, columns: dict[str, Any], reason: str
) -> None:
    arrive("one", columns=columns)
    file(box)
    assert (answers(), why()) == ([], reason)


def test_mail_that_was_found_when_it_came_and_is_filed_late_is_answered(box: Mailbox, arrive: Arrive) -> None:
    at = timezone.now() - timedelta(minutes=40)
    InboundMessage.objects.filter(pk=arrive("one", columns={"received_at": at}).pk).update(seen_at=at)
    file(box)
    assert len(answers()) == 1


def test_a_rule_keeps_the_answer_back(box: Mailbox, arrive: Arrive) -> None:
    factories.RuleFactory(tenant=box.tenant, sender="*@fabrikam.example", is_unanswered=True)
    arrive("one")
    file(box)
    assert (answers(), why()) == ([], "a rule says so")


def test_queue_a_rule_chose_decides(box: Mailbox, arrive: Arrive) -> None:
    silent = factories.QueueFactory(tenant=box.tenant)
    factories.RuleFactory(tenant=box.tenant, sender="one@*", queue=silent)
    arrive("one")
    arrive("two")
    file(box)
    assert [row.to[0]["email"] for row in answers()] == ["two@fabrikam.example"]


def test_mailbox_that_sends_nothing_says_so_on_the_mail(box: Mailbox, arrive: Arrive) -> None:
    Mailbox.objects.update(outbound_transport="none")
    arrive("one")
    file(box)
    assert (answers(), why()) == ([], "This mailbox sends no mail: its outgoing mail is switched off.")


@pytest.mark.parametrize("at_once", [True, False])
def test_sender_is_answered_once_a_day_whatever_he_writes(
    box: Mailbox, arrive: Arrive, *, at_once: bool
) -> None:
    arrive("one", sender="Ada@fabrikam.example")
    if not at_once:
        file(box)
    arrive("two", sender="ada@fabrikam.example")
    file(box)
    assert (Ticket.objects.count(), len(answers())) == (2, 1)
    assert answers()[0].in_reply_to == "<one@fabrikam.example>"


def test_sender_is_answered_again_the_next_day(box: Mailbox, arrive: Arrive) -> None:
    arrive("one", sender="ada@fabrikam.example")
    file(box)
    AutoAnswer.objects.update(answered_at=timezone.now() - timedelta(days=1, seconds=1))
    arrive("two", sender="ada@fabrikam.example")
    file(box)
    assert (len(answers()), AutoAnswer.objects.count()) == (2, 1)


def test_claim_of_a_sender_holds_without_the_filers_own(box: Mailbox) -> None:
    """Two filers at the same moment: the database decides."""
    asked, now = [Asked(email="ada@fabrikam.example", mailbox_id=box.pk, is_proven=True)], timezone.now()
    before = now - timedelta(days=1)
    first = AutoAnswer.objects.claim(box.tenant_id, asked, now=now, before=before)
    second = AutoAnswer.objects.claim(box.tenant_id, asked, now=now, before=before)
    assert (first, second) == ({"ada@fabrikam.example"}, frozenset())
    with pytest.raises(IntegrityError), transaction.atomic():
        AutoAnswer.objects.create(
            tenant=box.tenant, mailbox=box, email="ada@fabrikam.example", answered_at=now
        )


def test_other_tenant_answers_the_same_sender_for_itself(box: Mailbox) -> None:
    other, now = factories.MailboxFactory(), timezone.now()
    for each in (box, other):
        asked = [Asked(email="ada@fabrikam.example", mailbox_id=each.pk, is_proven=True)]
        assert AutoAnswer.objects.claim(each.tenant_id, asked, now=now, before=now - timedelta(days=1))


def test_unproven_senders_read_nothing_of_what_they_wrote(box: Mailbox, arrive: Arrive) -> None:
    """S-77: nobody sends his words to somebody else through us."""
    box.queue.auto_answer_text = "Dear {requester_name}: {subject}"  # type: ignore[union-attr]
    box.queue.save()  # type: ignore[union-attr]
    arrive("victim", sender="BUY PILLS <victim@fabrikam.example>", subject="http://pills.example")
    file(box)
    (row,) = answers()
    assert row.text == "Dear victim@fabrikam.example: "
    assert row.subject == f"[#{Ticket.objects.get().reference}]"
    assert row.to == [{"name": "", "email": "victim@fabrikam.example"}]


def test_flood_in_the_name_of_strangers_is_answered_twenty_times_an_hour(
    box: Mailbox, arrive: Arrive
) -> None:
    """S-77: 20 an hour and mailbox to senders nobody has proven; the proven are answered still."""
    for number in range(MAX_UNPROVEN_PER_HOUR + 5):
        arrive(f"victim{number}")
    file(box)
    arrive("ada", **PROVEN)
    arrive("late")
    file(box)
    assert len(answers()) == MAX_UNPROVEN_PER_HOUR + 1
    assert why() == "too many answers to unproven senders within an hour"


def test_mail_that_is_filed_again_brings_its_answer_along(box: Mailbox, arrive: Arrive) -> None:
    mail = arrive("one")
    file(box)
    first = Ticket.objects.get()
    AutoAnswer.objects.all().delete()
    replay([mail])
    ticket = Ticket.objects.get()
    assert ticket != first
    assert [entry.outbound for entry in ticket.entries.filter(kind=Entry.Kind.MAIL_OUT)] == answers()
    assert (len(answers()), ticket.entry_count) == (1, 2)


def test_ticket_that_staff_make_by_hand_is_not_acknowledged(box: Mailbox, arrive: Arrive) -> None:
    factories.RuleFactory(tenant=box.tenant, discard="spam")
    mail = arrive("one")
    file(box)
    make_tickets([mail])
    assert (answers(), why()) == ([], "staff made a ticket of it")


def test_filing_that_fails_answers_nobody(
    box: Mailbox, arrive: Arrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive("one")
    with monkeypatch.context() as patch:
        patch.setattr("tickets.filing.note_bounces", _fail)
        file(box)
    assert (answers(), AutoAnswer.objects.count(), Ticket.objects.count()) == ([], 0, 0)
    InboundMessage.objects.update(retry_at=None)
    file(box)
    assert len(answers()) == 1


def _fail(*_args: Any) -> None:
    raise RuntimeError("the database went away")


def test_filing_asks_nothing_more_where_nobody_is_answered(mailbox: Mailbox, arrive: Arrive) -> None:
    mailbox.queue.answers_automatically = False  # type: ignore[union-attr]
    mailbox.queue.save()  # type: ignore[union-attr]
    arrive("one")
    with CaptureQueriesContext(connection) as asked:
        file(mailbox)
    tables = ('FROM "tickets_queue"', "tickets_autoanswer", '"mailboxes_outboundmessage"')
    assert [one["sql"] for one in asked if any(table in one["sql"] for table in tables)] == []


def test_answers_of_a_batch_take_as_many_statements_as_one(box: Mailbox, arrive: Arrive) -> None:
    arrive("one")
    with CaptureQueriesContext(connection) as few:
        file(box)
    for number in range(10):
        arrive(f"more{number}")
    with CaptureQueriesContext(connection) as many:
        file(box)
    assert len(answers()) == 11
    assert len(many) <= len(few)


def test_who_was_answered_is_forgotten_after_a_day(box: Mailbox) -> None:
    now = timezone.now()
    for email, age in (("old@x.example", timedelta(days=2)), ("new@x.example", timedelta(hours=2))):
        AutoAnswer.objects.create(tenant=box.tenant, mailbox=box, email=email, answered_at=now - age)
    sweep(now)
    assert [row.email for row in AutoAnswer.objects.all()] == ["new@x.example"]


def test_flood_of_one_sender_is_not_answered(box: Mailbox, arrive: Arrive) -> None:
    for number in range(MAX_FROM_SENDER):
        arrive(f"more{number}", columns={"sender": "ada@fabrikam.example", "is_imported": True})
    arrive("one", sender="ada@fabrikam.example", columns={"sender": "ada@fabrikam.example"})
    file(box)
    assert (answers(), why()) == ([], "21 mails of this sender within 10 minutes")


def test_footer_of_the_mailbox_stands_below(box: Mailbox, arrive: Arrive) -> None:
    Mailbox.objects.update(outbound_footer="{agent_name} · {subject}")
    arrive("one")
    arrive("two", **PROVEN)
    file(box)
    name = box.queue.name  # type: ignore[union-attr]
    assert [row.footer for row in answers()] == [f"{name} ·", f"{name} · Printer is on fire"]
    assert not Entry.objects.filter(text__contains=" · ").exists()
