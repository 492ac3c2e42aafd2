"""Security headers of every answer."""

import pytest
from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.test import Client, RequestFactory, override_settings

from m365integration.headers import SecurityHeaders, content_policy
from m365integration.proxies import TrustedProxies

NAMES = ("Content-Security-Policy", "Permissions-Policy", "Referrer-Policy", "X-Content-Type-Options")


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [
        ("/healthz", "testserver", 200),
        ("/admin/login/", "testserver", 200),
        ("/nowhere/", "testserver", 404),
        ("/admin/", "liar.example", 400),
        ("/static/nothing.css", "testserver", 404),
    ],
)
@pytest.mark.django_db
def test_every_answer_carries_the_security_headers(path: str, host: str, status: int) -> None:
    response = Client(raise_request_exception=False).get(path, headers={"host": host})
    assert response.status_code == status
    assert [name for name in NAMES if name not in response.headers] == []


def test_failing_page_carries_the_security_headers(rf: RequestFactory) -> None:
    def fail(request: HttpRequest) -> HttpResponse:
        raise ZeroDivisionError

    response = SecurityHeaders(convert_exception_to_response(fail))(rf.get("/"))
    assert response.status_code == 500
    assert [name for name in NAMES if name not in response.headers] == []


@pytest.mark.django_db
def test_refused_form_and_lock_out_carry_the_security_headers() -> None:
    """A form without its token, and too many wrong passwords; both say what to do."""
    forgetful = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "x", "password": "x"})
    for _number in range(settings.AXES_FAILURE_LIMIT):
        locked = Client().post("/admin/login/", {"username": "x", "password": "wrong"})
    for status, answer in {403: forgetful, 429: locked}.items():
        assert answer.status_code == status
        assert [name for name in NAMES if name not in answer.headers] == []
    assert "This form is too old" in forgetful.content.decode()
    assert "Too many wrong passwords" in locked.content.decode()


@pytest.mark.parametrize("name", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"])
def test_error_pages_are_ours_run_no_script_and_say_where_to_go(name: str) -> None:
    page = render_to_string(name)
    assert 'href="/admin/"' in page
    assert "<script" not in page


def test_page_that_shows_foreign_content_keeps_its_stricter_policy() -> None:
    strict = HttpResponse(headers={"Content-Security-Policy": "default-src 'none'"})
    response = SecurityHeaders(lambda request: strict)(RequestFactory().get("/"))
    assert response.headers["Content-Security-Policy"] == "default-src 'none'"


def test_policy_lets_a_sign_in_form_redirect_to_the_login_hosts_and_to_nobody_else() -> None:
    form_action = content_policy().rsplit("form-action ", 1)[1].split()
    assert form_action[0] == "'self'"
    assert all(host.startswith("https://login.") for host in form_action[1:])


@override_settings(M365_LOGIN_URL="https://localhost:8443")
def test_policy_knows_the_login_host_of_the_custom_cloud() -> None:
    assert content_policy().endswith(" https://localhost:8443")


def test_policy_runs_no_script_of_others_and_none_within_a_page() -> None:
    assert "script-src 'self' 'unsafe-eval';" in content_policy()
    assert "'unsafe-inline'" not in content_policy().split("style-src")[0]


def test_proxies_and_headers_stand_outside_everything_else() -> None:
    outer = [f"{each.__module__}.{each.__qualname__}" for each in (SecurityHeaders, TrustedProxies)]
    assert settings.MIDDLEWARE[:2] == outer
