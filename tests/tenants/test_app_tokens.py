"""App-only tokens: one refresh at a time over all workers, in good time, and never a refused one twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import responses
from django.utils import timezone
from pytest_django.fixtures import Settings

from tenants import app_tokens
from tenants.app_tokens import AppTokens, forget, renew_due
from tenants.errors import CredentialUnusable, NetworkFailure, TokenRefused
from tenants.microsoft.login import metadata_shelf
from tenants.models import AccessToken, AppRegistration, Consent
from tests import factories
from tests.connections import forget_connections
from tests.crowd import at_once
from tests.tenants.microsoft import answers

pytestmark = pytest.mark.django_db

SECRET_OF_OLD = "old0Q~secret.of-the-past_0123456789abcdef"


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    app_tokens._opened.clear()
    metadata_shelf.clear()
    forget_connections()
    yield
    app_tokens._opened.clear()
    metadata_shelf.clear()
    forget_connections()


@pytest.fixture
def registration(db: None) -> AppRegistration:
    tenant = factories.TenantFactory(directory_id=answers.DIRECTORY)
    made: AppRegistration = factories.AppRegistrationFactory(tenant=tenant)
    factories.CredentialFactory(registration=made)
    return made


class Entra:
    """Entra's side: gives numbered tokens, or refuses."""

    def __init__(self, wire: responses.RequestsMock) -> None:
        self.wire = wire
        self.given = 0
        self.life_s = 3599
        self.refused_secrets: dict[str, int] = {}
        self.meanwhile: Callable[[], None] = lambda: None
        wire.get(answers.METADATA_URL, json=answers.metadata())
        wire.add_callback(responses.POST, answers.TOKEN_URL, callback=self._answer)

    def _answer(self, request: Any) -> tuple[int, dict[str, str], str]:
        self.meanwhile()
        body = request.body if isinstance(request.body, str) else request.body.decode()
        for secret, number in self.refused_secrets.items():
            if secret[:12] in body:
                return 401, {"Content-Type": "application/json"}, json.dumps(answers.refused(number))
        self.given += 1
        token = answers.access_token(roles=["Mail.ReadWrite"], n=self.given)
        return (
            200,
            {"Content-Type": "application/json"},
            json.dumps(answers.token(token) | {"expires_in": self.life_s}),
        )


@pytest.fixture
def entra() -> Iterator[Entra]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
        yield Entra(wire)


def row() -> AccessToken:
    found: AccessToken = AccessToken.objects.get()
    return found


def test_first_call_asks_entra_and_the_next_does_not(registration: AppRegistration, entra: Entra) -> None:
    first = AppTokens(registration)(False)
    assert AppTokens(registration)(False) == first
    assert entra.given == 1


def test_other_process_uses_the_stored_token(registration: AppRegistration, entra: Entra) -> None:
    first = AppTokens(registration)(False)
    app_tokens._opened.clear()
    assert AppTokens(registration)(False) == first
    assert entra.given == 1


