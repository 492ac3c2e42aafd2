from __future__ import annotations

import json
import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import responses
from django.core import mail
from pytest_django.fixtures import Settings as SettingsWrapper

from tenants import alerts
from tenants.alerts import Condition
from tenants.models import Alert

pytestmark = [pytest.mark.django_db, pytest.mark.database]

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
HOOK = "https://chat.example/hooks/t0ken-in-the-path"
LATER = NOW + alerts.GRACE + timedelta(minutes=1)


def trouble(subject: str = "help@contoso.example (Contoso)") -> Condition:
    return Condition(
        kind=Alert.Kind.MAILBOX_TROUBLE,
        subject=subject,
        cause="The secret has expired.",
        fix="Make a new one.",
    )


def reconcile(now: datetime, *conditions: Condition) -> None:
    alerts.reconcile(conditions, [Alert.Kind.MAILBOX_TROUBLE], now)


@pytest.fixture
def hook(settings: SettingsWrapper, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A webhook on a public address; the resolver is the wire here."""
    settings.ALERT_WEBHOOK_URL, settings.ALERT_EMAILS = HOOK, []
    answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: answer)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
        wire.post("https://93.184.215.14:443/hooks/t0ken-in-the-path", status=200)
        yield wire


def bodies(hook: responses.RequestsMock) -> list[dict[str, Any]]:
    return [json.loads(call.request.body or b"") for call in hook.calls]


def test_trouble_that_lasts_is_told_once_with_cause_and_fix(hook: responses.RequestsMock) -> None:
    reconcile(NOW, trouble())
    assert alerts.tell(LATER) == 1
    alerts.tell(LATER + alerts.PAUSE)
    (body,) = bodies(hook)
    assert "The secret has expired." in body["text"]
    assert body["alerts"][0]["fix"] == "Make a new one."


def test_no_proxy_comes_between_the_address_that_was_checked_and_us(
    hook: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    reconcile(NOW, trouble())
    assert alerts.tell(LATER) == 1
    assert not hook.calls[0].request.req_kwargs["proxies"]  # type: ignore[attr-defined]  # what requests was about to use


def test_trouble_that_passes_at_once_wakes_nobody(hook: responses.RequestsMock) -> None:
    reconcile(NOW, trouble())
    reconcile(NOW + timedelta(minutes=1))
    assert alerts.tell(LATER) == 0
    assert not hook.calls


def test_recovery_is_told_after_the_alert_was(hook: responses.RequestsMock) -> None:
    reconcile(NOW, trouble())
    alerts.tell(LATER)
    reconcile(LATER + timedelta(hours=1))
    assert alerts.tell(LATER + timedelta(hours=1, minutes=1)) == 0
    alerts.tell(LATER + timedelta(hours=1) + alerts.SETTLED)
    assert [item["kind"] for item in bodies(hook)[1]["recovered"]] == ["mailbox_trouble"]


def test_trouble_that_comes_and_goes_is_one_alert_and_one_end(hook: responses.RequestsMock) -> None:
    """Four minutes of trouble, four without, for two hours."""
    now = NOW
    for _turn in range(15):
        reconcile(now, trouble())
        alerts.tell(now + timedelta(minutes=4))
        reconcile(now + timedelta(minutes=4))
        alerts.tell(now := now + timedelta(minutes=8))
    alerts.tell(now + alerts.SETTLED)
    assert [(len(body["alerts"]), len(body["recovered"])) for body in bodies(hook)] == [(1, 0), (0, 1)]
    assert Alert.objects.count() == 1


def test_a_hundred_mailboxes_are_one_notice(hook: responses.RequestsMock) -> None:
    reconcile(NOW, *(trouble(f"help{n}@contoso.example (Contoso)") for n in range(100)))
    assert alerts.tell(LATER) == 100
    (body,) = bodies(hook)
    assert "and 70 more" in body["text"]


def test_notices_come_no_faster_than_the_pause(hook: responses.RequestsMock) -> None:
    reconcile(NOW, trouble("a"))
    alerts.tell(LATER)
    reconcile(LATER, trouble("a"), trouble("b"))
    assert alerts.tell(LATER + alerts.PAUSE - timedelta(seconds=1)) == 0
    assert alerts.tell(LATER + alerts.PAUSE + timedelta(seconds=1)) == 1


def test_trouble_that_lasts_a_day_is_told_again(hook: responses.RequestsMock) -> None:
    reconcile(NOW, trouble())
    alerts.tell(LATER)
    assert alerts.tell(LATER + alerts.REMIND_AFTER) == 1


def test_notice_that_could_not_be_sent_stays_due(hook: responses.RequestsMock) -> None:
    hook.replace(responses.POST, "https://93.184.215.14:443/hooks/t0ken-in-the-path", status=500)
    reconcile(NOW, trouble())
    assert alerts.tell(LATER) == 0
    assert Alert.objects.get().told_at is None


def test_redirect_of_the_webhook_is_not_followed(hook: responses.RequestsMock) -> None:
    hook.replace(
        responses.POST,
        "https://93.184.215.14:443/hooks/t0ken-in-the-path",
        status=302,
        headers={"Location": "https://169.254.169.254/"},
    )
    reconcile(NOW, trouble())
    alerts.tell(LATER)
    assert len(hook.calls) == 1


def test_address_of_the_webhook_stays_out_of_the_log(
    hook: responses.RequestsMock, caplog: pytest.LogCaptureFixture
) -> None:
    hook.replace(
        responses.POST,
        "https://93.184.215.14:443/hooks/t0ken-in-the-path",
        body=requests.ConnectionError(f"no route to {HOOK}"),
    )
    reconcile(NOW, trouble())
    alerts.tell(LATER)
    assert "t0ken" not in caplog.text
    assert "ConnectionError" in caplog.text


def test_operator_without_webhook_gets_a_mail(settings: SettingsWrapper) -> None:
    settings.ALERT_WEBHOOK_URL, settings.ALERT_EMAILS = "", ["operator@desk.example"]
    reconcile(NOW, trouble())
    alerts.tell(LATER)
    assert "Make a new one." in mail.outbox[0].body


def test_alert_opens_once_while_its_condition_lasts() -> None:
    reconcile(NOW, trouble())
    reconcile(NOW + timedelta(minutes=1), trouble())
    assert Alert.objects.count() == 1
