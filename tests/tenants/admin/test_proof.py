"""Before what lets people in or cannot be taken back, it is asked again who is there (S-28)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tenants.models import Credential, Membership, Tenant
from tests.factories import MembershipFactory, UserFactory
from tests.tenants.admin.conftest import Desk, signed_in

WORD = "a right long password 7"


def later(client: Client, *, minutes: int = 0) -> time_machine.travel:
    """Use the session now, and travel behind the time its password counts."""
    client.get("/admin/")
    return time_machine.travel(datetime.now(UTC) + timedelta(seconds=settings.PROOF_S, minutes=minutes))


def is_asked(answer: object) -> bool:
    return getattr(answer, "status_code", 0) == 302 and "/admin/confirm/?next=" in getattr(answer, "url", "")


@pytest.fixture
def admin(desk: Desk) -> User:
    desk.admin.set_password(WORD)
    desk.admin.save()
    return desk.admin


def test_dangerous_pages_ask_and_others_do_not(desk: Desk) -> None:
    client = signed_in(desk.operator)
    dangerous = [
        reverse("admin:tenants_appregistration_change", args=[desk.registration.pk]),
        reverse("admin:tenants_appregistration_delete", args=[desk.registration.pk]),
        reverse("admin:tenants_appregistration_replace", args=[desk.registration.pk]),
        reverse("admin:tenants_tenant_delete", args=[desk.ours.pk]),
        reverse("admin:tenants_membership_add"),
        reverse("admin:auth_user_add"),
        reverse("admin:auth_user_password_change", args=[desk.agent.pk]),
    ]
    calm = [
        reverse("admin:tickets_ticket_changelist"),
        reverse("admin:tenants_tenant_change", args=[desk.ours.pk]),
    ]
    fresh = [is_asked(client.get(url)) for url in dangerous]
    with later(client):
        assert [is_asked(client.get(url)) for url in dangerous + calm] == [True] * 7 + [False] * 2
    assert fresh == [False] * 7


def test_nothing_is_done_without_a_proof(desk: Desk) -> None:
    client, tenants = signed_in(desk.operator), Tenant.objects.filter(pk=desk.ours.pk)
    member = MembershipFactory(tenant=desk.ours)
    tenants.update(is_active=False)
    credentials = Credential.objects.count()
    with later(client, minutes=31):
        posts = [
            (
                reverse("admin:tenants_appregistration_replace", args=[desk.registration.pk]),
                {"kind": "secret", "value": "a fresh secret"},
            ),
            (reverse("admin:tenants_tenant_delete", args=[desk.ours.pk]), {"name": desk.ours.name}),
            (
                reverse("admin:tenants_membership_changelist"),
                {"action": "delete_selected", "_selected_action": [member.pk], "post": "yes"},
            ),
        ]
        assert [is_asked(client.post(url, form)) for url, form in posts] == [True] * 3
    assert (Credential.objects.count(), tenants.count()) == (credentials, 1)
    assert Membership.objects.filter(pk=member.pk).exists()


def test_a_form_opened_with_a_proof_may_still_be_sent(desk: Desk) -> None:
    client, newcomer = signed_in(desk.operator), UserFactory()
    form = {"tenant": desk.ours.pk, "user": newcomer.pk, "role": "viewer"}
    with later(client, minutes=5):
        client.post(reverse("admin:tenants_membership_add"), form)
    assert Membership.objects.filter(user=newcomer).exists()


def test_the_right_password_leads_back_and_counts_again(desk: Desk, admin: User) -> None:
    client, url = signed_in(admin), reverse("admin:tenants_membership_add")
    with later(client):
        answer = client.post(reverse("prove"), {"password": WORD, "next": url})
        assert (answer.status_code, answer.headers["Location"]) == (302, url)
        assert client.get(url).status_code == 200


def test_a_wrong_password_asks_again_and_locks_out_in_the_end(desk: Desk, admin: User) -> None:
    client = signed_in(admin)
    tries = [client.post(reverse("prove"), {"password": "wrong"}) for _ in range(settings.AXES_FAILURE_LIMIT)]
    assert [one.status_code for one in tries] == [200] * (settings.AXES_FAILURE_LIMIT - 1) + [429]
    assert "That is not the password" in tries[0].content.decode()
    assert client.post(reverse("prove"), {"password": WORD}).status_code == 429


@pytest.mark.parametrize(
    "there", ["//evil.example/admin/", "https://evil.example/", "/\\evil", "javascript:x", ""]
)
def test_the_way_back_leads_nowhere_else(desk: Desk, admin: User, there: str) -> None:
    """S-52."""
    answer = signed_in(admin).post(reverse("prove"), {"password": WORD, "next": there})
    assert answer.headers["Location"] == "/admin/"


def test_foreign_and_missing_rows_ask_alike(desk: Desk) -> None:
    client = signed_in(desk.admin)
    with later(client):
        for pk in (desk.foreign.pk, 987654):
            assert is_asked(client.get(reverse("admin:tenants_appregistration_change", args=[pk])))
