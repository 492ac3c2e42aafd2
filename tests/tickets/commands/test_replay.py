"""replay: a mail is filed again, out of quarantine or off a wrong ticket, beside workers and as often as one likes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from mailboxes import storage
from mailboxes.models import InboundMessage, Mailbox
from tests.factories import EntryFactory, InboundMessageFactory, MailboxFactory, UserFactory, mail
from tickets.filing import file_for
from tickets.models import Attachment, Entry, ThreadKey, Ticket
from tickets.replaying import replay

pytestmark = pytest.mark.django_db

Answer = Callable[..., dict[str, Any]]
ROOT, REPLY = "<root@fabrikam.example>", "<reply@fabrikam.example>"


@pytest.fixture
def mailbox() -> Mailbox:
    made: Mailbox = MailboxFactory()
    return made


def receive(mailbox: Mailbox, message_id: str = ROOT, **values: Any) -> InboundMessage:
    headers = {
        key: values.pop(key) for key in ("in_reply_to", "subject", "received", "text") if key in values
    }
    raw = mail(message_id=message_id, **headers)
    row: InboundMessage = InboundMessageFactory(mailbox=mailbox, message_id=message_id, raw=raw, **values)
    return row


def filed(mailbox: Mailbox, message_id: str = ROOT, **values: Any) -> InboundMessage:
    row = receive(mailbox, message_id, **values)
    file_for(mailbox)
    row.refresh_from_db()
    assert row.state == "filed"
    return row


def test_quarantined_mail_becomes_a_ticket(answer: Answer, mailbox: Mailbox) -> None:
    row = receive(
        mailbox, state="quarantined", tries=3, reason="it failed", error={"code": "x"}, traceback="…"
    )
    told = answer("replay", str(row.pk))
    row.refresh_from_db()
    ticket = row.entry.ticket.reference
    filed_anew = {"id": row.pk, "state": "filed", "reason": "", "ticket": ticket, "error": None}
    assert told == {"ok": True, "mails": [filed_anew], "errors": [], "exit": 0}
    assert (row.error, row.traceback) == (None, "")


def test_mail_alone_on_its_ticket_takes_the_ticket_with_it(answer: Answer, mailbox: Mailbox) -> None:
    row = filed(mailbox)
    before = Ticket.objects.get()
    answer("replay", str(row.pk))
    assert Ticket.objects.get().pk != before.pk
    assert Entry.objects.get().inbound == row


def test_replayed_twice_it_is_on_one_ticket_once(answer: Answer, mailbox: Mailbox) -> None:
    row = filed(mailbox)
    for _time in range(2):
        assert answer("replay", str(row.pk))["ok"] is True
    assert (Ticket.objects.count(), Entry.objects.count()) == (1, 1)


def test_reply_goes_back_to_the_ticket_of_the_mail_it_answers(answer: Answer, mailbox: Mailbox) -> None:
    root, reply = filed(mailbox), filed(mailbox, REPLY, in_reply_to=ROOT)
    ticket = root.entry.ticket
    answer("replay", str(reply.pk))
    ticket.refresh_from_db()
    assert Entry.objects.get(inbound=reply).ticket == ticket
    assert ticket.entry_count == 2


def test_root_goes_back_to_the_ticket_its_replies_are_on(answer: Answer, mailbox: Mailbox) -> None:
    root, reply = filed(mailbox), filed(mailbox, REPLY, in_reply_to=ROOT)
    answer("replay", str(root.pk))
    assert Entry.objects.get(inbound=root).ticket == Entry.objects.get(inbound=reply).ticket
    assert Ticket.objects.count() == 1


def test_mail_that_nothing_ties_to_its_ticket_leaves_it(answer: Answer, mailbox: Mailbox) -> None:
    ticket = filed(mailbox).entry.ticket
    stranger = filed(
        mailbox, "<stranger@fabrikam.example>", subject=f"[#{ticket.reference}] Toner", text="Toner."
    )
    assert stranger.entry.ticket == ticket
    # What the tag was trusted for is taken back: the participant it went by is gone.
    Entry.objects.filter(ticket=ticket).update(from_email="bob@fabrikam.example")
    Ticket.objects.update(requester_email="bob@fabrikam.example")
    answer("replay", str(stranger.pk))
    ticket.refresh_from_db()
    assert Entry.objects.get(inbound=stranger).ticket != ticket
    assert ticket.entry_count == 1


def test_nobody_waits_any_more_where_the_mail_that_did_has_left(answer: Answer, mailbox: Mailbox) -> None:
    """The answer before it is the last word again, whatever was noted since."""
    root, reply = filed(mailbox), filed(mailbox, REPLY, in_reply_to=ROOT)
    ticket, said_at = root.entry.ticket, reply.received_at - timedelta(seconds=1)
    Entry.objects.filter(inbound=root).update(happened_at=said_at - timedelta(hours=1))
    EntryFactory(ticket=ticket, kind=Entry.Kind.MAIL_OUT, message_id="<a@b>", happened_at=said_at)
    EntryFactory(ticket=ticket, kind=Entry.Kind.NOTE, message_id="", happened_at=timezone.now())
    ThreadKey.objects.all().delete()
    storage.full_path(reply.raw_path).write_bytes(mail(subject="Another matter", message_id=REPLY))
    answer("replay", str(reply.pk))
    ticket.refresh_from_db()
    assert Entry.objects.get(inbound=reply).ticket != ticket
    assert (ticket.waits_since_at, ticket.last_entry_by, ticket.last_entry_at) == (None, "staff", said_at)


def test_note_keeps_the_ticket_of_a_replayed_mail(answer: Answer, mailbox: Mailbox) -> None:
    row = filed(mailbox)
    ticket = row.entry.ticket
    EntryFactory(ticket=ticket, kind=Entry.Kind.NOTE, message_id="")
    answer("replay", str(row.pk))
    ticket.refresh_from_db()
    assert ticket.entries.get().kind == "note"
    assert (ticket.last_entry_by, Ticket.objects.count()) == ("staff", 2)


def test_mail_a_worker_holds_is_left_to_it(answer: Answer, mailbox: Mailbox) -> None:
    until = timezone.now() + timedelta(seconds=60)
    row = receive(mailbox, tries=1, claimed_until=until)
    told = answer("replay", str(row.pk))
    assert (told["exit"], told["errors"][0]["path"], told["errors"][0]["code"]) == (1, "ids[0]", "mail_busy")
    assert InboundMessage.objects.get(pk=row.pk).claimed_until == until


def test_mail_of_a_dead_worker_is_taken_over(answer: Answer, mailbox: Mailbox) -> None:
    past = timezone.now() - timedelta(seconds=1)
    row = receive(mailbox, tries=1, claimed_until=past, retry_at=past + timedelta(hours=1))
    assert answer("replay", str(row.pk))["mails"][0]["state"] == "filed"


def test_mail_that_was_gone_before_it_was_fetched_cannot_be_replayed(
    answer: Answer, mailbox: Mailbox
) -> None:
    row = InboundMessageFactory(mailbox=mailbox, state="gone")
    told = answer("replay", str(row.pk))
    assert (told["exit"], told["errors"][0]["code"]) == (1, "mail_gone")
    assert InboundMessage.objects.get().state == "gone"


def test_unknown_id_is_named_and_the_others_are_filed(answer: Answer, mailbox: Mailbox) -> None:
    row = receive(mailbox, state="quarantined")
    told = answer("replay", str(row.pk), "999999")
    assert [(one["path"], one["code"]) for one in told["errors"]] == [("ids[1]", "mail_missing")]
    assert told["mails"][0]["state"] == "filed"


def test_mail_never_handed_over_is_asked_for_at_the_next_sync(answer: Answer, mailbox: Mailbox) -> None:
    Mailbox.objects.update(is_settled=True, next_sync_at=timezone.now() + timedelta(hours=1))
    row = InboundMessageFactory(mailbox=mailbox, state="quarantined", tries=5, reason="not handed over")
    assert answer("replay", str(row.pk))["mails"][0]["state"] == "received"
    mailbox.refresh_from_db()
    assert mailbox.is_settled is False
    assert InboundMessage.objects.waiting_for_download(timezone.now()).get() == row


def test_mail_that_cannot_be_read_is_quarantined_again_and_fails(answer: Answer, mailbox: Mailbox) -> None:
    row = InboundMessageFactory(mailbox=mailbox, state="quarantined", raw=b"\x00\x01\x02")
    told = answer("replay", str(row.pk))
    assert (told["exit"], told["mails"][0]["state"], told["errors"][0]["code"]) == (
        1,
        "quarantined",
        "unparseable",
    )


def test_mail_suspended_for_a_reason_is_suspended_again_and_says_so(answer: Answer, mailbox: Mailbox) -> None:
    looping = InboundMessageFactory(
        mailbox=mailbox,
        state="suspended",
        raw=mail(sender=mailbox.address, message_id="<own@contoso.example>"),
    )
    told = answer("replay", str(looping.pk))["mails"][0]
    assert (told["state"], told["ticket"]) == ("suspended", None)
    assert told["reason"].startswith("self:")


def test_bytes_and_files_survive(mailbox: Mailbox) -> None:
    row = filed(mailbox)
    [outcome] = replay([row], by=UserFactory())
    row.refresh_from_db()
    assert (outcome.has_failed, outcome.ticket) == (False, row.entry.ticket.reference)
    assert row.raw_path
    assert not Attachment.objects.exists()


def test_words_for_people_hold_no_mail_text(mailbox: Mailbox, capsys: pytest.CaptureFixture[str]) -> None:
    """S-17."""
    from django.core.management import call_command

    row = receive(mailbox, state="quarantined", text="my secret diagnosis")
    call_command("replay", str(row.pk))
    told = "".join(capsys.readouterr())
    assert f"Mail {row.pk}: filed on " in told
    assert "my secret diagnosis" not in told
