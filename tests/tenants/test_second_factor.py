"""The second step of signing in: off until set up, a code is good once, wrong ones lock out (S-26)."""

from __future__ import annotations

import json
from typing import Any

import pyotp
import pytest
import time_machine
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.test import Client

from tenants import second_factor
from tenants.models import AuditEntry, RecoveryCode, SecondFactor, Tenant
from tenants.proof import PROVED
from tests.factories import PASSWORD, EntryFactory, InboundMessageFactory, MembershipFactory, OperatorFactory
from tests.tenants.admin.conftest import signed_in

pytestmark = pytest.mark.django_db
START = 1_795_262_400  # 2026-11-21T12:00:00Z, the first second of a code
PAGE, CODE = "/admin/second-step/", "/admin/login/code/"


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture
def ada(clock: Any) -> User:
    person: User = MembershipFactory(user__username="ada").user
    return person


@pytest.fixture
def factor(ada: User) -> SecondFactor:
    made = second_factor.begin(ada)
    made.recovery = second_factor.confirm(made, code=now(made))  # type: ignore[attr-defined]
    made.refresh_from_db()
    return made


def now(factor: SecondFactor, *, steps: int = 0) -> str:
    return pyotp.TOTP(factor.secret).at(START, counter_offset=steps)


def give_password(client: Client, *, name: str = "ada", next_page: str = "") -> Any:
    return client.post("/admin/login/", {"username": name, "password": PASSWORD, "next": next_page})


def give_code(client: Client, code: str) -> Any:
    return client.post(CODE, {"code": code})


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_nobody_is_asked_who_has_not_set_it_up(client: Client, ada: User) -> None:
    assert give_password(client).headers["Location"] == "/admin/"
    assert is_signed_in(client)


def test_the_password_alone_signs_nobody_in(client: Client, factor: SecondFactor) -> None:
    assert give_password(client).headers["Location"] == CODE
    assert not is_signed_in(client)
    assert client.get("/admin/").status_code == 302


def test_the_code_beside_it_does_and_leads_on(client: Client, clock: Any, factor: SecondFactor) -> None:
    give_password(client, next_page="/admin/tickets/ticket/")
    clock.shift(30)
    answer = give_code(client, now(factor, steps=1))
    assert answer.headers["Location"] == "/admin/tickets/ticket/"
    assert is_signed_in(client)


def test_a_code_is_good_once(client: Client, clock: Any, factor: SecondFactor) -> None:
    """The one that confirmed the app, too, and an older one after a newer one."""
    give_password(client)
    assert give_code(client, now(factor)).status_code == 200
    clock.shift(30)
    give_code(client, now(factor, steps=1))
    other = Client()
    give_password(other)
    for steps in (0, 1):
        give_code(other, now(factor, steps=steps))
    assert (is_signed_in(client), is_signed_in(other)) == (True, False)


@pytest.mark.parametrize("steps", [-2, 2])
def test_a_clock_may_be_wrong_by_thirty_seconds_and_no_more(
    client: Client, factor: SecondFactor, steps: int
) -> None:
    SecondFactor.objects.update(last_step=0)
    give_password(client)
    give_code(client, now(factor, steps=steps))
    assert not is_signed_in(client)
    give_code(client, now(factor, steps=steps // 2))
    assert is_signed_in(client)


def test_a_recovery_code_is_good_once_and_told(client: Client, factor: SecondFactor) -> None:
    code = factor.recovery[0]  # type: ignore[attr-defined]
    give_password(client)
    give_code(client, code.upper())
    other = Client()
    give_password(other)
    give_code(other, code)

    assert (is_signed_in(client), is_signed_in(other)) == (True, False)
    told = AuditEntry.objects.for_machine().get(action="recovered")
    assert (told.actor, told.details) == ("ada", {"recovery_codes_left": 9})


def test_wrong_codes_lock_out_like_wrong_passwords(client: Client, clock: Any, factor: SecondFactor) -> None:
    give_password(client)
    tries = [give_code(client, "000000").status_code for _ in range(settings.AXES_FAILURE_LIMIT)]
    assert tries == [200] * (settings.AXES_FAILURE_LIMIT - 1) + [429]
    clock.shift(30)
    assert give_code(client, now(factor, steps=1)).status_code == 429
    assert give_password(Client()).status_code == 429


def test_the_right_password_forgives_no_wrong_code(client: Client, factor: SecondFactor) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        give_password(client)
        give_code(client, "000000")
    give_password(client)
    assert give_code(client, "000000").status_code == 429


def test_what_was_typed_as_a_code_is_kept_nowhere(client: Client, factor: SecondFactor) -> None:
    give_password(client)
    give_code(client, "mistyped-recovery")
    kept = json.dumps(list(AccessAttempt.objects.values()), default=str)
    assert "code" in kept
    assert "mistyped" not in kept


def test_a_right_password_waits_five_minutes_for_its_code(
    client: Client, clock: Any, factor: SecondFactor
) -> None:
    give_password(client)
    clock.shift(301)
    assert give_code(client, now(factor, steps=10)).headers["Location"] == "/admin/login/"
    assert not is_signed_in(client)


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}, {"password": "!"}])
def test_an_account_that_changed_meanwhile_stays_out(
    client: Client, clock: Any, factor: SecondFactor, change: dict[str, Any]
) -> None:
    give_password(client)
    User.objects.filter(username="ada").update(**change)
    clock.shift(30)
    give_code(client, now(factor, steps=1))
    assert not is_signed_in(client)