def test_token_is_stored_encrypted(registration: AppRegistration, entra: Entra) -> None:
    from django.db import connection

    token = AppTokens(registration)(False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM tenants_accesstoken")
        assert token not in str(cursor.fetchall())


def test_token_in_its_last_five_minutes_is_not_used(registration: AppRegistration, entra: Entra) -> None:
    """F-82"""
    first = AppTokens(registration)(False)
    app_tokens._opened.clear()
    AccessToken.objects.update(expires_at=timezone.now() + timedelta(minutes=4, seconds=59))
    assert AppTokens(registration)(False) != first


def test_schedule_renews_in_the_last_ten_minutes(registration: AppRegistration, entra: Entra) -> None:
    """F-82: refreshed in good time, before anybody needs it."""
    AppTokens(registration)(False)
    assert renew_due(timezone.now()) == 0
    AccessToken.objects.update(expires_at=timezone.now() + timedelta(minutes=9))
    assert renew_due(timezone.now()) == 1
    assert row().expires_at > timezone.now() + timedelta(minutes=50)


def test_schedule_leaves_tenants_alone_that_are_off(registration: AppRegistration, entra: Entra) -> None:
    AppTokens(registration)(False)
    AccessToken.objects.update(expires_at=timezone.now() + timedelta(minutes=9))
    type(registration.tenant).objects.update(is_active=False)
    assert renew_due(timezone.now()) == 0


def test_renewal_that_fails_leaves_the_good_token(registration: AppRegistration, entra: Entra) -> None:
    """F-82: the sign-in service is down, and what is valid goes on working."""
    token = AppTokens(registration)(False)
    AccessToken.objects.update(expires_at=timezone.now() + timedelta(minutes=9))
    entra.refused_secrets = {factories.CANARY_SECRET: 7000222}
    assert renew_due(timezone.now()) == 0
    assert (row().token, row().claimed_until) == (token, None)


def test_refused_token_is_replaced_once(registration: AppRegistration, entra: Entra) -> None:
    """F-77"""
    tokens = AppTokens(registration)
    first = tokens(False)
    second = tokens(True)
    assert second != first
    assert (AppTokens(registration)(False), entra.given) == (second, 2)


def test_token_another_worker_fetched_meanwhile_is_used(registration: AppRegistration, entra: Entra) -> None:
    """Both were refused; one refresh is enough for both."""
    mine, theirs = AppTokens(registration), AppTokens(registration)
    mine(False)
    stale = dict(app_tokens._opened)
    fresh = theirs(True)
    app_tokens._opened.clear()
    app_tokens._opened.update(stale)
    assert mine(True) == fresh
    assert entra.given == 2


def test_newest_credential_is_tried_first_and_the_other_after_it(
    registration: AppRegistration, entra: Entra
) -> None:
    """F-80: two live side by side while one replaces the other."""
    factories.CredentialFactory(registration=registration, value=SECRET_OF_OLD)
    entra.refused_secrets = {SECRET_OF_OLD: 7000215}
    assert AppTokens(registration)(False)


def test_error_of_the_newest_credential_is_the_one_that_is_shown(
    registration: AppRegistration, entra: Entra
) -> None:
    factories.CredentialFactory(registration=registration, value=SECRET_OF_OLD)
    entra.refused_secrets = {SECRET_OF_OLD: 7000215, factories.CANARY_SECRET: 7000222}
    with pytest.raises(TokenRefused) as caught:
        AppTokens(registration)(False)
    assert caught.value.code == "AADSTS7000215"
    assert row().claimed_until is None


def test_expired_credential_is_tried_last(registration: AppRegistration, entra: Entra) -> None:
    """The date is what somebody typed; it orders, it does not exclude."""
    past = timezone.localdate() - timedelta(days=1)
    factories.CredentialFactory(registration=registration, value=SECRET_OF_OLD, expires_on=past)
    AppTokens(registration)(False)
    asked = [call.request.body for call in entra.wire.calls if call.request.method == "POST"]
    assert len(asked) == 1
    assert SECRET_OF_OLD[:12] not in str(asked[0])


def test_registration_without_credential_says_so(entra: Entra) -> None:
    bare = factories.AppRegistrationFactory(tenant__directory_id=answers.DIRECTORY)
    with pytest.raises(CredentialUnusable) as caught:
        AppTokens(bare)(False)
    assert caught.value.code == "secret_missing"


def test_forgotten_tokens_are_asked_for_anew(registration: AppRegistration, entra: Entra) -> None:
    first = AppTokens(registration)(False)
    forget(registration)
    assert AppTokens(registration)(False) != first


def test_token_proves_the_consent_and_its_roles(registration: AppRegistration, entra: Entra) -> None:
    AppTokens(registration)(False)
    consent = Consent.objects.get(registration=registration)
    assert consent.roles == "Mail.ReadWrite"
    assert consent.proved_at


def test_who_does_not_hold_the_claim_waits_for_the_winners_token(
    registration: AppRegistration, entra: Entra, monkeypatch: pytest.MonkeyPatch
) -> None:
    winner = AppTokens(registration)
    claimed = winner._row()
    assert app_tokens._claim(claimed)
    monkeypatch.setattr(
        app_tokens.time, "sleep", lambda _: winner._acquire(claimed) if not entra.given else None
    )
    token = AppTokens(registration)._refresh()[0]
    assert (token, entra.given) == (row().token, 1)


def test_who_waits_in_vain_says_so(
    registration: AppRegistration, entra: Entra, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_tokens, "WAIT_S", 0.02)
    assert app_tokens._claim(AppTokens(registration)._row())
    with pytest.raises(NetworkFailure) as caught:
        AppTokens(registration)(False)
    assert (caught.value.code, caught.value.permanent) == ("token_pending", False)


def test_claim_of_a_dead_worker_runs_out(
    registration: AppRegistration, entra: Entra, settings: Settings
) -> None:
    AppTokens(registration)._row()
    AccessToken.objects.update(claimed_until=timezone.now() - timedelta(seconds=1), claim_number=3)
    assert AppTokens(registration)(False)
    assert row().claim_number == 4


def test_late_worker_does_not_overwrite_a_newer_token(registration: AppRegistration, entra: Entra) -> None:
    """F-08: its claim number has been passed; its own call may still use what it got."""
    late = AppTokens(registration)
    held = late._row()
    assert app_tokens._claim(held)
    AccessToken.objects.update(claimed_until=None)
    newer = AppTokens(registration)._refresh()[0]
    assert late._acquire(held)[0] != newer
    assert row().token == newer


@pytest.mark.django_db(transaction=True)
def test_eight_workers_at_once_ask_entra_once(registration: AppRegistration, entra: Entra) -> None:
    got = at_once(8, lambda: AppTokens(registration)(False))
    assert (len(set(got)), entra.given) == (1, 1)


def test_refresh_is_claimed_only_on_what_was_just_read(registration: AppRegistration, entra: Entra) -> None:
    """Another's claim has ended since: its token is there, and asking for one more would be in vain."""
    tokens = AppTokens(registration)
    tokens._row()
    AccessToken.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    read_before = tokens._row()
    AccessToken.objects.update(claimed_until=None)
    assert not app_tokens._claim(read_before)
    assert app_tokens._claim(tokens._row())
