"""Staff sign in with Microsoft: off until named, known by directory and object id alone (S-31 to S-35, S-53)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from tenants.models import StaffIdentity
from tests.factories import OperatorFactory, UserFactory
from tests.tenants.microsoft import answers

pytestmark = pytest.mark.django_db
START, BACK = "/oauth/staff/start/", "/oauth/staff/"
CODE = "0.canary-code"


@pytest.fixture
def on(settings: Settings) -> None:
    settings.STAFF_SIGN_IN_DIRECTORY_ID = answers.DIRECTORY
    settings.STAFF_SIGN_IN_CLIENT_ID = answers.CLIENT_ID
    settings.STAFF_SIGN_IN_CLIENT_SECRET = "Zx8Q~canary-secret-value-that-must-not-show"


@pytest.fixture
def entra(on: None) -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
        wire.get(answers.METADATA_URL, json=answers.metadata())
        yield wire


@pytest.fixture
def person() -> User:
    user: User = UserFactory(username="ada", email=answers.PERSON)
    StaffIdentity.objects.create(user=user, directory_id=answers.DIRECTORY, object_id=answers.OID)
    return user


def away(client: Client, **form: str) -> dict[str, str]:
    """Begin; gives what was asked of Microsoft."""
    answer = client.post(START, form)
    assert answer.status_code == 302
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def back(client: Client, entra: responses.RequestsMock, asked: dict[str, str], **changes: Any) -> Any:
    """Come back with the answer of a person at Microsoft, or with another one."""
    state = changes.pop("state", asked["state"])
    kept = client.session.get("_staff_sign_in") or {"nonce": "x"}
    nonce = hashlib.sha256(kept["nonce"].encode()).hexdigest()
    entra.post(answers.TOKEN_URL, json=answers.user_token(**{"nonce": nonce, **changes}))
    return client.get(BACK, {"code": CODE, "state": state})


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_it_is_not_there_until_an_application_is_named(client: Client) -> None:
    assert (client.post(START).status_code, client.get(BACK).status_code) == (404, 404)
    assert "Sign in with Microsoft" not in client.get("/admin/login/").content.decode()


def test_the_sign_in_page_offers_it_once_it_is_on(client: Client, on: None) -> None:
    assert "Sign in with Microsoft" in client.get("/admin/login/").content.decode()


def test_the_question_is_bound_to_this_browser(client: Client, entra: responses.RequestsMock) -> None:
    asked = away(client)
    assert (asked["code_challenge_method"], asked["response_type"]) == ("S256", "code")
    assert asked["redirect_uri"].endswith(BACK)
    kept = client.session["_staff_sign_in"]
    assert asked["state"] not in str(kept)
    assert kept["nonce"] not in str(asked)
    assert kept["verifier"] not in str(asked)


def test_a_known_account_is_signed_in_to_a_new_session(
    client: Client, entra: responses.RequestsMock, person: User
) -> None:
    asked = away(client, next="/admin/tickets/ticket/")
    before = client.session.session_key
    answer = back(client, entra, asked)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/tickets/ticket/")
    assert client.session["_auth_user_id"] == str(person.pk)
    assert client.session.session_key != before
    assert client.get("/admin/").status_code == 200
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_the_address_of_a_known_person_is_not_enough(client: Client, entra: responses.RequestsMock) -> None:
    """Somebody else got the address, or another object carries it."""
    OperatorFactory(username="ada", email=answers.PERSON)
    answer = back(client, entra, away(client))

    assert (answer.status_code, is_signed_in(client)) == (403, False)
    assert "Nobody was signed in" in answer.content.decode()


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "another"},
        {"tid": "11111111-2222-3333-4444-555555555555"},
        {"oid": "11111111-2222-3333-4444-555555555555"},
        {"aud": "11111111-2222-3333-4444-555555555555"},
        {"state": "guessed"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_an_answer_that_proves_somebody_else_or_nothing_admits_nobody(
    client: Client, entra: responses.RequestsMock, person: User, changes: dict[str, Any]
) -> None:
    assert back(client, entra, away(client), **changes).status_code == 403
    assert not is_signed_in(client)


def test_an_answer_is_good_once_and_in_its_own_browser(
    client: Client, entra: responses.RequestsMock, person: User
) -> None:
    asked, thief = away(client), Client()
    assert thief.get(BACK, {"code": CODE, "state": asked["state"]}).status_code == 403
    assert back(client, entra, asked).status_code == 302
    client.logout()
    assert client.get(BACK, {"code": CODE, "state": asked["state"]}).status_code == 403


def test_an_answer_is_good_for_ten_minutes(
    client: Client, entra: responses.RequestsMock, person: User
) -> None:
    asked = away(client)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11), tick=False):
        assert client.get(BACK, {"code": CODE, "state": asked["state"]}).status_code == 403


@pytest.mark.parametrize("column", ["is_active", "is_staff"])
def test_an_account_that_is_off_stays_out(
    client: Client, entra: responses.RequestsMock, person: User, column: str
) -> None:
    User.objects.filter(pk=person.pk).update(**{column: False})
    assert back(client, entra, away(client)).status_code == 403


def test_another_account_does_not_take_over_a_session(
    client: Client, entra: responses.RequestsMock, person: User
) -> None:
    other = UserFactory()
    client.force_login(other, backend="django.contrib.auth.backends.ModelBackend")
    assert back(client, entra, away(client)).status_code == 403
    assert client.session["_auth_user_id"] == str(other.pk)


def test_two_people_cannot_have_one_account(person: User) -> None:
    twin = StaffIdentity(
        user=UserFactory(), directory_id=answers.DIRECTORY.upper(), object_id=answers.OID.upper()
    )
    with pytest.raises(Exception, match="already exists"):
        twin.full_clean()
