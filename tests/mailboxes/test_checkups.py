"""Examined before it is switched on, once a night, and packed up for support without a secret."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from mailboxes import checkups
from mailboxes.models import ExaminationResult
from tenants import app_tokens
from tenants.microsoft import recorder
from tenants.models import AuditEntry
from tests.factories import CANARY_SECRET, MailboxFactory, OperatorFactory
from tests.journeys.customer import SECRET, Customer
from tests.journeys.fixtures import connected, control, customer, sandbox
from tests.mailboxes.admin.test_mailboxes import form_of, url_of
from tests.tenants.admin.conftest import signed_in

__all__ = ["connected", "control", "customer", "sandbox"]
pytestmark = [pytest.mark.journey, pytest.mark.django_db]

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def switch_on(customer: Customer) -> Any:
    customer.change(is_active=False)
    form = form_of(customer.row(), is_active="on")
    return signed_in(OperatorFactory()).post(url_of(customer.row()), form, follow=True)


def test_mailbox_is_tested_before_it_is_switched_on(customer: Customer) -> None:
    assert "switched on" in switch_on(customer).content.decode()
    assert customer.row().is_active
    assert ExaminationResult.objects.get().is_ok


def test_mailbox_that_fails_stays_off_and_the_page_says_what_to_do(customer: Customer) -> None:
    customer.control(f"apps/{customer.client_id}", {"roles": []}, method="PATCH")
    page = switch_on(customer).content.decode()
    assert not customer.row().is_active
    assert "This mailbox is switched off" in page
    assert page.count("an earlier step failed") == 1
    assert "For the customer&#x27;s administrator" in page or "ready to send" in page


def test_who_knows_better_switches_it_on_all_the_same(customer: Customer) -> None:
    customer.change(is_active=False)
    signed_in(OperatorFactory()).post(url_of(customer.row(), "switch_on"), {"anyway": "yes"})
    assert customer.row().is_active
    assert AuditEntry.objects.filter(details={"is_active": [False, True]}).exists()


def test_a_mailbox_that_is_off_is_tested_and_switched_on_by_one_button(customer: Customer) -> None:
    customer.change(is_active=False)
    operator = signed_in(OperatorFactory())
    assert "Test and switch on" in operator.get(url_of(customer.row())).content.decode()
    operator.post(url_of(customer.row(), "switch_on"))
    assert customer.row().is_active


def test_the_button_switches_nothing_on_that_fails(customer: Customer) -> None:
    customer.control(f"apps/{customer.client_id}", {"roles": []}, method="PATCH")
    customer.change(is_active=False)
    page = signed_in(OperatorFactory()).post(url_of(customer.row(), "switch_on"), follow=True)
    assert "has to be repaired first" in page.content.decode()
    assert not customer.row().is_active


def test_a_mailbox_nobody_signed_in_to_leads_to_its_sign_in(customer: Customer) -> None:
    customer.change(sign_in="authorization_code")
    page = switch_on(customer)
    assert page.request["PATH_INFO"] == url_of(customer.row())
    assert "press “Sign in”" in page.content.decode()


def test_new_mailbox_is_saved_off_and_tested(customer: Customer) -> None:
    form = form_of(customer.row(), address="nobody@contoso.example", tenant=customer.mailbox.tenant_id)
    page = signed_in(OperatorFactory()).post(reverse("admin:mailboxes_mailbox_add"), form, follow=True)
    assert page.request["PATH_INFO"].endswith("/examined/")
    assert "Not switched on" in page.content.decode()
    assert not checkups.Mailbox.objects.get(address="nobody@contoso.example").is_active


def test_change_of_a_mailbox_that_is_on_asks_microsoft_nothing(customer: Customer) -> None:
    signed_in(OperatorFactory()).post(url_of(customer.row()), form_of(customer.row(), copy_to="Journal"))
    assert customer.row().copy_to == "Journal"
    assert customer.control.targets() == []


def test_each_mailbox_is_due_once_a_night(db: None) -> None:
    rows = [MailboxFactory() for _number in range(3)]
    type(rows[0]).objects.update(created_at=NOON - timedelta(days=3))
    for row, hours in ((rows[1], 10), (rows[2], 12)):
        ExaminationResult.objects.create(
            tenant=row.tenant, mailbox=row, is_ok=True, examined_at=NOON - timedelta(hours=hours)
        )
    assert set(checkups.due(NOON)) == {rows[0].pk, rows[2].pk}
    assert rows[1].pk in checkups.due(NOON + timedelta(days=1))


def test_finding_of_the_night_is_told_unless_the_mailbox_says_so_itself(customer: Customer) -> None:
    customer.control(f"apps/{customer.client_id}", {"roles": []}, method="PATCH")
    checkups.check_up(customer.mailbox)
    assert [one.kind for one in checkups.findings()] == ["examination"]
    customer.change(trouble={"code": "x", "cause": "x", "who": "user", "fix": "x"})
    assert checkups.findings() == []


def test_last_result_is_shown_without_asking_microsoft(customer: Customer) -> None:
    found = checkups.check_up(customer.mailbox)
    customer.control("counters/reset")
    page = signed_in(OperatorFactory()).get(url_of(customer.mailbox, "examined")).content.decode()
    assert "Entra gave a fresh token" in page
    assert customer.control.targets() == []
    kept = checkups.last_found(customer.mailbox)
    assert kept is not None
    assert kept[0] == found


def bundle_of(customer: Customer) -> dict[str, str]:
    app_tokens._opened.clear()
    answer = signed_in(OperatorFactory()).post(url_of(customer.mailbox, "bundle"))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_bundle_holds_each_call_as_a_curl_line_and_no_secret(customer: Customer) -> None:
    """S3-20, S-16."""
    parts = bundle_of(customer)
    calls, everything = parts["calls.txt"], "".join(parts.values())
    assert "client_secret=$CLIENT_SECRET" in calls
    assert '-H "Authorization: Bearer $ACCESS_TOKEN"' in calls
    assert "# 20" in calls
    assert ": 200, request-id " in calls
    assert SECRET not in everything
    assert CANARY_SECRET not in everything
    assert "eyJ" not in everything


def test_bundle_says_how_the_mailbox_is_and_nothing_of_its_mail(customer: Customer) -> None:
    customer.arrive("printer", text="a very private text")
    customer.sync()
    parts = bundle_of(customer)
    assert json.loads(parts["mailbox.json"])["ledger"] == {"filed": 1}
    assert json.loads(parts["examination.json"])["ok"]
    assert json.loads(parts["registration.json"])["client_id"] == customer.client_id
    assert "very private" not in "".join(parts.values())
    assert "About printer" not in "".join(parts.values())


def test_call_without_an_answer_is_in_the_bundle(customer: Customer) -> None:
    customer.control.fault("reset_before", count=None, path="mailFolders")
    assert ": no answer\n" in bundle_of(customer)["calls.txt"]


def test_nothing_is_recorded_unless_asked_for() -> None:
    assert recorder.note("GET", "https://graph.microsoft.com", {}, None) is None


@pytest.mark.parametrize(
    ("headers", "body", "words"),
    [
        ({"Cookie": "a=secretsecret"}, None, '"Cookie: $COOKIE"'),
        (
            {"Content-Type": "application/x-www-form-urlencoded"},
            b"password=p%40ss&scope=a",
            "password=$PASSWORD&scope=a",
        ),
        ({"Content-Type": "text/plain"}, b"RnJvbTogYQ", "@body.bin"),
        ({"Content-Type": "application/json"}, b'{"a": "it\'s"}', "it'\"'\"'s"),
    ],
)
def test_curl_line_shows_what_is_plain_and_names_the_rest(
    headers: dict[str, str], body: bytes, words: str
) -> None:
    line = recorder.curl("POST", "https://graph.microsoft.com/v1.0/x", headers, body)
    assert words in line
    assert "secretsecret" not in line
    assert "p@ss" not in line
