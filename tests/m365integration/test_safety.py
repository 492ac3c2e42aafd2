"""Each unsafe reason of a deployment, one by one (S-102 to S-107, S0-2)."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings

from m365integration.safety import Refused, reasons, refuse_if_unsafe

SAFE: dict[str, Any] = {
    "DEPLOYMENT": "production",
    "SECRET_KEY": "abcdefghij" * 6,
    "FERNET_KEYS": ["k" * 32],
    "DEBUG": False,
    "PUBLIC_URL": "https://desk.example",
    "PUBLIC_URL_IS_SET": True,
    "ALLOWED_HOSTS": ["desk.example"],
    "TRUSTED_PROXIES": ["10.0.0.0/24"],
    "DATABASES": {"default": {"ENGINE": "django.db.backends.postgresql"}},
    "CELERY_BROKER_URL": "redis://10.0.0.2:6379/0",
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "EMAIL_IS_SET": True,
    "EMAIL_HOST": "mail.desk.example",
    "EMAIL_USE_TLS": True,
    "EMAIL_USE_SSL": False,
    "ALERT_EMAILS": ["operator@desk.example"],
    "ALERT_WEBHOOK_URL": "",
    "METRICS_TOKEN": "",
    "RAW_FSYNC": True,
    "M365_LOGIN_URL": "",
    "STAFF_SIGN_IN_DIRECTORY_ID": "",
    "STAFF_SIGN_IN_CLIENT_ID": "",
    "STAFF_SIGN_IN_CLIENT_SECRET": "",
    "M365_GRAPH_URL": "",
    "GRAPH_SLOTS": 4,
}


def deployment(tmp_path: Path, **changes: Any) -> SimpleNamespace:
    """Compose settings: safe ones, the product's own rules for work, and the given changes."""
    work = {
        name: getattr(django_settings, name) for name in dir(django_settings) if name.startswith("CELERY_")
    }
    places = {"VAR_DIR": tmp_path, "MEDIA_ROOT": tmp_path / "media", "STATIC_ROOT": tmp_path / "static"}
    return SimpleNamespace(**(work | places | SAFE | changes))


def ids(settings: SimpleNamespace) -> list[str]:
    return [reason.id for reason in reasons(settings)]


def test_proper_production_has_no_reason_to_refuse(tmp_path: Path) -> None:
    assert ids(deployment(tmp_path)) == []


@pytest.mark.parametrize(
    ("expected", "changes"),
    [
        ("house.E001", {"DEPLOYMENT": "staging"}),
        ("house.E002", {"SECRET_KEY": ""}),
        ("house.E003", {"SECRET_KEY": "a" * 60}),
        ("house.E003", {"SECRET_KEY": "abcdefghij"}),
        ("house.E005", {"FERNET_KEYS": []}),
        ("house.E006", {"FERNET_KEYS": ["k" * 40, "short"]}),
        ("house.E007", {"FERNET_KEYS": ["abcdefghij" * 6]}),
        ("house.E008", {"DEBUG": True}),
        ("house.E009", {"DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3"}}}),
        ("house.E010", {"PUBLIC_URL": "http://desk.example"}),
        ("house.E011", {"PUBLIC_URL_IS_SET": False}),
        ("house.E012", {"ALLOWED_HOSTS": ["*"]}),
        ("house.E012", {"ALLOWED_HOSTS": []}),
        ("house.E013", {"CELERY_BROKER_URL": "memory://"}),
        ("house.E013", {"CELERY_BROKER_URL": ""}),
        ("house.E014", {"SESSION_COOKIE_SECURE": False}),
        ("house.E024", {"ALERT_WEBHOOK_URL": "http://chat.desk.example/hook"}),
        ("house.E025", {"EMAIL_USE_TLS": False}),
        ("house.E026", {"GRAPH_SLOTS": 5}),
        ("house.E026", {"GRAPH_SLOTS": 1}),
        ("house.E027", {"STATIC_ROOT": Path("/srv/desk"), "MEDIA_ROOT": Path("/srv/desk/media")}),
        ("house.E015", {"EMAIL_IS_SET": False}),
        ("house.E016", {"METRICS_TOKEN": "guess"}),
        ("house.E017", {"TRUSTED_PROXIES": ["0.0.0.0/0"]}),
        ("house.E017", {"TRUSTED_PROXIES": ["proxy.example"]}),
        ("house.E019", {"CELERY_TASK_ACKS_LATE": False}),
        ("house.E019", {"CELERY_ACCEPT_CONTENT": ["json", "pickle"]}),
        ("house.E028", {"STAFF_SIGN_IN_CLIENT_ID": "x"}),
        ("house.E020", {"M365_LOGIN_URL": "https://localhost:8443"}),
        ("house.E022", {"ALERT_EMAILS": []}),
        ("house.E023", {"TRUSTED_PROXIES": []}),
        ("house.E029", {"RAW_FSYNC": False}),
        ("house.E030", {"ALERT_EMAILS": ["operator@desk.example", "the-other"]}),
    ],
)
def test_unsafe_setting_is_the_only_reason_and_has_a_stable_id(
    tmp_path: Path, expected: str, changes: dict[str, Any]
) -> None:
    assert ids(deployment(tmp_path, **changes)) == [expected]


def test_readable_keys_mail_and_folder_are_unsafe(tmp_path: Path) -> None:
    (tmp_path / "secret.json").touch(0o644)
    (tmp_path / "media").mkdir(0o755)
    tmp_path.chmod(0o755)
    found = reasons(deployment(tmp_path, DEPLOYMENT="embedded"))
    assert {reason.id for reason in found} == {"house.E018"}
    assert [reason.fix.split()[2:] for reason in found] == [
        ["600", str(tmp_path / "secret.json")],
        ["700", str(tmp_path / "media")],
        ["700", str(tmp_path)],
    ]


def test_missing_trust_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "absent.pem"))
    assert ids(deployment(tmp_path)) == ["house.E021"]


def test_plain_http_is_allowed_on_localhost_only(tmp_path: Path) -> None:
    local = deployment(tmp_path, DEPLOYMENT="embedded", PUBLIC_URL="http://localhost:8000")
    assert ids(local) == []


def test_refusal_names_every_reason_with_its_fix_and_no_value(tmp_path: Path) -> None:
    unsafe = deployment(tmp_path, SECRET_KEY="half-typed", DEBUG=True, FERNET_KEYS=["short-one"])
    with pytest.raises(Refused) as refusal:
        refuse_if_unsafe(unsafe)
    text = str(refusal.value)
    assert [name in text for name in ("house.E003", "house.E006", "house.E008", "3 reason(s)")] == [True] * 4
    assert text.count("Fix: ") == 3
    assert "half-typed" not in text
    assert "short-one" not in text


def test_embedded_deployment_is_left_to_the_system_checks(tmp_path: Path) -> None:
    refuse_if_unsafe(deployment(tmp_path, DEPLOYMENT="embedded", PUBLIC_URL="http://desk.example"))
