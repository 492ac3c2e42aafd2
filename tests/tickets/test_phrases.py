"""Footers: below every answer and acknowledgement, filled in, and no part of what somebody said."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from typing import cast

import pytest

from mailboxes.models import OutboundMessage
from mailboxes.outbound.compose import compose
from tests.factories import EntryFactory, MailboxFactory, TicketFactory, UserFactory
from tickets.models import Entry, Ticket
from tickets.phrases import Voice, values_of
from tickets.replies import Answer, reply

pytestmark = pytest.mark.django_db
FOOTER = "{agent_name}, {organisation}\n<{address}> · {reference} · {queue}"


@pytest.fixture
def ticket() -> Ticket:
    box = MailboxFactory(
        tenant__name="Contoso",
        address="help@contoso.example",
        outbound_transport="graph",
        queue__name="Support",
    )
    made: Ticket = TicketFactory(tenant=box.tenant, mailbox=box, queue=box.queue)
    EntryFactory(ticket=made)
    return made


def footer_on(ticket: Ticket, template: str = FOOTER) -> None:
    assert ticket.mailbox is not None
    ticket.mailbox.outbound_footer = template
    ticket.mailbox.save()


def sent(row: OutboundMessage) -> EmailMessage:
    parsed = email.message_from_bytes(
        compose(row, max_mime_bytes=2_900_000, shows_bcc=True).mime, policy=email.policy.default
    )
    return cast(EmailMessage, parsed)


def content(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_answer_carries_the_footer_and_the_ticket_does_not(ticket: Ticket) -> None:
    footer_on(ticket)
    helen = UserFactory(first_name="Helen", last_name="Helper")
    row = reply(ticket, Answer(text="Unplug it.\n"), by=helen)
    footer = f"Helen Helper, Contoso\n<help@contoso.example> · {ticket.reference} · Support"
    assert content(sent(row), "plain") == f"Unplug it.\n\n-- \n{footer}\n"
    assert Entry.objects.get(kind=Entry.Kind.MAIL_OUT).text.strip() == "Unplug it."


def test_nameless_agent_answers_in_the_name_of_the_queue(ticket: Ticket) -> None:
    footer_on(ticket, "{agent_name}")
    assert reply(ticket, Answer(text="Unplug it."), by=None).footer == "Support"


def test_formatted_answer_has_the_footer_in_both_parts_and_no_markup_of_it(ticket: Ticket) -> None:
    """S-118: footer HTML of a hostile administrator is text."""
    footer_on(ticket, "<script>alert(1)</script>\nsecond & last")
    mail = sent(reply(ticket, Answer(text="", html="<p>Unplug <b>it</b>.</p>"), by=None))
    assert "-- \n<script>alert(1)</script>\nsecond & last" in content(mail, "plain")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;<br>second &amp; last</div></body>" in content(mail, "html")


def test_without_a_footer_the_mail_ends_with_the_answer(ticket: Ticket) -> None:
    footer_on(ticket, "  \n")
    row = reply(ticket, Answer(text="Unplug it."), by=None)
    assert (row.footer, content(sent(row), "plain")) == ("", "Unplug it.\n")


def test_words_of_an_unproven_sender_are_left_out(ticket: Ticket) -> None:
    values = values_of(ticket, Voice(name="", address="help@contoso.example", is_to_proven=False))
    assert (values["subject"], values["requester_name"]) == ("", "ada@fabrikam.example")
