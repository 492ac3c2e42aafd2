"""Error reports for people: where it broke, and nothing anybody typed (S-19)."""

import sys

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from django.views.debug import ExceptionReporter, get_exception_reporter_class

#: Put together at run time, because a report rightly shows the lines of the source.
CANARY = "canary"
PLACES = ("post", "query", "cookie", "header", "local", "error")


@pytest.fixture
def request_with_canaries(rf: RequestFactory) -> HttpRequest:
    rf.cookies["session"] = f"{CANARY}-cookie"
    return rf.post(
        f"/admin/tenants/credential/add/?code={CANARY}-query",
        {"value": f"{CANARY}-post"},
        headers={"authorization": f"Bearer {CANARY}-header", "referer": f"https://x/?code={CANARY}-query"},
    )


def report(request: HttpRequest) -> ExceptionReporter:
    typed = f"{CANARY}-local"
    try:
        raise ValueError(f"client_secret={CANARY}-error {len(typed)}")
    except ValueError:
        return get_exception_reporter_class(request)(request, *sys.exc_info())


@pytest.mark.parametrize("form", ["text", "html"])
def test_report_shows_the_place_and_none_of_the_values(request_with_canaries: HttpRequest, form: str) -> None:
    reporter = report(request_with_canaries)
    printed = reporter.get_traceback_text() if form == "text" else reporter.get_traceback_html()
    assert [place for place in PLACES if f"{CANARY}-{place}" in printed] == []
    assert "/admin/tenants/credential/add/" in printed
    assert "ValueError" in printed


def test_report_hides_local_variables(request_with_canaries: HttpRequest) -> None:
    frames = report(request_with_canaries).get_traceback_data()["frames"]
    values = [value for frame in frames for _, value in frame["vars"]]
    assert values
    assert not [value for value in values if CANARY in value]


def test_report_hides_settings(request_with_canaries: HttpRequest) -> None:
    assert report(request_with_canaries).get_traceback_data()["settings"] == {}
