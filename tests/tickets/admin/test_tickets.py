"""The ticket pages: what they show, to whom, and that nothing of a mail acts in them."""

from typing import Any

import pytest
from django.urls import reverse

from tests.factories import AttachmentFactory, EntryFactory, QueueFactory, TicketFactory
from tests.tenants.admin.conftest import Desk, signed_in
from tickets.looks import look
from tickets.models import Attachment, Entry, Ticket

LIST = "admin:tickets_ticket_changelist"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
SCRIPT = "<script>alert('x')</script>"


def url_of(ticket: Ticket) -> str:
    return reverse("admin:tickets_ticket_change", args=[ticket.pk])


def test_an_agent_lists_and_opens_tickets_of_his_tenants_only(desk: Desk) -> None:
    own, foreign = TicketFactory(tenant=desk.ours), TicketFactory(tenant=desk.theirs)
    client = signed_in(desk.agent)

    page = client.get(reverse(LIST)).content.decode()
    assert own.reference in page
    assert foreign.reference not in page
    assert client.get(url_of(own)).status_code == 200
    assert client.get(url_of(foreign)).status_code == 302


def test_the_list_takes_a_constant_number_of_queries(desk: Desk, django_assert_max_num_queries: Any) -> None:
    for _number in range(30):
        TicketFactory(tenant=desk.ours)
    client = signed_in(desk.operator)

    with django_assert_max_num_queries(19):
        client.get(reverse(LIST))


def test_one_ticket_takes_a_constant_number_of_queries(
    desk: Desk, django_assert_max_num_queries: Any
) -> None:
    ticket = TicketFactory(tenant=desk.ours)
    for _number in range(30):
        AttachmentFactory(entry=EntryFactory(ticket=ticket))
    client = signed_in(desk.agent)

    with django_assert_max_num_queries(30):
        client.get(url_of(ticket))


@pytest.mark.parametrize("page", ["list", "ticket", "history"])
def test_markup_in_a_mail_is_shown_and_never_meant(desk: Desk, page: str) -> None:
    """S-82."""
    ticket = TicketFactory(tenant=desk.ours, subject=SCRIPT, requester_name=SCRIPT)
    entry = EntryFactory(
        ticket=ticket, from_name=SCRIPT, text=SCRIPT, new_text="", reason=SCRIPT, auto_reply=True
    )
    AttachmentFactory(entry=entry, name=SCRIPT, content_type=SCRIPT)
    urls = {
        "list": reverse(LIST),
        "ticket": url_of(ticket),
        "history": reverse("admin:tickets_ticket_history", args=[ticket.pk]),
    }

    shown = signed_in(desk.agent).get(urls[page]).content.decode()
    assert SCRIPT not in shown
    assert "&lt;script&gt;" in shown


def test_the_quoted_tail_is_folded_behind_the_new_text(desk: Desk) -> None:
    entry = EntryFactory(
        ticket__tenant=desk.ours, text="It burns.\n\n> Is it plugged in?", new_text="It burns."
    )
    page = signed_in(desk.viewer).get(url_of(entry.ticket)).content.decode()

    before, _details, after = page.partition('<details class="desk-tail">')
    assert "It burns." in before
    assert "plugged in?" in after
    assert "plugged in?" not in before


def test_marks_of_pictures_in_a_text_are_not_shown_and_a_mail_of_nothing_else_opens_as_html(
    desk: Desk,
) -> None:
    text = "[cid:image001.png@01DA.F1CD]"
    entry = EntryFactory(ticket__tenant=desk.ours, text=text, new_text="", html="<p><img></p>")
    page = signed_in(desk.viewer).get(url_of(entry.ticket)).content.decode()

    assert "[cid:" not in page
    assert '<details class="desk-html" open>' in page


def test_white_space_behind_the_new_text_is_nothing_to_unfold(desk: Desk) -> None:
    entry = EntryFactory(ticket__tenant=desk.ours, text="It burns. \n \n", new_text="It burns.")
    assert "desk-tail" not in signed_in(desk.viewer).get(url_of(entry.ticket)).content.decode()