def test_nobody_gets_to_the_code_without_a_password(client: Client, factor: SecondFactor) -> None:
    for answer in (client.get(CODE), give_code(client, now(factor, steps=1))):
        assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/login/")


def test_it_is_set_up_on_ones_own_page(ada: User) -> None:
    client = signed_in(ada)
    page = client.post(PAGE, {"do": "begin"}).content.decode()
    pending = SecondFactor.objects.get(user=ada)
    assert 'src="data:image/svg+xml' in page
    assert " ".join(pending.secret[at : at + 4] for at in range(0, 32, 4)) in page
    assert second_factor.factor_of(ada) is None

    client.post(PAGE, {"do": "confirm", "code": "000000"})
    assert second_factor.factor_of(ada) is None
    page = client.post(PAGE, {"do": "confirm", "code": now(pending)}).content.decode()
    assert second_factor.factor_of(ada) is not None
    assert page.count("<li><code>") == second_factor.RECOVERY_CODES
    assert "<li><code>" not in client.get(PAGE).content.decode()


def test_neither_secret_nor_recovery_code_can_be_read_from_the_rows(factor: SecondFactor) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM tenants_secondfactor")
        assert factor.secret not in str(cursor.fetchone()[0])
    written = json.dumps([*RecoveryCode.objects.values(), *Session.objects.values()], default=str)
    for code in factor.recovery:  # type: ignore[attr-defined]
        assert code.replace("-", "") not in written


