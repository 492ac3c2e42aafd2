"""A browser leaves for Microsoft and is known again when it comes back: once, soon, and it alone."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tenants import round_trip
from tenants.models import AppRegistration, Membership, SignInAttempt
from tenants.round_trip import Answer, Purpose, new_state, proof_of, send_away
from tests.tenants.admin.conftest import Desk, signed_in
from tests.tenants.admin.conftest import desk as desk

CALLBACK = "/oauth/callback/"


@pytest.fixture
def arrivals(monkeypatch: pytest.MonkeyPatch) -> list[tuple[SignInAttempt, Answer]]:
    """Take in what the callback hands on."""
    came: list[tuple[SignInAttempt, Answer]] = []

    def complete(request: HttpRequest, attempt: SignInAttempt, answer: Answer) -> HttpResponse:
        came.append((attempt, answer))
        return HttpResponse("taken in")

    monkeypatch.setitem(round_trip._completions, Purpose.MAILBOX.value, complete)
    return came


def leave(client: Client, registration: AppRegistration, user: Any = None) -> str:
    """Send this browser away; gives the state it left with."""
    request = HttpRequest()
    request.user, request.session = user or AnonymousUser(), client.session
    state = new_state()
    attempt = SignInAttempt(purpose=Purpose.MAILBOX, registration=registration)
    send_away(request, attempt, state=state, proof={"nonce": "n-1"})
    request.session.save()
    return state


def test_browser_is_handed_on_with_what_its_answer_is_proved_by(
    desk: Desk, arrivals: list[tuple[SignInAttempt, Answer]]
) -> None:
    browser = signed_in(desk.admin)
    state = leave(browser, desk.registration, desk.admin)
    page = browser.get(CALLBACK, {"state": state, "code": "0.A-code"})

    assert page.status_code == 200
    (attempt, answer) = arrivals[0]
    assert (answer.code, proof_of(attempt), attempt.registration) == (
        "0.A-code",
        {"nonce": "n-1"},
        desk.registration,
    )
    assert attempt.tenant == desk.ours


def test_state_works_once_and_its_proof_is_gone(
    desk: Desk, arrivals: list[tuple[SignInAttempt, Answer]]
) -> None:
    """S-33."""
    browser = signed_in(desk.admin)
    state = leave(browser, desk.registration, desk.admin)
    pages = [browser.get(CALLBACK, {"state": state, "code": "x"}) for _ in range(2)]

    assert [page.status_code for page in pages] == [200, 403]
    assert len(arrivals) == 1
    assert SignInAttempt.objects.get().proof is None


def test_state_is_over_after_ten_minutes(desk: Desk, arrivals: list[tuple[SignInAttempt, Answer]]) -> None:
    """S-34."""
    browser = signed_in(desk.admin)
    state = leave(browser, desk.registration, desk.admin)
    past = timezone.now() - datetime.timedelta(seconds=1)
    assert SignInAttempt.objects.get().valid_until < timezone.now() + datetime.timedelta(minutes=10)
    SignInAttempt.objects.update(valid_until=past)

    assert browser.get(CALLBACK, {"state": state, "code": "x"}).status_code == 403
    assert arrivals == []


@pytest.mark.parametrize("who", ["admin", "operator", "nobody"])
def test_state_of_another_browser_is_refused_whoever_sits_there(
    desk: Desk, arrivals: list[tuple[SignInAttempt, Answer]], who: str
) -> None:
    """S-35: an attacker's code and state brought to somebody else's browser."""
    state = leave(signed_in(desk.admin), desk.registration, desk.admin)
    other = Client() if who == "nobody" else signed_in(getattr(desk, who))
    page = other.get(CALLBACK, {"state": state, "code": "x"})

    assert page.status_code == 403
    assert arrivals == []
    assert SignInAttempt.objects.get().used_at is None


def test_signing_out_or_losing_the_role_in_between_ends_it(
    desk: Desk, arrivals: list[tuple[SignInAttempt, Answer]]
) -> None:
    """S-37."""
    browser = signed_in(desk.admin)
    first, second = (leave(browser, desk.registration, desk.admin) for _ in range(2))
    Membership.objects.filter(user=desk.admin).update(role=Membership.Role.VIEWER)
    assert browser.get(CALLBACK, {"state": first, "code": "x"}).status_code == 403
    browser.logout()
    assert browser.get(CALLBACK, {"state": second, "code": "x"}).status_code == 403
    assert arrivals == []


def test_two_tabs_keep_apart(desk: Desk, arrivals: list[tuple[SignInAttempt, Answer]]) -> None:
    """S-38."""
    browser = signed_in(desk.operator)
    ours = leave(browser, desk.registration, desk.operator)
    theirs = leave(browser, desk.foreign, desk.operator)
    for state in (theirs, ours):
        browser.get(CALLBACK, {"state": state, "code": "x"})

    assert [attempt.registration for attempt, _ in arrivals] == [desk.foreign, desk.registration]


@pytest.mark.parametrize("name", ["tenant", "iss"])
def test_answer_that_names_another_directory_is_refused(
    desk: Desk, arrivals: list[tuple[SignInAttempt, Answer]], name: str
) -> None:
    """S-43, S-46."""
    browser = signed_in(desk.admin)
    state = leave(browser, desk.registration, desk.admin)
    named = f"https://login.microsoftonline.com/{desk.theirs.directory_id}/v2.0"

    assert browser.get(CALLBACK, {"state": state, "code": "x", name: named}).status_code == 403
    assert arrivals == []


@pytest.mark.parametrize(
    "query", ["", "state=", "code=x", "state=x&code=x", "state=a&state=b", "state=%00", f"state={'x' * 5000}"]
)
def test_address_without_a_state_of_ours_asks_nobody(desk: Desk, query: str) -> None:
    """S-31."""
    page = signed_in(desk.admin).get(f"{CALLBACK}?{query}")
    assert page.status_code == 403
    assert "This sign-in is over" in page.content.decode()


def test_answer_given_twice_in_one_address_is_refused(
    desk: Desk, arrivals: list[tuple[SignInAttempt, Answer]]
) -> None:
    browser = signed_in(desk.admin)
    state = leave(browser, desk.registration, desk.admin)
    assert browser.get(f"{CALLBACK}?state={state}&code=a&code=b").status_code == 403
    assert arrivals == []


def test_states_are_long_and_never_the_same() -> None:
    """S-32."""
    states = {new_state() for _ in range(1000)}
    assert len(states) == 1000
    assert min(map(len, states)) >= 43


def test_only_digests_are_stored(desk: Desk) -> None:
    browser = signed_in(desk.admin)
    state = leave(browser, desk.registration, desk.admin)
    row = SignInAttempt.objects.values().get()
    assert state not in str(row)
    assert str(browser.session.session_key) not in str(row)


def test_page_is_kept_by_nobody_and_names_no_address_onward(desk: Desk) -> None:
    """S-40."""
    page = Client().get(CALLBACK, {"state": "x"})
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in page.headers["Cache-Control"]


def test_address_to_register_stands_under_the_public_one(settings: Any) -> None:
    """S0-4."""
    settings.PUBLIC_URL = "https://desk.example"
    assert round_trip.return_address() == "https://desk.example" + reverse("tenants:callback")


def test_attempts_are_forgotten_a_day_after_their_end(desk: Desk) -> None:
    for _ in range(2):
        leave(signed_in(desk.admin), desk.registration, desk.admin)
    old = SignInAttempt.objects.latest("pk")
    SignInAttempt.objects.filter(pk=old.pk).update(valid_until=timezone.now() - datetime.timedelta(hours=25))
    assert round_trip.forget_over() == 1