def test_html_of_a_mail_is_framed_under_a_policy_of_its_own(desk: Desk) -> None:
    """S-83."""
    entry = EntryFactory(ticket__tenant=desk.ours, html="<p>Hello</p>")
    answer = signed_in(desk.agent).get(reverse("tickets:entry_html", args=[entry.pk]))

    policy = answer.headers["Content-Security-Policy"]
    assert {"default-src 'none'", "form-action 'none'", "base-uri 'none'"} <= set(policy.split("; "))
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert b"<p>Hello</p>" in answer.content


def test_the_mails_own_pictures_stand_in_its_html_and_no_other_address_does(desk: Desk) -> None:
    entry = EntryFactory(ticket__tenant=desk.ours, html='<img src="cid:a"><img src="cid:b"><img src="cid:c">')
    AttachmentFactory(entry=entry, content=PNG, content_id="a")
    AttachmentFactory(entry=entry, content=b"<svg onload=x>", content_id="b", content_type="image/png")
    page = signed_in(desk.agent).get(reverse("tickets:entry_html", args=[entry.pk])).content.decode()

    assert page.count('src="data:image/png;base64,') == 1
    assert page.count('src=""') == 2


@pytest.mark.parametrize("door", ["entry_html", "attachment", "preview"])
def test_files_of_a_foreign_ticket_answer_like_missing_ones(desk: Desk, door: str) -> None:
    """S-10, S-88."""
    file = AttachmentFactory(entry__ticket__tenant=desk.theirs, content=PNG)
    foreign = file.entry_id if door == "entry_html" else file.pk
    client = signed_in(desk.admin)
    answers = [client.get(reverse(f"tickets:{door}", args=[pk])) for pk in (foreign, 987654)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert signed_in(desk.stranger).get(reverse(f"tickets:{door}", args=[foreign])).status_code == 200


@pytest.mark.parametrize("name", ["a.svg", "a.html", 'x".exe', "grüße 文件.pdf"])
def test_attachments_are_saved_and_never_opened(desk: Desk, name: str) -> None:
    """S-86."""
    file = AttachmentFactory(entry__ticket__tenant=desk.ours, name=name, content_type="text/html")
    answer = signed_in(desk.viewer).get(reverse("tickets:attachment", args=[file.pk]))

    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_only_what_is_a_picture_by_its_bytes_is_previewed(desk: Desk) -> None:
    entry = EntryFactory(ticket__tenant=desk.ours)
    picture = AttachmentFactory(entry=entry, content=PNG)
    liar = AttachmentFactory(entry=entry, content=b"<svg/>", content_type="image/png", name="a.png")
    client = signed_in(desk.viewer)

    assert client.get(reverse("tickets:preview", args=[picture.pk])).headers["Content-Type"] == "image/png"
    assert client.get(reverse("tickets:preview", args=[liar.pk])).status_code == 404


def test_a_note_joins_the_conversation_and_is_no_word_to_the_customer(desk: Desk) -> None:
    ticket = TicketFactory(tenant=desk.ours)
    signed_in(desk.agent).post(reverse("admin:tickets_ticket_note", args=[ticket.pk]), {"text": "Call him."})

    note = ticket.entries.get()
    before = ticket.last_entry_at
    ticket.refresh_from_db()
    assert (note.kind, note.text, note.tenant) == (Entry.Kind.NOTE, "Call him.", desk.ours)
    assert (ticket.entry_count, ticket.last_entry_at) == (1, before)


@pytest.mark.parametrize(("who", "whose"), [("viewer", "ours"), ("agent", "theirs")])
def test_notes_are_written_by_agents_of_the_tenant_only(desk: Desk, who: str, whose: str) -> None:
    ticket = TicketFactory(tenant=getattr(desk, whose))
    url = reverse("admin:tickets_ticket_note", args=[ticket.pk])

    assert signed_in(getattr(desk, who)).post(url, {"text": "x"}).status_code == 404
    assert not ticket.entries.exists()


@pytest.mark.parametrize("door", ["note", "answer", "draft", "merge", "watch"])
def test_a_browser_whose_form_met_the_sign_in_is_led_to_the_ticket_and_told(desk: Desk, door: str) -> None:
    ticket, client = TicketFactory(tenant=desk.ours), signed_in(desk.agent)
    address = reverse(f"admin:tickets_ticket_{door}", args=[ticket.pk])
    shown = client.get(address, follow=True, headers={"accept": "text/html"})

    assert client.get(address).status_code == 405
    assert shown.redirect_chain[-1][0].endswith(f"/{ticket.pk}/change/")
    assert "If you pressed one and had to sign in first" in shown.text
    assert ticket.entries.count() == 0


def test_one_entry_is_shown_without_the_page_around_it(desk: Desk) -> None:
    entry, other = (EntryFactory(ticket__tenant=tenant) for tenant in (desk.ours, desk.theirs))
    client, address = signed_in(desk.agent), reverse("admin:tickets_ticket_entry", args=[entry.ticket_id])
    shown = client.get(address, {"entry": entry.pk}).text

    assert f'id="entry-{entry.pk}"' in shown
    assert "<body" not in shown
    assert client.get(address, {"entry": other.pk}).content == b""


def test_an_agent_sets_status_and_queue_and_touches_nothing_else(desk: Desk) -> None:
    ticket, queue = TicketFactory(tenant=desk.ours), QueueFactory(tenant=desk.ours)
    form = {"status": "solved", "queue": queue.pk, "_continue": "1"}
    signed_in(desk.agent).post(url_of(ticket), form)

    before = ticket.subject
    ticket.refresh_from_db()
    assert (ticket.status, ticket.queue, ticket.subject) == ("solved", queue, before)


def test_a_foreign_queue_is_neither_offered_nor_taken(desk: Desk) -> None:
    """S-04."""
    ticket, foreign = TicketFactory(tenant=desk.ours), QueueFactory(tenant=desk.theirs, name="Hidden queue")
    client = signed_in(desk.agent)
    client.post(url_of(ticket), {"status": "open", "queue": foreign.pk, "_continue": "1"})

    before = ticket.queue
    ticket.refresh_from_db()
    assert ticket.queue == before
    assert "Hidden queue" not in client.get(url_of(ticket)).content.decode()


def test_a_viewer_reads_and_changes_nothing(desk: Desk) -> None:
    ticket = TicketFactory(tenant=desk.ours)
    client = signed_in(desk.viewer)
    client.post(url_of(ticket), {"status": "closed", "queue": ticket.queue_id})

    ticket.refresh_from_db()
    assert ticket.status == "new"
    assert client.get(url_of(ticket)).status_code == 200


def test_an_empty_list_says_what_to_do(desk: Desk) -> None:
    client = signed_in(desk.agent)

    assert "look at Mailboxes" in client.get(reverse(LIST)).content.decode()
    assert "Nothing matches" in client.get(f"{reverse(LIST)}?q=nothing").content.decode()


@pytest.mark.parametrize(
    ("size_bytes", "text", "is_listed"),
    [(90_000, "See below.", True), (900, "See.", False), (90_000, "", False)],
)
def test_screenshot_inside_the_html_is_shown_below_the_text_that_hides_it(
    desk: Desk, size_bytes: int, text: str, is_listed: bool
) -> None:
    entry = EntryFactory(
        ticket=TicketFactory(tenant=desk.ours), text=text, new_text=text, html="<p>See below.</p>"
    )
    file = AttachmentFactory(entry=entry, name="image001.png", content_type="image/png", is_inline=True)
    file.size_bytes = size_bytes
    file.save()
    page = signed_in(desk.agent).get(url_of(entry.ticket)).content.decode()
    assert (reverse("tickets:preview", args=[file.pk]) in page) is is_listed


@pytest.mark.parametrize(
    ("seen", "told"), [(0, "7 entries in between"), (12, "7 entries in between"), (6, "5 entries in between")]
)
def test_a_long_conversation_folds_its_middle_and_never_what_is_unread(
    desk: Desk, seen: int, told: str
) -> None:
    ticket = TicketFactory(tenant=desk.ours, entry_count=12)
    for _number in range(12):
        EntryFactory(ticket=ticket)
    if seen:
        look(ticket, by=desk.agent, seen=seen, is_answering=False)
    page = signed_in(desk.agent).get(url_of(ticket)).content.decode()

    assert told in page
    assert page.count('class="desk-dot"') == (12 - seen if seen else 0)
    assert "in between" not in signed_in(desk.agent).get(url_of(ticket) + "?all=1").content.decode()


def test_all_recipients_of_a_mail_to_many_are_at_hand(desk: Desk) -> None:
    people = [{"name": f"Person {number}", "email": f"p{number}@fabrikam.example"} for number in range(9)]
    entry = EntryFactory(ticket__tenant=desk.ours, to=people, cc=people[:1])
    page = signed_in(desk.viewer).get(url_of(entry.ticket)).content.decode()

    assert '<summary class="desk-link">+5</summary>' in page
    assert "Person 8" in page.partition('class="desk-rest"')[2]


def test_a_short_conversation_is_not_folded(desk: Desk) -> None:
    ticket = TicketFactory(tenant=desk.ours, entry_count=8)
    for _number in range(8):
        EntryFactory(ticket=ticket)
    assert "in between" not in signed_in(desk.agent).get(url_of(ticket)).content.decode()


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.pdf", "PDF"), ("تقرير.docx", "DOCX"), ("README", "text/plain"), ("a.longending", "text/plain")],
)
def test_a_file_is_called_by_its_ending(name: str, kind: str) -> None:
    assert Attachment(name=name, content_type="text/plain").kind == kind


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("setup.exe", "A program: it runs when it is opened."),
        ("Update.JS", "A program: it runs when it is opened."),
        ("invoice.pdf.exe", "A program that poses as a document."),
        ("invoice.pdf      .scr", "A program that poses as a document."),
        ("photo.jpg.lnk", "A program that poses as a document."),
        ("scan.iso", "A disk image"),
        ("prices.xlsm", "A document with macros"),
    ],
)
def test_a_file_that_can_do_harm_says_so(desk: Desk, name: str, words: str) -> None:
    """MT-119, MT-128"""
    entry = EntryFactory(ticket=TicketFactory(tenant=desk.ours))
    AttachmentFactory(entry=entry, name=name)
    page = signed_in(desk.viewer).get(url_of(entry.ticket)).content.decode()
    assert words in page.partition(f'title="{name}"')[2]


