"""Sessions end (S-25), and wrong passwords lock out (S-26)."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client

from m365integration.sessions import forget_expired
from tenants.models import Membership
from tests.factories import MembershipFactory
from tests.tenants.admin.conftest import signed_in

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> User:
    return User.objects.create_superuser("agent", password="right word of agent")


def is_signed_in(client: Client, *, at: datetime) -> bool:
    with time_machine.travel(at, tick=False):
        return client.get("/admin/").status_code == 200


def sign_in(client: Client, user: User) -> None:
    with time_machine.travel(NOON, tick=False):
        client.force_login(user)
    assert is_signed_in(client, at=NOON)


def test_session_ends_after_resting_too_long(client: Client, staff: User) -> None:
    sign_in(client, staff)
    idle = timedelta(seconds=settings.SESSION_IDLE_S)
    assert not is_signed_in(client, at=NOON + idle)


def test_session_in_use_goes_on(client: Client, staff: User) -> None:
    sign_in(client, staff)
    most_of_it = timedelta(seconds=settings.SESSION_IDLE_S - 1)
    assert [is_signed_in(client, at=NOON + count * most_of_it) for count in (1, 2)] == [True, True]


def test_session_in_use_ends_in_the_end(client: Client, staff: User) -> None:
    sign_in(client, staff)
    hours = settings.SESSION_LONGEST_S // 3600
    seen = [is_signed_in(client, at=NOON + timedelta(hours=hour)) for hour in range(1, hours + 1)]
    assert seen == [True] * (hours - 1) + [False]


def test_session_in_use_is_not_written_on_every_request(client: Client, staff: User) -> None:
    sign_in(client, staff)
    with time_machine.travel(NOON + timedelta(seconds=1), tick=False):
        response = client.get("/admin/")
    assert settings.SESSION_COOKIE_NAME not in response.cookies


def test_session_ends_with_a_change_of_role_or_queues() -> None:
    for change in ({"role": "viewer"}, {"is_limited": True}):
        member = MembershipFactory(role="agent")
        client = signed_in(member.user)
        assert client.get("/admin/").status_code == 200
        Membership.objects.filter(pk=member.pk).update(**change)
        assert client.get("/admin/").status_code == 302
        # Signed in anew it goes on, with the rights of now.
        assert signed_in(member.user).get("/admin/").status_code == 200


def test_session_ends_when_the_account_becomes_an_operator_or_none(client: Client, staff: User) -> None:
    sign_in(client, staff)
    User.objects.filter(pk=staff.pk).update(is_superuser=False)
    assert not is_signed_in(client, at=NOON)


def test_session_of_an_account_that_was_off_does_not_wake_again(client: Client, staff: User) -> None:
    sign_in(client, staff)
    User.objects.filter(pk=staff.pk).update(is_active=False)
    assert not is_signed_in(client, at=NOON)
    User.objects.filter(pk=staff.pk).update(is_active=True)
    assert not is_signed_in(client, at=NOON)


def test_new_password_ends_the_session_elsewhere_and_not_here(client: Client, staff: User) -> None:
    elsewhere = Client()
    for one in (client, elsewhere):
        one.force_login(staff)
    word = "another long passphrase 9"
    form = {"old_password": "right word of agent", "new_password1": word, "new_password2": word}
    assert client.post("/admin/password_change/", form).status_code == 302
    assert [one.get("/admin/").status_code for one in (client, elsewhere)] == [200, 302]


def test_signing_in_takes_a_new_session(client: Client, staff: User) -> None:
    client.get("/admin/login/")
    before = client.session.session_key
    attempt(client, "right word of agent")
    assert client.session.session_key != before


def attempt(client: Client, password: str, *, address: str = "203.0.113.9", name: str = "agent") -> int:
    form = {"username": name, "password": password}
    return client.post("/admin/login/", form, REMOTE_ADDR=address).status_code


def test_too_many_wrong_passwords_lock_out_the_right_one_too(client: Client, staff: User) -> None:
    wrong = [attempt(client, "wrong") for _ in range(settings.AXES_FAILURE_LIMIT)]
    assert wrong == [200] * (settings.AXES_FAILURE_LIMIT - 1) + [429]
    assert attempt(client, "right word of agent") == 429


def test_lock_out_of_one_address_leaves_others_alone(client: Client, staff: User) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        attempt(client, "wrong")
    assert attempt(client, "right word of agent", address="203.0.113.10") == 302


def test_one_account_is_locked_out_from_everywhere_after_more_tries(client: Client, staff: User) -> None:
    for number in range(settings.LOGIN_LIMITS[1]):
        attempt(client, "wrong", address=f"198.51.100.{number}")
    assert attempt(client, "right word of agent", address="203.0.113.77") == 429


def test_one_address_is_locked_out_for_every_account_after_still_more_tries(
    client: Client, staff: User
) -> None:
    for number in range(settings.LOGIN_LIMITS[2]):
        attempt(client, "wrong", name=f"guess{number}")
    assert attempt(client, "right word of agent") == 429
    assert attempt(client, "right word of agent", address="203.0.113.10") == 302


def test_signing_in_with_one_account_does_not_let_an_address_guess_on(client: Client, staff: User) -> None:
    for number in range(settings.LOGIN_LIMITS[2] - 1):
        attempt(client, "wrong", name=f"guess{number}")
    assert attempt(client, "right word of agent") == 302
    assert attempt(Client(), "wrong", name="one more") == 429


def test_unknown_account_is_answered_like_a_known_one(client: Client, staff: User) -> None:
    pages = [
        client.post("/admin/login/", {"username": name, "password": "wrong"}).content.decode()
        for name in ("agent", "nobody")
    ]
    noise = r'(nonce|csrfmiddlewaretoken)(" value)?="[^"]*"|nobody|agent'
    known, unknown = (re.sub(noise, "", page) for page in pages)
    assert known == unknown


def test_lock_out_ends(client: Client, staff: User) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        attempt(client, "wrong")
    with time_machine.travel(datetime.now(UTC) + settings.AXES_COOLOFF_TIME + timedelta(seconds=1)):
        assert attempt(client, "right word of agent") == 302


def test_ended_sessions_and_old_failures_are_forgotten_and_living_ones_kept(
    client: Client, staff: User
) -> None:
    client.force_login(staff)
    attempt(Client(), "wrong")
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=1)):
        forget_expired()
        assert (Session.objects.count(), AccessAttempt.objects.count()) == (1, 1)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=30)):
        forget_expired()
        assert (Session.objects.count(), AccessAttempt.objects.count()) == (0, 0)
