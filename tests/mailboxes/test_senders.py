"""The address a mail leaves from, and where answers to it go."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from mailboxes.guide import guide_of_mailbox
from mailboxes.models import Sender
from mailboxes.outbound import senders
from tenants.setup.guide import State
from tests.factories import MailboxFactory, OperatorFactory
from tests.tenants.admin.conftest import signed_in

pytestmark = pytest.mark.django_db


def mailbox_with(**values: str):  # type: ignore[no-untyped-def]
    chosen = {"outbound_transport": "graph", "outbound_from": "desk@contoso.example", **values}
    return MailboxFactory(address="help@contoso.example", aliases="sales@contoso.example", **chosen)


@pytest.mark.parametrize(
    ("values", "trustee"),
    [
        ({}, "(Get-ServicePrincipal -Identity '{client_id}').ObjectId"),
        ({"sign_in": "authorization_code", "signed_in_user": "svc@contoso.example"}, "'svc@contoso.example'"),
        ({"sign_in": "authorization_code"}, "'help@contoso.example'"),
        # A user left over from before the application sent by itself.
        (
            {"signed_in_user": "old@contoso.example"},
            "(Get-ServicePrincipal -Identity '{client_id}').ObjectId",
        ),
        (
            {"outbound_sign_in": "password", "outbound_signed_in_user": "out@contoso.example"},
            "'out@contoso.example'",
        ),
    ],
)
def test_command_names_who_really_sends(values: dict[str, str], trustee: str) -> None:
    mailbox = mailbox_with(**values)
    named = trustee.format(client_id=mailbox.registration.client_id)
    assert f"-Trustee {named} -AccessRights" in senders.command_for(mailbox, "desk@contoso.example")


@pytest.mark.parametrize(
    ("written_to", "sender"),
    [
        (["Help@Contoso.example"], "help@contoso.example"),
        (["someone@else.example", "sales@contoso.example"], "sales@contoso.example"),
        (["help+billing@contoso.example"], "help@contoso.example"),
        (["someone@else.example"], "desk@contoso.example"),
        ([], "desk@contoso.example"),
    ],
)
def test_answer_leaves_from_the_address_the_customer_wrote_to(written_to: list[str], sender: str) -> None:
    assert senders.sender_for(mailbox_with(), written_to=written_to) == sender


def test_address_that_exchange_refused_is_not_used_again() -> None:
    mailbox = mailbox_with()
    senders.note_refused(mailbox, "sales@contoso.example")
    assert senders.sender_for(mailbox, written_to=["sales@contoso.example"]) == "desk@contoso.example"
    senders.note_taken(mailbox, "sales@contoso.example")
    assert senders.sender_for(mailbox, written_to=["sales@contoso.example"]) == "sales@contoso.example"


def test_address_of_another_mailbox_is_never_used_whoever_it_belongs_to() -> None:
    mailbox = mailbox_with()
    MailboxFactory(address="sales@contoso.example")
    assert senders.sender_for(mailbox, written_to=["sales@contoso.example"]) == "desk@contoso.example"


def test_reply_address_stands_in_the_mail_only_where_it_differs_from_the_sender() -> None:
    mailbox = mailbox_with(reply_to="desk@contoso.example")
    assert senders.marks_of(mailbox, sender="help@contoso.example") == {"Reply-To": "desk@contoso.example"}
    assert senders.marks_of(mailbox, sender="Desk@contoso.example") == {}


def test_reply_address_that_nobody_reads_is_named() -> None:
    """S0-30."""
    mailbox = mailbox_with(reply_to="other@contoso.example")
    assert senders.unread_answers(mailbox) == ["other@contoso.example"]
    MailboxFactory(tenant=mailbox.tenant, address="box@contoso.example", aliases="other@contoso.example")
    assert senders.unread_answers(mailbox) == []


def test_mailbox_of_another_tenant_reads_nobodys_answers() -> None:
    mailbox = mailbox_with(reply_to="other@contoso.example")
    MailboxFactory(address="other@contoso.example")
    assert senders.unread_answers(mailbox) == ["other@contoso.example"]


@pytest.mark.parametrize(
    ("language", "warning"), [("de", "Kein Postfach hier liest, was"), ("en", "No mailbox here reads what")]
)
def test_saving_warns_of_answers_that_open_no_ticket(language: str, warning: str) -> None:
    mailbox = mailbox_with(outbound_from="", is_active=False)
    page = reverse("admin:mailboxes_mailbox_change", args=[mailbox.pk])
    client = signed_in(OperatorFactory())
    form = client.get(page).context["adminform"].form
    sent = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    sent |= {"reply_to": "Nobody@contoso.example", "aliases": "A@contoso.example, b@contoso.example"}
    sent = {name: value for name, value in sent.items() if value is not False}
    answer = client.post(page, sent, follow=True, headers={"accept-language": language})
    mailbox.refresh_from_db()
    assert (mailbox.reply_to, mailbox.aliases) == (
        "nobody@contoso.example",
        "a@contoso.example\nb@contoso.example",
    )
    assert warning in answer.content.decode()


def test_guide_says_whether_answers_come_back() -> None:
    mailbox = mailbox_with(outbound_from="", reply_to="elsewhere@contoso.example")
    (step,) = [one for one in guide_of_mailbox(mailbox) if "come back" in one.title]
    assert step.state is State.OPEN


@pytest.mark.parametrize(("moment", "state"), [("proved_at", State.DONE), ("refused_at", State.OPEN)])
def test_guide_knows_what_exchange_has_shown_about_the_sender(moment: str, state: State) -> None:
    mailbox = mailbox_with()
    Sender.objects.create(
        tenant=mailbox.tenant, mailbox=mailbox, address="desk@contoso.example", **{moment: timezone.now()}
    )
    (step,) = [one for one in guide_of_mailbox(mailbox) if "another address" in one.title]
    assert step.state is state