@pytest.mark.parametrize("name", ["a.pdf", "exe", ".exe", "v1.docx", "notes on x.exe.txt", "a.pdf.zip"])
def test_a_file_that_does_none_is_not_warned_of(desk: Desk, name: str) -> None:
    entry = EntryFactory(ticket=TicketFactory(tenant=desk.ours))
    AttachmentFactory(entry=entry, name=name)
    assert "desk-danger" not in signed_in(desk.viewer).get(url_of(entry.ticket)).content.decode()


def test_what_one_writes_oneself_is_not_unread_where_all_else_was_read(desk: Desk) -> None:
    ticket = TicketFactory(tenant=desk.ours, entry_count=3)
    for person, seen in ((desk.agent, 3), (desk.viewer, 3)):
        look(ticket, by=person, seen=seen, is_answering=False)
    signed_in(desk.agent).post(reverse("admin:tickets_ticket_note", args=[ticket.pk]), {"text": "Mine."})
    seen_by = dict(ticket.looks.values_list("user__username", "entries_seen"))

    assert seen_by == {desk.agent.username: 4, desk.viewer.username: 3}


def test_a_search_within_a_view_that_finds_nothing_offers_to_search_everything(desk: Desk) -> None:
    page = signed_in(desk.agent).get(f"{reverse(LIST)}?status__in=new&q=a+b").content.decode()
    assert 'href="?q=a%20b"' in page


def test_a_ticket_nobody_has_touched_says_so_in_its_history(desk: Desk) -> None:
    ticket = TicketFactory(tenant=desk.ours)
    page = signed_in(desk.agent).get(reverse("admin:tickets_ticket_history", args=[ticket.pk]))
    assert "Nobody has changed anything here by hand yet." in page.content.decode()
