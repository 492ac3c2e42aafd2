"""Mail that names no earlier one: by its subject it joins a ticket only where a mailbox has that on, and all fits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mailboxes.models import InboundMessage, Mailbox
from tests import factories
from tests.factories import RECEIVED_AT
from tests.tenants.admin.conftest import signed_in
from tests.tickets.conftest import Stored
from tickets import guesses
from tickets.filing import file_for
from tickets.merging import split
from tickets.models import Entry, ThreadKey, Ticket
from tickets.replaying import replay

pytestmark = pytest.mark.django_db

SUBJECT = "Leitung 7 ist gestört"
BOB = "Bob <bob@third.example>"
LATER = RECEIVED_AT + timedelta(hours=1)

Proven = Callable[..., InboundMessage]


@pytest.fixture
def mailbox(mailbox: Mailbox) -> Mailbox:
    mailbox.joins_by_subject = True
    mailbox.save()
    return mailbox


@pytest.fixture
def proven(stored: Stored) -> Proven:
    """Store a mail whose sender Exchange has proven; `verdict` is what it found otherwise."""

    def put(
        name: str, *, verdict: str = "pass", at: Any = None, into: Mailbox | None = None, **headers: str
    ) -> Any:
        headers = {
            "sender": "Ada <ada@fabrikam.example>",
            "subject": SUBJECT,
            "text": f"About {name}.",
            **headers,
        }
        domain = headers["sender"].rpartition("@")[2].strip(">")
        hop = "from a.outlook.example by b.outlook.example; x"
        checks = f"spf={verdict}; dmarc={verdict} header.from={domain}; compauth={verdict}"
        top = f"Received: {hop}\r\nAuthentication-Results: {checks}\r\nReceived: {hop}\r\n"
        raw = top.encode() + factories.mail(message_id=f"<{name}@fabrikam.example>", **headers)
        row = stored(name, raw=raw, into=into)
        if at is not None:
            InboundMessage.objects.filter(pk=row.pk).update(received_at=at)
        return row

    return put


@pytest.fixture
def asked(mailbox: Mailbox, proven: Proven) -> Ticket:
    """Open a ticket that the mail in question could join."""
    proven("question", cc=BOB)
    file_for(mailbox)
    return Ticket.objects.get()


def filed(mailbox: Mailbox, name: str) -> Entry:
    file_for(mailbox)
    found: Entry = Entry.objects.select_related("ticket").get(message_id=f"<{name}@fabrikam.example>")
    return found


def how(entry: Entry) -> Any:
    return (entry.decisions or {}).get("joined_by")


@pytest.mark.parametrize("sender", ["Ada <ada@fabrikam.example>", BOB])
@pytest.mark.parametrize("front", ["AW: ", "Re: ", "[EXTERN] Re: Re: "])
def test_an_answer_of_a_participant_joins_by_its_subject(
    mailbox: Mailbox, asked: Ticket, proven: Proven, sender: str, front: str
) -> None:
    proven("answer", subject=front + SUBJECT, sender=sender, at=LATER)
    answer = filed(mailbox, "answer")
    assert (answer.ticket, how(answer)) == (asked, "subject")


def test_it_joins_a_ticket_that_the_same_batch_opens(mailbox: Mailbox, proven: Proven) -> None:
    proven("question")
    proven("answer", subject=f"AW: {SUBJECT}", at=LATER)
    assert filed(mailbox, "answer").ticket == filed(mailbox, "question").ticket
    assert Ticket.objects.get().entry_count == 2


def test_without_the_setting_it_opens_a_ticket_of_its_own(
    mailbox: Mailbox, asked: Ticket, proven: Proven
) -> None:
    Mailbox.objects.update(joins_by_subject=False)
    proven("answer", subject=f"AW: {SUBJECT}", at=LATER)
    mailbox.refresh_from_db()
    answer = filed(mailbox, "answer")
    assert (answer.ticket == asked, how(answer)) == (False, None)


@pytest.mark.parametrize(
    "mail",
    [
        pytest.param({"subject": SUBJECT}, id="no answer"),
        pytest.param({"subject": f"WG: {SUBJECT}"}, id="passed on"),
        pytest.param({"subject": f"AW: {SUBJECT} nicht mehr"}, id="another subject"),
        pytest.param({"sender": "Eve <eve@evil.example>"}, id="a stranger"),
        pytest.param({"sender": "Dan <dan@fabrikam.example>"}, id="a colleague who takes no part"),
        pytest.param({"verdict": "fail"}, id="a sender proven false"),
        pytest.param({"verdict": "none"}, id="a sender nobody has proven"),
        pytest.param({"auto_submitted": "auto-replied"}, id="automatic"),
        pytest.param({"list_id": "<news.fabrikam.example>"}, id="newsletter"),
        pytest.param({"at": RECEIVED_AT + timedelta(days=15)}, id="after a long silence"),
        pytest.param({"at": RECEIVED_AT - timedelta(days=1)}, id="older than the ticket"),
        pytest.param({"subject": f"AW: [#CON-7QF2KX4MZA] {SUBJECT}"}, id="naming another ticket"),
    ],
)  # fmt: skip
def test_what_does_not_fit_opens_a_ticket_of_its_own(
    mailbox: Mailbox, asked: Ticket, proven: Proven, mail: dict[str, Any]
) -> None:
    proven("answer", **{"subject": f"AW: {SUBJECT}", "at": LATER, **mail})
    answer = filed(mailbox, "answer")
    assert (answer.ticket == asked, how(answer)) == (False, None)


def test_each_mail_of_a_batch_is_measured_by_its_own_time(
    mailbox: Mailbox, asked: Ticket, proven: Proven
) -> None:
    proven("early", subject=f"AW: {SUBJECT}", at=RECEIVED_AT - timedelta(days=1))
    proven("late", subject=f"AW: {SUBJECT}", at=RECEIVED_AT + timedelta(days=15))
    proven("other", subject="AW: Etwas ganz anderes", at=LATER)
    file_for(mailbox)
    asked.refresh_from_db()
    assert (asked.entry_count, Ticket.objects.count()) == (1, 4)


@pytest.mark.parametrize("status", ["solved", "closed"])
def test_a_ticket_that_is_done_takes_nothing_by_subject(
    mailbox: Mailbox, asked: Ticket, proven: Proven, status: str
) -> None:
    Ticket.objects.update(status=status)
    proven("answer", subject=f"AW: {SUBJECT}", at=LATER)
    assert filed(mailbox, "answer").ticket != asked


def test_two_tickets_that_fit_are_none(mailbox: Mailbox, asked: Ticket, proven: Proven) -> None:
    proven("second")
    file_for(mailbox)
    proven("answer", subject=f"AW: {SUBJECT}", at=LATER)
    file_for(mailbox)
    assert Ticket.objects.count() == 3


def test_the_ticket_of_somebody_else_under_the_same_subject_is_no_second_one(
    mailbox: Mailbox, asked: Ticket, proven: Proven
) -> None:
    proven("second", sender="Eve <eve@evil.example>")
    file_for(mailbox)
    proven("answer", subject=f"AW: {SUBJECT}", at=LATER)
    assert filed(mailbox, "answer").ticket == asked


def test_a_subject_everybody_writes_joins_nothing(mailbox: Mailbox, proven: Proven) -> None:
    proven("question", subject="Frage zur Rechnung")
    proven("answer", subject="AW: Frage zur Rechnung", at=LATER)
    file_for(mailbox)
    assert Ticket.objects.count() == 2


@pytest.mark.parametrize("is_same_tenant", [True, False])
def test_a_ticket_of_another_mailbox_or_tenant_is_never_joined(
    mailbox: Mailbox, asked: Ticket, proven: Proven, is_same_tenant: bool
) -> None:
    """S-73"""
    mine = {"tenant": mailbox.tenant} if is_same_tenant else {}
    other = factories.MailboxFactory(joins_by_subject=True, **mine)
    proven("answer", subject=f"AW: {SUBJECT}", at=LATER, into=other)
    answer = filed(other, "answer")
    assert (answer.ticket != asked, answer.ticket.tenant) == (True, other.tenant)


@pytest.mark.parametrize("is_one_batch", [True, False])
def test_a_mail_that_names_a_ticket_it_may_not_join_is_not_guessed_into_another(
    mailbox: Mailbox, asked: Ticket, proven: Proven, is_one_batch: bool
) -> None:
    proven("other", sender="Cleo <cleo@customer.example>", subject="Etwas ganz anderes")
    if not is_one_batch:
        file_for(mailbox)
    proven("answer", subject=f"AW: {SUBJECT}", at=LATER, in_reply_to="<other@fabrikam.example>")
    answer = filed(mailbox, "answer")
    assert (answer.ticket == asked, "outside_of" in answer.decisions) == (False, True)


def test_a_certain_sign_counts_before_the_subject(mailbox: Mailbox, asked: Ticket, proven: Proven) -> None:
    proven("other", subject="Etwas ganz anderes")
    file_for(mailbox)
    proven("answer", subject=f"AW: {SUBJECT}", at=LATER, in_reply_to="<other@fabrikam.example>")
    answer = filed(mailbox, "answer")
    assert (answer.ticket.subject, how(answer)) == ("Etwas ganz anderes", None)


def test_what_a_machine_opens_by_the_hundred_is_joined_by_nothing(
    mailbox: Mailbox, asked: Ticket, proven: Proven, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guesses, "MAX_TICKETS", 1)
    proven("second", sender="Eve <eve@evil.example>")
    file_for(mailbox)
    proven("answer", subject=f"AW: {SUBJECT}", at=LATER)
    assert filed(mailbox, "answer").ticket != asked


def test_an_answer_to_what_was_joined_follows_by_its_id(
    mailbox: Mailbox, asked: Ticket, proven: Proven
) -> None:
    proven("answer", subject=f"AW: {SUBJECT}", at=LATER)
    file_for(mailbox)
    proven("more", at=LATER, subject="Noch etwas", in_reply_to="<answer@fabrikam.example>")
    more = filed(mailbox, "more")
    assert (more.ticket, how(more)) == (asked, None)


def test_split_off_it_takes_along_what_would_lead_others_back(
    mailbox: Mailbox, asked: Ticket, proven: Proven
) -> None:
    proven("answer", subject=f"AW: {SUBJECT}", at=LATER, in_reply_to="<unseen@elsewhere.example>")
    made = split(asked, [filed(mailbox, "answer").pk], by=factories.OperatorFactory())
    proven("more", at=LATER, subject="Noch etwas", in_reply_to="<answer@fabrikam.example>")
    proven("late", at=LATER, subject="Dasselbe", in_reply_to="<unseen@elsewhere.example>")
    assert filed(mailbox, "more").ticket == made
    assert filed(mailbox, "late").ticket != asked


def test_the_same_mail_again_is_skipped_as_ever(mailbox: Mailbox, asked: Ticket, proven: Proven) -> None:
    """F-23: after a restored backup, the walk finds it under another id."""
    proven("answer", subject=f"AW: {SUBJECT}", at=LATER)
    file_for(mailbox)
    proven("answer", subject=f"AW: {SUBJECT}", at=LATER)
    counts = file_for(mailbox)
    assert (counts.filed, counts.skipped) == (0, 1)


def test_filed_again_it_lands_where_it_was(mailbox: Mailbox, asked: Ticket, proven: Proven) -> None:
    row = proven("answer", subject=f"AW: {SUBJECT}", at=LATER)
    file_for(mailbox)
    (again,) = replay([InboundMessage.objects.get(pk=row.pk)])
    assert (again.ticket, Entry.objects.count()) == (asked.reference, 2)
    assert ThreadKey.objects.filter(ticket=asked).exists()


def statements(mailbox: Mailbox) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        file_for(mailbox)
    return [one["sql"] for one in captured if "SAVEPOINT" not in one["sql"]]


@pytest.mark.parametrize("many", [1, 20])
def test_it_costs_one_statement_for_all_mails_of_a_batch_and_none_when_off(
    mailbox: Mailbox, proven: Proven, many: int
) -> None:
    for number in range(many):
        proven(f"question-{number}", subject=f"{SUBJECT} {number}")
    file_for(mailbox)
    counts = []
    for is_on in (False, True):
        Mailbox.objects.update(joins_by_subject=is_on)
        mailbox.refresh_from_db()
        # Each names its ticket too, so that all but the look is alike.
        for number in range(many):
            proven(f"{is_on}-{number}", subject=f"AW: Ganz neu {is_on} {number}", at=LATER)
        counts.append(statements(mailbox))
    off, on = counts
    looks = [one for one in on if "tickets_ticket" in one and "LIKE" in one]
    assert (len(on) - len(off), len(looks)) == (1, 1)
    assert not [one for one in off if "tickets_ticket" in one and "LIKE" in one]


def test_ticket_and_ledger_say_how_it_came_there(mailbox: Mailbox, asked: Ticket, proven: Proven) -> None:
    row = proven("answer", subject=f"AW: {SUBJECT}", at=LATER)
    file_for(mailbox)
    client = signed_in(factories.OperatorFactory())
    ticket = client.get(reverse("admin:tickets_ticket_change", args=[asked.pk])).content.decode()
    story = client.get(reverse("admin:mailboxes_inboundmessage_change", args=[row.pk])).content.decode()
    assert "joined by subject" in ticket
    assert "joined by subject and sender, as the mailbox" in story
