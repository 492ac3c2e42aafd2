"""A person's tokens: one renewer at a time, and nothing used before it is saved.

Covers F-08, F-77, F-81, F-82, F-83, S-55.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import responses
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from mailboxes import tokens
from mailboxes.models import Mailbox, MailboxSignIn, MailboxToken
from mailboxes.tokens import UserTokens, exercise_idle
from tenants.errors import CredentialUnusable, IntegrationError, NetworkFailure, TokenRefused
from tenants.microsoft.login import metadata_shelf
from tests.crowd import at_once
from tests.mailboxes.person import Entra, mailbox, signed_in
from tests.tenants.microsoft import answers

pytestmark = pytest.mark.django_db


@pytest.fixture
def entra() -> Iterator[Entra]:
    metadata_shelf.clear()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
        yield Entra(wire)


def row() -> MailboxSignIn:
    found: MailboxSignIn = MailboxSignIn.objects.get()
    return found


def graph(box: Mailbox) -> UserTokens:
    return UserTokens(box, resource="graph")


def refusal(box: Mailbox) -> IntegrationError:
    with pytest.raises(IntegrationError) as caught:
        graph(box)(False)
    return caught.value


def test_stored_token_is_used_without_asking(entra: Entra) -> None:
    box = mailbox()
    signed_in(box, life=timedelta(minutes=30))
    assert (graph(box)(False), entra.given) == ("canary-access-0", 0)


def test_run_reads_its_token_once(entra: Entra, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    box = mailbox()
    signed_in(box, life=timedelta(minutes=30))
    source = graph(box)
    with django_assert_num_queries(1):
        source(False)
        source(False)


def test_token_in_its_last_five_minutes_is_renewed(entra: Entra) -> None:
    """F-82"""
    box = mailbox()
    signed_in(box, life=timedelta(minutes=4))
    assert graph(box)(False) != "canary-access-0"
    assert entra.forms[0]["refresh_token"] == "0.canary-refresh-0"


def test_rotated_refresh_token_is_committed_before_the_token_is_given(entra: Entra) -> None:
    """F-81"""
    box = mailbox()
    signed_in(box)
    graph(box)(False)
    assert row().refresh_token == "0.canary-refresh-1"
    assert row().claimed_until is None


def test_refused_token_is_replaced(entra: Entra) -> None:
    """F-77"""
    box = mailbox()
    signed_in(box, life=timedelta(minutes=30))
    source = graph(box)
    source(False)
    assert source(True) != "canary-access-0"
    assert entra.given == 1


def test_tokens_are_stored_encrypted(entra: Entra) -> None:
    box = mailbox()
    signed_in(box)
    token = graph(box)(False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM mailboxes_mailboxtoken")
        kept = str(cursor.fetchall())
        cursor.execute("SELECT * FROM mailboxes_mailboxsignin")
        kept += str(cursor.fetchall())
    assert token not in kept
    assert "canary" not in kept


def test_mailbox_nobody_signed_in_to_says_so(entra: Entra) -> None:
    error = refusal(mailbox())
    assert (type(error), error.code, error.permanent) == (CredentialUnusable, "sign_in_missing", True)
    assert entra.given == 0


@pytest.mark.parametrize("change", [{"signed_in_user": "other@contoso.example"}, {"sign_in": "device_code"}])
def test_sign_in_of_another_account_or_way_is_worth_nothing(entra: Entra, change: dict[str, str]) -> None:
    box = mailbox()
    signed_in(box, life=timedelta(minutes=30))
    Mailbox.objects.update(**change)
    assert refusal(Mailbox.objects.get()).code == "sign_in_missing"


def test_ended_sign_in_is_explained_and_noted(entra: Entra) -> None:
    box = mailbox()
    signed_in(box)
    entra.refused = {"0.canary-refresh-0": 50173}
    error = refusal(box)
    assert (error.code, row().refused["code"], row().claimed_until) == (
        "AADSTS50173",
        "AADSTS50173",
        None,
    )


def test_ended_sign_in_is_asked_about_again_by_the_next_test(entra: Entra) -> None:
    """F-79: whatever was refused a moment ago, "Test again" asks."""
    box = mailbox()
    signed_in(box)
    entra.refused = {"0.canary-refresh-0": 50076}
    refusal(box)
    entra.refused = {}
    assert graph(box)(False)
    assert row().refused is None


def test_passing_fault_leaves_the_sign_in_as_it_is(entra: Entra) -> None:
    box = mailbox()
    signed_in(box)
    entra.refused = {"0.canary-refresh-0": 90033}
    error = refusal(box)
    assert (error.permanent, row().refused, row().claimed_until) == (False, None, None)


def test_renewal_for_another_person_is_refused(entra: Entra) -> None:
    box = mailbox()
    signed_in(box)
    entra.claims = {"oid": "99999999-5a6b-4c7d-8e9f-0a1b2c3d4e5f"}
    assert refusal(box).code == "account_changed"
    assert row().refresh_token == "0.canary-refresh-0"


def test_worker_killed_between_answer_and_saving_costs_one_lease(
    entra: Entra, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = mailbox()
    signed_in(box)

    def die(*_: Any, **__: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(tokens, "_keep_tokens", die)
        with pytest.raises(SystemExit):
            graph(box)(False)
    assert (row().refresh_token, row().claimed_until is None) == ("0.canary-refresh-0", False)

    MailboxSignIn.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert graph(box)(False)
    assert row().refresh_token == "0.canary-refresh-2"


def test_late_worker_takes_the_winners_token(entra: Entra) -> None:
    """F-08: what it fetched itself came from a refresh token that has been replaced since."""
    box = mailbox()
    signed_in(box)

    def be_overtaken() -> None:
        entra.meanwhile = lambda: None
        MailboxSignIn.objects.update(claimed_until=None)
        graph(box)(False)

    entra.meanwhile = be_overtaken
    token = graph(box)(False)
    assert token == MailboxToken.objects.get().token
    assert entra.given == 2


def test_new_sign_in_shuts_out_whoever_was_renewing_the_old_one(entra: Entra) -> None:
    box = mailbox()
    old = signed_in(box)
    assert tokens.claim(old)
    tokens.store_password(box, "canary-password")
    assert not tokens._kept(old, {"refresh_token": "stale"}, {})
    assert row().refresh_token is None


def test_renewal_under_way_brings_back_nobody_who_has_signed_out(entra: Entra) -> None:
    box = mailbox()
    old = signed_in(box)
    assert tokens.claim(old)
    tokens.forget(box)
    assert not tokens._kept(old, {"refresh_token": "stale"}, {})
    assert row().refresh_token is None


@pytest.mark.django_db(transaction=True)
def test_fifty_workers_at_once_make_one_call(entra: Entra) -> None:
    box = mailbox()
    signed_in(box)
    got = at_once(50, lambda: graph(box)(False))
    assert (len(got), len(set(got)), entra.given) == (50, 1, 1)


def test_refusal_is_shared_by_those_who_waited_for_it(entra: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    box = mailbox()
    claimed = signed_in(box)
    assert tokens.claim(claimed)
    error = TokenRefused.own("account_changed")
    monkeypatch.setattr(tokens.time, "sleep", lambda _: tokens._let_go(claimed, error))
    assert refusal(box).code == "account_changed"
    assert entra.given == 0


def test_who_waits_in_vain_says_so(entra: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    box = mailbox()
    assert tokens.claim(signed_in(box))
    monkeypatch.setattr(tokens, "WAIT_S", 0.02)
    error = refusal(box)
    assert (type(error), error.code) == (NetworkFailure, "token_pending")


def test_sign_in_nobody_uses_is_renewed_in_good_time(entra: Entra) -> None:
    box = mailbox(is_active=False)
    signed_in(box)
    assert exercise_idle(timezone.now()) == 0
    MailboxSignIn.objects.update(used_at=timezone.now() - timedelta(days=22))
    assert exercise_idle(timezone.now()) == 1
    assert (row().refresh_token, entra.given) == ("0.canary-refresh-1", 1)
    assert exercise_idle(timezone.now()) == 0


def test_sign_in_that_has_ended_is_left_alone_by_the_schedule(entra: Entra) -> None:
    signed_in(mailbox())
    entra.refused = {"0.canary-refresh-0": 700082}
    MailboxSignIn.objects.update(used_at=timezone.now() - timedelta(days=95))
    assert (exercise_idle(timezone.now()), exercise_idle(timezone.now()), entra.given) == (0, 0, 1)


def with_password(**values: Any) -> Mailbox:
    box = mailbox(sign_in=Mailbox.SignIn.PASSWORD, **values)
    box.tenant.allows_password = True
    box.tenant.save()
    tokens.store_password(box, "canary-password")
    return box


def test_stored_password_signs_in_by_itself_and_is_proved(entra: Entra) -> None:
    box = with_password()
    assert graph(box)(False)
    assert (entra.forms[0]["grant_type"], row().account, row().oid) == (
        "password",
        answers.PERSON,
        answers.OID,
    )


def test_password_is_not_sent_while_the_refresh_token_works(entra: Entra) -> None:
    box = with_password()
    graph(box)(False)
    graph(box).renew()
    assert [form["grant_type"] for form in entra.forms] == ["password", "refresh_token"]


def test_password_signs_in_anew_when_the_refresh_token_has_ended(entra: Entra) -> None:
    box = with_password()
    graph(box)(False)
    entra.refused = {"0.canary-refresh-1": 700082}
    graph(box).renew()
    assert [form["grant_type"] for form in entra.forms] == ["password", "refresh_token", "password"]


def test_password_of_somebody_else_keeps_nothing(entra: Entra) -> None:
    box = with_password()
    entra.me["userPrincipalName"] = entra.me["mail"] = "eve@contoso.example"
    entra.me["proxyAddresses"] = []
    assert refusal(box).code == "account_wrong"
    assert (row().refresh_token, MailboxToken.objects.count()) == (None, 0)


def test_password_is_not_sent_for_a_tenant_that_has_it_switched_off(entra: Entra) -> None:
    """S-55"""
    box = with_password()
    box.tenant.allows_password = False
    box.tenant.save()
    assert refusal(box).code == "sign_in_way_off"
    assert entra.given == 0


def test_public_client_sends_no_secret_with_a_password(entra: Entra) -> None:
    box = with_password()
    box.registration.credentials.all().delete()
    graph(box)(False)
    assert "client_secret" not in entra.forms[0]
    assert row().is_public


@pytest.mark.parametrize("wire", ["imap", "pop3"])
def test_mail_protocols_get_a_token_of_outlook_and_the_person_is_proved_at_graph(
    entra: Entra, wire: str
) -> None:
    box = with_password(inbound_transport=wire)
    assert UserTokens(box, resource="exchange")(False)
    asked = [(form["grant_type"], form["scope"].split()[0]) for form in entra.forms]
    name = {"imap": "IMAP", "pop3": "POP"}[wire]
    assert sorted(asked) == [
        ("password", f"https://outlook.office.com/{name}.AccessAsUser.All"),
        ("refresh_token", "https://graph.microsoft.com/User.Read"),
    ]
    # The last refresh token that came is the one that is kept.
    assert row().refresh_token == "0.canary-refresh-2"
