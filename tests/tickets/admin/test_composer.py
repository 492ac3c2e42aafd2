"""The composer: a draft that is kept and is one's own, formatted answers, the quote, and what is told beforehand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from mailboxes.models import ExaminationResult, OutboundMessage
from mailboxes.outbound import room
from tests.factories import EntryFactory, MailboxFactory, MembershipFactory, TicketFactory
from tests.tenants.admin.conftest import Desk, signed_in
from tickets.models import AnswerDraft, Entry, Ticket


@pytest.fixture(autouse=True)
def _storage_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT, settings.RAW_FSYNC = tmp_path / "media", False


@pytest.fixture
def ticket(desk: Desk) -> Ticket:
    mailbox = MailboxFactory(tenant=desk.ours, outbound_transport="graph")
    made: Ticket = TicketFactory(tenant=desk.ours, mailbox=mailbox)
    EntryFactory(ticket=made, html='<p>It <b>burns</b>.<img src="https://track.example/x.png"></p>')
    return made


def door(row: Any, name: str) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{name}", args=[row.pk])


def fields(**changed: Any) -> dict[str, Any]:
    return {"answer": "Unplug it.", "to": "ada@fabrikam.example", "key": "one"} | changed


def page(user: Any, ticket: Ticket) -> str:
    return signed_in(user).get(door(ticket, "change")).content.decode()


def test_a_draft_is_there_again_when_the_page_is_opened_anew(desk: Desk, ticket: Ticket) -> None:
    told = signed_in(desk.agent).post(door(ticket, "draft"), fields(cc="bob@fabrikam.example"))
    assert told.json()["told"].startswith("Draft kept at")
    shown = page(desk.agent, ticket)
    assert "Unplug it.</textarea>" in shown
    assert 'value="bob@fabrikam.example"' in shown


def test_a_formatted_draft_is_kept_clean(desk: Desk, ticket: Ticket) -> None:
    html = '<p onclick="x()">Unplug <b>it</b><img src=x onerror=y></p>'
    signed_in(desk.agent).post(door(ticket, "draft"), fields(rich="1", html=html))
    assert AnswerDraft.objects.get().html == "<p>Unplug <b>it</b></p>"
    assert 'name="rich" value="1"' in page(desk.agent, ticket)


def test_a_colleague_sees_that_an_answer_was_begun_and_nothing_of_it(desk: Desk, ticket: Ticket) -> None:
    signed_in(desk.agent).post(door(ticket, "draft"), fields())
    colleague = MembershipFactory(tenant=desk.ours).user
    shown = page(colleague, ticket)
    assert f"{desk.agent.username} has begun an answer" in shown
    assert "Unplug it." not in shown


def test_a_draft_ends_when_the_answer_is_sent(desk: Desk, ticket: Ticket) -> None:
    client = signed_in(desk.agent)
    client.post(door(ticket, "draft"), fields())
    client.post(door(ticket, "answer"), fields())
    assert (AnswerDraft.objects.count(), OutboundMessage.objects.count()) == (0, 1)
    # The page that is left says its last word behind the answer.
    assert client.post(door(ticket, "draft"), fields()).json() == {"told": ""}
    assert not AnswerDraft.objects.exists()


@pytest.mark.parametrize("thrown_away", [{"discard": "1"}, {"answer": " "}])
def test_a_draft_can_be_thrown_away(desk: Desk, ticket: Ticket, thrown_away: dict[str, str]) -> None:
    client = signed_in(desk.agent)
    client.post(door(ticket, "draft"), fields())
    client.post(door(ticket, "draft"), fields(**thrown_away))
    assert not AnswerDraft.objects.exists()


def test_an_answer_that_is_taken_back_is_in_the_composer_again(desk: Desk, ticket: Ticket) -> None:
    client = signed_in(desk.agent)
    client.post(door(ticket, "answer"), fields(rich="1", html="<p>Unplug <b>it</b>.</p>"))
    client.post(door(OutboundMessage.objects.get(), "cancel"), {"ticket": "1"})
    draft = AnswerDraft.objects.get()
    assert (draft.text, draft.html, draft.to) == (
        "Unplug it.",
        "<p>Unplug <b>it</b>.</p>",
        "ada@fabrikam.example",
    )


def test_an_answer_may_be_the_last_of_its_ticket(desk: Desk, ticket: Ticket) -> None:
    client = signed_in(desk.agent)
    client.post(door(ticket, "answer"), fields(then="solved"))
    ticket.refresh_from_db()
    assert (ticket.status, ticket.closed_at is None) == ("solved", False)

    client.post(door(OutboundMessage.objects.get(), "cancel"), {"ticket": "1"})
    ticket.refresh_from_db()
    assert (ticket.status, ticket.closed_at is None) == ("open", True)


def test_an_answer_that_is_taken_back_leaves_another_that_was_begun(desk: Desk, ticket: Ticket) -> None:
    client = signed_in(desk.agent)
    client.post(door(ticket, "answer"), fields())
    client.post(door(ticket, "draft"), fields(answer="And plug it in again.", key="two"))
    row = OutboundMessage.objects.get()
    shown = client.post(door(row, "cancel"), {"ticket": "1"}, follow=True).content.decode()
    assert "You have begun another answer, which stays" in shown
    assert AnswerDraft.objects.get().text == "And plug it in again."


def test_an_answer_taken_back_twice_is_spoken_of_once(desk: Desk, ticket: Ticket) -> None:
    client = signed_in(desk.agent)
    client.post(door(ticket, "answer"), fields())
    row = OutboundMessage.objects.get()
    shown = [
        client.post(door(row, "cancel"), {"ticket": "1"}, follow=True).content.decode() for _ in range(2)
    ]
    assert ["was cancelled" in page for page in shown] == [True, False]
    assert not any("Too late" in page or "You have begun another" in page for page in shown)


def test_a_file_that_is_gone_from_the_draft_is_told_and_not_left_out(desk: Desk, ticket: Ticket) -> None:
    client = signed_in(desk.agent)
    client.post(door(ticket, "answer"), fields(kept="0" * 64))
    assert not OutboundMessage.objects.exists()
    assert "A file of this draft is no longer kept" in client.get(door(ticket, "change")).content.decode()


def test_whoever_is_named_in_full_is_offered_first(desk: Desk, ticket: Ticket) -> None:
    for name in ("bob", *(f"{number}-bob" for number in range(9))):
        TicketFactory(tenant=desk.ours, requester_email=f"{name}@navy.example", last_entry_at=timezone.now())
    found = signed_in(desk.agent).post(door(ticket, "people"), {"term": "bob@navy.example"}).json()["people"]
    assert (found[0]["email"], len(found)) == ("bob@navy.example", 8)


def test_the_second_of_two_clicks_sends_nothing_and_says_nothing_else(desk: Desk, ticket: Ticket) -> None:
    client = signed_in(desk.agent)
    client.post(door(ticket, "answer"), fields(files=SimpleUploadedFile("plan.txt", b"x")))
    client.post(door(OutboundMessage.objects.get(), "cancel"), {"ticket": "1"})
    kept = AnswerDraft.objects.get().files[0]["sha256"]
    for _click in range(2):
        client.post(door(ticket, "answer"), fields(key="two", kept=kept))
    shown = client.get(door(ticket, "change")).content.decode()
    assert "The answer leaves in" in shown
    assert "A file of this draft" not in shown
    assert (AnswerDraft.objects.count(), OutboundMessage.objects.count()) == (0, 2)


def test_everybody_begins_with_plain_text_and_keeps_his_way(desk: Desk, ticket: Ticket) -> None:
    client = signed_in(desk.agent)
    assert 'name="rich" value=""' in page(desk.agent, ticket)
    client.post(door(ticket, "answer"), fields(rich="1", html="<p>Unplug <b>it</b>.</p>"))
    assert 'name="rich" value="1"' in page(desk.agent, ticket)
    client.post(door(ticket, "answer"), fields(key="two"))
    assert 'name="rich" value=""' in page(desk.agent, ticket)
    assert list(OutboundMessage.objects.order_by("pk").values_list("html", flat=True)) == [
        "<p>Unplug <b>it</b>.</p>",
        "",
    ]


def test_the_quote_names_who_wrote_and_fetches_nothing(desk: Desk, ticket: Ticket) -> None:
    found = signed_in(desk.agent).post(door(ticket, "quote")).json()
    assert found["text"].splitlines()[0].endswith("Ada Byron wrote:")
    assert found["text"].endswith("> It burns.\n>\n> > Is it plugged in?")
    assert found["html"].endswith("<blockquote><p>It <b>burns</b>.</p></blockquote>")


def test_without_a_script_the_quote_is_added_on_sending_and_folded_on_the_page(
    desk: Desk, ticket: Ticket
) -> None:
    signed_in(desk.agent).post(door(ticket, "answer"), fields(with_quote="1"))
    row, entry = OutboundMessage.objects.get(), Entry.objects.get(kind="mail_out")
    assert row.text.startswith("Unplug it.\n\nOn ")
    assert row.text.endswith("> > Is it plugged in?")
    assert entry.new_text == "Unplug it."


def test_what_is_too_large_for_this_mailbox_is_told_before(desk: Desk, ticket: Ticket) -> None:
    assert "150" in page(desk.agent, ticket)
    ExaminationResult.objects.create(
        tenant=desk.ours,
        mailbox=ticket.mailbox,
        examined_at=timezone.now(),
        is_ok=False,
        checks=[{"id": "write", "status": "fail", "code": "ErrorAccessDenied"}],
    )
    assert "the app registration lacks Mail.ReadWrite" in page(desk.agent, ticket)


def test_whoever_may_only_read_or_is_a_stranger_keeps_no_draft(desk: Desk, ticket: Ticket) -> None:
    for user in (desk.viewer, desk.stranger):
        for name in ("draft", "quote"):
            assert signed_in(user).post(door(ticket, name), fields()).status_code == 404
    assert not AnswerDraft.objects.exists()


def test_over_smtp_less_is_taken_and_more_is_refused_at_once(
    desk: Desk, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "USUAL_BYTES", 10)
    type(ticket.mailbox)._base_manager.update(outbound_transport="smtp")
    file = SimpleUploadedFile("scan.pdf", b"x" * 11)
    form = {**fields(), "files": file}
    shown = signed_in(desk.agent).post(door(ticket, "answer"), form, follow=True).content.decode()
    assert "larger than one mail over SMTP may be" in shown
    assert "Unplug it.</textarea>" in shown
    assert not OutboundMessage.objects.exists()


def test_why_an_answer_was_refused_stands_beside_its_text_once(desk: Desk, ticket: Ticket) -> None:
    client = signed_in(desk.agent)
    form = {**fields(cc="nobody"), "files": SimpleUploadedFile("scan.pdf", b"x")}
    shown = client.post(door(ticket, "answer"), form, follow=True).content.decode()
    place = shown.index("data-trouble")
    assert shown.index("Unplug it.</textarea>") < place < shown.index("Send to the customer")
    assert all(words in shown[place:] for words in ("Not sent.", "not a mail address", "chosen again"))
    assert "data-trouble" not in client.get(door(ticket, "change")).content.decode()


def test_a_draft_is_shown_though_the_mailbox_sends_nothing_any_more(desk: Desk, ticket: Ticket) -> None:
    client = signed_in(desk.agent)
    client.post(door(ticket, "draft"), fields())
    type(ticket.mailbox)._base_manager.update(outbound_transport="none")
    shown = page(desk.agent, ticket)
    assert "No answer can be sent from here." in shown
    assert "Unplug it." in shown