def test_backup_of_rows_holds_no_secret(factor: SecondFactor, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("dumpdata", "tenants.secondfactor")
    assert factor.secret not in capsys.readouterr().out


def test_new_recovery_codes_end_the_old_ones(ada: User, factor: SecondFactor) -> None:
    signed_in(ada).post(PAGE, {"do": "codes"})
    assert not second_factor.admits(factor, code=factor.recovery[0])  # type: ignore[attr-defined]
    assert RecoveryCode.objects.count() == second_factor.RECOVERY_CODES


def test_setting_it_up_and_taking_it_off_are_told(ada: User, factor: SecondFactor) -> None:
    signed_in(ada).post(PAGE, {"do": "remove"})
    assert not SecondFactor.objects.exists()
    told = AuditEntry.objects.for_machine().filter(subject_kind="tenants.secondfactor").order_by("pk")
    assert [(line.action, line.actor) for line in told] == [("added", "ada"), ("deleted", "ada")]


def test_the_page_asks_for_the_password_again_after_an_hour(clock: Any, ada: User) -> None:
    client = signed_in(ada)
    assert client.get(PAGE).status_code == 200
    clock.shift(settings.PROOF_S + 1)
    assert client.get(PAGE).headers["Location"].startswith("/admin/confirm/")


def test_a_tenant_may_ask_for_it(client: Client, ada: User) -> None:
    ada.memberships.get().tenant.__class__.objects.update(requires_second_factor=True)
    give_password(client)
    mail, entry = InboundMessageFactory(), EntryFactory()
    for address in (
        "/admin/tickets/ticket/",
        f"/mailboxes/ledger/{mail.pk}/original/",
        f"/tickets/entries/{entry.pk}/html/",
        "/oauth/callback/",
    ):
        assert client.get(address).headers["Location"] == PAGE
    assert "Set it up to go on" in client.get(PAGE).content.decode()
    client.post(PAGE, {"do": "begin"})
    client.post(PAGE, {"do": "confirm", "code": now(SecondFactor.objects.get())})
    assert client.get("/admin/tickets/ticket/").status_code == 200

    client.post(PAGE, {"do": "remove"})
    assert SecondFactor.objects.exists()


def test_the_operator_takes_it_off_somebody_who_lost_it(client: Client, factor: SecondFactor) -> None:
    operator = signed_in(OperatorFactory(username="boss"))
    page = operator.get(f"/admin/auth/user/{factor.user_id}/change/").content.decode()
    door = f"/admin/auth/user/{factor.user_id}/second-step/"
    assert door in page
    assert "password alone is enough" in operator.get(door).content.decode()
    operator.post(door)

    told = AuditEntry.objects.for_machine().get(action="deleted")
    assert (told.actor, told.subject) == ("boss", "second step of ada")
    give_password(client)
    assert is_signed_in(client)


def test_a_secret_that_no_key_opens_leaves_the_recovery_codes(client: Client, factor: SecondFactor) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tenants_secondfactor SET secret = %s", [b"of a lost key"])
    give_password(client)
    give_code(client, "123456")
    assert not is_signed_in(client)
    give_code(client, factor.recovery[1])  # type: ignore[attr-defined]
    assert is_signed_in(client)


def test_who_has_to_set_it_up_may_take_longer_than_his_password_stays_fresh(
    client: Client, ada: User
) -> None:
    Tenant.objects.update(requires_second_factor=True)
    give_password(client)
    session = client.session
    session[PROVED] = 0
    session.save()
    assert client.get(PAGE, follow=True).status_code == 200


def test_nobody_is_kept_from_work_once_it_is_asked_for_no_longer(client: Client, ada: User) -> None:
    Tenant.objects.update(requires_second_factor=True)
    give_password(client)
    Tenant.objects.update(requires_second_factor=False)
    assert client.get("/admin/tickets/ticket/").status_code == 200


def elsewhere_and_here(person: User) -> list[Client]:
    found = [signed_in(person) for _browser in range(2)]
    assert [one.get("/admin/").status_code for one in found] == [200, 200]
    return found


def test_setting_it_up_ends_every_session_but_this_one(ada: User) -> None:
    """S-25: whoever had got in with the password alone is out."""
    elsewhere, here = elsewhere_and_here(ada)
    here.post(PAGE, {"do": "begin"})
    key = here.session.session_key
    here.post(PAGE, {"do": "confirm", "code": now(SecondFactor.objects.get())})
    assert [one.get("/admin/").status_code for one in (elsewhere, here)] == [302, 200]
    assert here.session.session_key != key


def test_taking_it_off_ends_every_session_but_this_one(ada: User, factor: SecondFactor) -> None:
    elsewhere, here = elsewhere_and_here(ada)
    here.post(PAGE, {"do": "remove"})
    assert [one.get("/admin/").status_code for one in (elsewhere, here)] == [302, 200]


def test_sessions_end_when_the_operator_takes_it_off(ada: User, factor: SecondFactor) -> None:
    theirs = elsewhere_and_here(ada)
    operator = signed_in(OperatorFactory(username="boss"))
    operator.post(f"/admin/auth/user/{ada.pk}/second-step/")
    assert [one.get("/admin/").status_code for one in [*theirs, operator]] == [302, 302, 200]


def test_a_tenant_that_begins_to_ask_for_it_ends_sessions_without(ada: User) -> None:
    has_one = MembershipFactory(user__username="bob", tenant=ada.memberships.get().tenant).user
    second_factor.confirm(made := second_factor.begin(has_one), code=now(made))
    clients = [signed_in(person) for person in (ada, has_one)]
    assert [one.get("/admin/").status_code for one in clients] == [200, 200]
    Tenant.objects.update(requires_second_factor=True)
    assert [one.get("/admin/").status_code for one in clients] == [302, 200]
