"""A sign-in that was made: renewed, revoked, left alone, examined, wanted by fifty at once. Covers F-79, F-81, F-86."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from mailboxes import tokens
from mailboxes.doctor import examine
from mailboxes.models import Mailbox, MailboxSignIn, MailboxToken
from mailboxes.person_checks import rights
from mailboxes.tokens import UserTokens
from tests import factories
from tests.crowd import at_once
from tests.journeys.customer import Control
from tests.journeys.person import Connect, Person

pytestmark = [pytest.mark.journey, pytest.mark.django_db]


def test_revoked_sign_in_pauses_the_mailbox_and_signing_in_again_mends_it(person: Person) -> None:
    person.sign_in()
    person.customer.control(f"people/{person.mailbox.address}/revoke")
    MailboxToken.objects.all().delete()
    error = person.customer.sync().error
    assert error is not None
    assert error.code == "AADSTS50173"
    page = person.page()
    assert "sign-in has ended" in page
    assert "AADSTS50173" in page
    assert "The mailbox was opened at once" not in page

    assert "Inbox: 0" in person.sign_in()
    assert (person.mailbox.paused, person.mailbox.trouble) == ("", None)
    assert person.customer.sync().error is None


def test_refresh_token_that_works_once_is_never_lost(connect: Connect) -> None:
    """F-81: the next one is kept before the token that came with it is used."""
    person = connect(app={"refresh_once": True})
    person.sign_in()
    for _ in range(5):
        UserTokens(person.mailbox, resource="graph").renew()
    assert person.customer.sync().error is None


def test_worker_killed_between_renewal_and_saving_leaves_a_sign_in_that_works(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.sign_in()
    MailboxToken.objects.all().delete()

    def die(*_: Any, **__: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(tokens, "_keep_tokens", die)
        with pytest.raises(SystemExit):
            UserTokens(person.mailbox, resource="graph")(False)
    MailboxSignIn.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert person.customer.sync().error is None


def test_sign_in_left_alone_for_ninety_days_is_named_as_such(person: Person, control: Control) -> None:
    person.sign_in()
    control("clock", {"offset_s": 91 * 24 * 3600})
    MailboxToken.objects.all().delete()
    error = person.customer.sync().error
    assert error is not None
    assert error.code == "AADSTS700082"


def test_sending_uses_the_same_sign_in(connect: Connect) -> None:
    person = connect(outbound_transport=Mailbox.Outbound.GRAPH)
    person.sign_in()
    scopes = MailboxToken.objects.get().scopes.split()
    assert {"Mail.Send", "Mail.ReadWrite"} <= set(scopes)


@pytest.mark.django_db(transaction=True)
def test_fifty_workers_at_once_make_one_call(person: Person) -> None:
    person.sign_in()
    MailboxToken.objects.all().delete()
    mailbox = Mailbox.objects.select_related("registration__tenant", "tenant").get(pk=person.mailbox.pk)
    person.customer.control("counters/reset")
    got = at_once(50, lambda: UserTokens(mailbox, resource="graph")(False))
    calls = [target for target in person.customer.control.targets() if target.endswith("/token")]
    assert (len(got), len(set(got)), len(calls)) == (50, 1, 1)


def checks_of(person: Person) -> dict[str, tuple[str, str]]:
    found = examine(person.mailbox).checks
    return {
        check.id: (check.status.value, check.diagnosis.code if check.diagnosis else "") for check in found
    }


def test_examination_renews_the_sign_in_and_tries_the_mailbox_with_it(person: Person) -> None:
    person.sign_in()
    before = person.row.refresh_token
    checks = checks_of(person)
    assert {checks[step] for step in ("permissions", "identity", "mailbox", "read", "write")} == {("ok", "")}
    assert person.row.refresh_token != before


def test_right_that_a_mailbox_beside_it_needs_is_not_called_unused(person: Person) -> None:
    person.sign_in()
    row, token = person.row, MailboxToken.objects.get()
    token.scopes += " Mail.Send Calendars.Read"
    token.save()
    assert rights(person.mailbox, row).superfluous == ("Calendars.Read", "Mail.Send")
    other = factories.MailboxFactory(
        tenant=person.mailbox.tenant,
        registration=person.mailbox.registration,
        outbound_transport=Mailbox.Outbound.GRAPH,
    )
    # The application's own right of that name is another.
    assert rights(person.mailbox, row).superfluous == ("Calendars.Read", "Mail.Send")
    Mailbox.objects.filter(pk=other.pk).update(sign_in=Mailbox.SignIn.AUTHORIZATION_CODE)
    assert rights(person.mailbox, row).superfluous == ("Calendars.Read",)


def test_access_to_a_shared_mailbox_that_was_taken_away_is_called_so(connect: Connect) -> None:
    """F-86: Graph says that the inbox is not found; nobody is to look for another folder."""
    person = connect()
    person.customer.change(signed_in_user=person.named("anna"))
    person.sign_in(person.named("anna"))
    person.customer.sync()
    person.customer.control(f"mailboxes/{person.mailbox.address}/rights", {"full_access": []})

    person.customer.sync()
    assert (person.mailbox.trouble or {})["code"] == "full_access_missing"
    assert checks_of(person)["mailbox"] == ("fail", "full_access_missing")
    tested = person.admin.post(reverse("admin:mailboxes_mailbox_test", args=[person.mailbox.pk]))
    # Whom to add is what the customer's administrator has to be told.
    assert f"Who signs in: {person.named('anna')}" in tested.content.decode()


def test_examination_says_why_a_sign_in_has_ended_and_asks_again_the_next_time(person: Person) -> None:
    """F-79: "Test again" tells what is true now."""
    person.sign_in()
    person.customer.control(f"people/{person.mailbox.address}", {"refused": 53003}, method="PATCH")
    assert checks_of(person)["identity"] == ("fail", "AADSTS53003")
    person.customer.control(f"people/{person.mailbox.address}", {"refused": 0}, method="PATCH")
    assert checks_of(person)["identity"] == ("ok", "")
