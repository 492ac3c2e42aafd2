"""Mail is sent by another sign-in than it is read by: authorised, kept and used apart. S0-13, S0-24, S0-25, S1-3."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from mailboxes import tokens
from mailboxes.models import MailboxSignIn, MailboxToken
from mailboxes.sides import SendingSide, sends_apart
from tests import factories
from tests.journeys.customer import Control
from tests.journeys.outgoing import answer, departed, send, state, ticket_of
from tests.journeys.person import PASSWORD, Connect, Person, connect_person
from tests.mail_servers.submission import Submission

pytestmark = [pytest.mark.journey, pytest.mark.django_db]


@pytest.fixture
def connect(control: Control, db: None, exchange: Submission) -> Connect:
    control("browser", {})
    return lambda **values: connect_person(control, **values)


def two(connect: Connect, transport: str = "smtp", **values: Any) -> Person:
    """A mailbox its own account reads, and Anna sends from."""
    person = connect(**values)
    person.customer.change(outbound_signed_in_user=person.named("anna"), outbound_transport=transport)
    return person


def ask(person: Person) -> Any:
    transport = person.mailbox.outbound_transport
    ticket = ticket_of(person.customer)
    person.customer.change(outbound_transport=transport)
    return answer(ticket)


def kept(person: Person) -> dict[str, str]:
    rows = MailboxSignIn.objects.filter(mailbox=person.mailbox).exclude(account="")
    return dict(rows.values_list("direction", "account"))


def test_each_side_is_signed_in_to_by_its_own_person(connect: Connect) -> None:
    """S0-25"""
    person = two(connect)
    person.sign_in()
    page = person.sign_in(person.named("anna"), side="out")
    assert kept(person) == {"in": person.mailbox.address, "out": person.named("anna")}
    assert "Sign-in for sending" in page
    resources = MailboxToken.objects.values_list("sign_in__direction", "resource")
    assert set(resources) == {("in", "graph"), ("out", "graph"), ("out", "exchange")}


def test_mail_leaves_by_the_sign_in_for_sending(connect: Connect, submission: Submission) -> None:
    person = two(connect)
    person.sign_in()
    person.sign_in(person.named("anna"), side="out")
    submission.signed_in.clear()
    row = ask(person)
    send(person.customer)
    wanted = MailboxToken.objects.get(sign_in__direction="out", resource="exchange")
    assert state(row) == "sent"
    assert submission.signed_in == [(person.mailbox.address, wanted.token)]
    assert "SMTP.Send" in wanted.scopes


def test_mail_is_read_by_the_other_one_all_the_while(connect: Connect) -> None:
    person = two(connect)
    person.sign_in()
    person.customer.arrive("first")
    assert person.customer.sync().error is None
    assert person.customer.entries() == ["<first@fabrikam.example>"]


def test_one_sign_in_does_for_both_where_nothing_else_is_said(
    connect: Connect, submission: Submission
) -> None:
    """S0-24: blank inherits."""
    person = connect()
    person.customer.change(outbound_transport="smtp", outbound_signed_in_user=person.mailbox.address)
    assert not sends_apart(person.mailbox)
    page = person.sign_in()
    row = ask(person)
    send(person.customer)
    assert (state(row), kept(person)) == ("sent", {"in": person.mailbox.address})
    assert 'name="side" value="out"' not in page


def test_the_person_who_reads_gives_no_right_to_send(connect: Connect) -> None:
    """S1-3: each side asks for its own."""
    person = two(connect, "graph")
    person.sign_in()
    assert "Mail.Send" not in MailboxToken.objects.get(sign_in__direction="in").scopes
    person.sign_in(person.named("anna"), side="out")
    token = MailboxToken.objects.get(sign_in__direction="out", resource="graph")
    assert "Mail.Send.Shared" in token.scopes


def test_over_graph_the_mail_leaves_as_the_person_who_sends(connect: Connect) -> None:
    person = two(connect, "graph")
    person.sign_in()
    person.sign_in(person.named("anna"), side="out")
    person.customer.control(f"{person.customer.path}/rights", {"senders": [person.named("anna")]})
    row = ask(person)
    send(person.customer)
    assert (state(row), len(departed(person.customer))) == ("sent", 1)


def test_wrong_account_is_refused_for_sending_and_the_other_side_stays(connect: Connect) -> None:
    person = two(connect)
    person.sign_in()
    page = person.sign_in(person.mailbox.address, side="out")
    assert "private browser window" in page
    assert kept(person) == {"in": person.mailbox.address}


def test_mail_waits_for_the_sign_in_and_leaves_with_it(connect: Connect, submission: Submission) -> None:
    person = two(connect)
    person.sign_in()
    row = ask(person)
    send(person.customer)
    row.refresh_from_db()
    assert (row.state, row.error["code"]) == ("queued", "sign_in_missing")
    person.sign_in(person.named("anna"), side="out")
    send(person.customer)
    assert (state(row), len(submission.taken)) == ("sent", 1)


def test_smtp_that_refuses_is_told_right_after_the_sign_in(connect: Connect, submission: Submission) -> None:
    submission.weather.replies["AUTH"] = [
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox."
    ]
    person = two(connect)
    page = person.sign_in(person.named("anna"), side="out")
    assert "SmtpClientAuthenticationDisabled $false" in page


def test_application_reads_and_a_person_sends(connect: Connect, submission: Submission) -> None:
    """S0-13: the way is chosen for each direction."""
    person = connect(app={"roles": ["Mail.ReadWrite"]}, sign_in="application")
    person.customer.change(outbound_sign_in="authorization_code", outbound_transport="smtp")
    person.sign_in(side="out")
    person.customer.arrive("first")
    assert person.customer.sync().error is None
    row = ask(person)
    send(person.customer)
    assert (state(row), kept(person)) == ("sent", {"out": person.mailbox.address})


def test_another_registration_sends_as_the_application(connect: Connect, submission: Submission) -> None:
    """S1-3: its own client id and secret."""
    person = connect()
    tenant = person.mailbox.tenant
    other = factories.AppRegistrationFactory(tenant=tenant)
    factories.CredentialFactory(registration=other, value="canary~secret.Of-the-sender")
    secrets = [{"value": "canary~secret.Of-the-sender"}]
    app = {"client_id": other.client_id, "secrets": secrets, "roles": ["SMTP.SendAsApp"]}
    there = {"directory_id": tenant.directory_id, "name": tenant.name, "domains": [tenant.domain]}
    person.customer.control("scenario", {"tenants": [{**there, "apps": [app]}]})
    person.customer.change(
        outbound_registration=other, outbound_sign_in="application", outbound_transport="smtp"
    )
    row = ask(person)
    send(person.customer)
    assert (state(row), len(submission.taken)) == ("sent", 1)


def test_device_code_of_the_sending_side_is_its_own(connect: Connect) -> None:
    person = two(connect, outbound_sign_in="device_code")
    type(person.mailbox.tenant).objects.update(allows_device_code=True)
    shown = person.press("out")["Location"]
    page = person.admin.get(shown).content.decode()
    assert shown.endswith("?side=out")
    assert person.named("anna") in page


def test_password_of_the_sending_side_is_its_own(connect: Connect, submission: Submission) -> None:
    # Nobody is asked for consent on the way: an administrator has granted it.
    granted = {"scopes": ["https://outlook.office.com/SMTP.Send", "User.Read"], "public_client": True}
    person = two(connect, outbound_sign_in="password", app=granted)
    type(person.mailbox.tenant).objects.update(allows_password=True)
    tokens.store_password(SendingSide(person.mailbox), PASSWORD)
    person.press("out")
    assert kept(person) == {"out": person.named("anna")}


def test_signing_out_to_send_leaves_the_reader_signed_in(connect: Connect) -> None:
    person = two(connect)
    person.sign_in()
    person.sign_in(person.named("anna"), side="out")
    person.admin.post(reverse("admin:mailboxes_mailbox_signout", args=[person.mailbox.pk]), {"side": "out"})
    assert kept(person) == {"in": person.mailbox.address}


def test_a_sign_in_nobody_sends_by_any_more_is_forgotten(connect: Connect) -> None:
    person = two(connect)
    person.sign_in(person.named("anna"), side="out")
    person.customer.change(outbound_signed_in_user="")
    MailboxSignIn.objects.update(used_at=timezone.now() - tokens.IDLE_AFTER)
    tokens.exercise_idle(timezone.now())
    assert not MailboxSignIn.objects.filter(direction="out").exists()


def test_browser_that_comes_back_for_a_side_that_is_gone_keeps_nothing(connect: Connect) -> None:
    person = two(connect)
    person.browser(person.named("anna"))
    back = person.at_microsoft(person.press("out")["Location"]).headers["Location"]
    person.customer.change(outbound_signed_in_user="")
    person.back(back)
    assert not MailboxToken.objects.exists()
