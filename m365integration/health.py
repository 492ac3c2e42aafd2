"""Alive, ready, measured: the three addresses that monitoring asks."""

import hmac
import logging
import time
from collections.abc import Callable
from datetime import timedelta
from threading import Lock
from typing import Any, Final

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from kombu.exceptions import OperationalError

from m365integration import heartbeat, metrics
from m365integration.celery import app
from m365integration.headers import Answer
from m365integration.proxies import CAME_THROUGH_PROXY, is_loopback
from m365integration.safety import LOCAL_HOSTS
from tenants.whom import for_machine

log = logging.getLogger(__name__)
#: Anybody may ask, so an answer is kept this long and asking often costs nothing.
KEPT_S: Final = 2.0
OK: Final = "ok"


class Probes:
    """Answer probes before the Host header is judged, and before any redirect to https: monitors ask by address."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info)
        if probe is None or request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        with for_machine():
            response = probe(request)
        response.headers["Cache-Control"] = "no-store"
        return response


def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process answers; nothing else is looked at, so that a broken database restarts nobody."""
    return JsonResponse({"ok": True})


def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether mail is being worked on; a customer's broken mailbox is a number here, never a failure."""
    answer = _kept()
    response = JsonResponse(answer, status=200 if answer["ready"] else 503)
    # Django would log each 503 as an error of ours; the reason has been logged where it was found.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def metrics_page(request: HttpRequest) -> HttpResponse:
    """Give the figures to the holder of METRICS_TOKEN and to this machine itself."""
    if not _may_measure(request):
        return HttpResponseForbidden(
            "Metrics need the bearer token METRICS_TOKEN, or a request from loopback.\n"
        )
    return HttpResponse(metrics.exposition(), content_type=metrics.CONTENT_TYPE)


def _may_measure(request: HttpRequest) -> bool:
    offered = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
    if settings.METRICS_TOKEN and hmac.compare_digest(offered, settings.METRICS_TOKEN.encode()):
        return True
    # A proxy on this machine also comes from loopback; what it forwards carries its headers or a public name.
    host = request.META.get("HTTP_HOST", "").rsplit(":", 1)[0].strip("[]")
    came_through_proxy = request.META.get(CAME_THROUGH_PROXY, True)
    return not came_through_proxy and is_loopback(request.META.get("REMOTE_ADDR", "")) and host in LOCAL_HOSTS


def look() -> dict[str, Any]:
    """Try everything mail needs here; each value is `ok` or a sentence that says what to do."""
    checks = {"database": _database(), "broker": _broker()}
    checks |= _hearts() if checks["database"] == OK else {}
    stale = metrics.stale_mailboxes() if checks["database"] == OK else None
    return {"ready": set(checks.values()) == {OK}, "checks": checks, "stale_mailboxes": stale}


_lock = Lock()
_last: dict[str, Any] = {}


def _kept() -> dict[str, Any]:
    with _lock:
        if time.monotonic() - _last.get("at_s", -KEPT_S) >= KEPT_S:
            _last.update(answer=look(), at_s=time.monotonic())
        answer: dict[str, Any] = _last["answer"]
        return answer


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        log.exception("The database does not answer.")
        return "The database does not answer; look at DATABASE_URL and at its server."
    return OK


def _broker() -> str:
    try:
        with app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, timeout=settings.CELERY_BROKER_CONNECTION_TIMEOUT)
    except (OperationalError, OSError) as error:
        log.warning("The broker does not answer: %s", type(error).__name__)
        return "The broker does not answer; look at CELERY_BROKER_URL and at its server. No mail is lost."
    return OK


def _hearts() -> dict[str, str]:
    limit = timedelta(seconds=settings.HEARTBEAT_LIMIT_S)
    return {part: _heart(part, age=age, limit=limit) for part, age in heartbeat.ages().items()}


def _heart(part: str, *, age: timedelta | None, limit: timedelta) -> str:
    if age is None:
        return f"The {part} has not been heard yet; it needs some seconds after the first start."
    if age > limit:
        return f"The {part} was last heard {age.total_seconds():.0f} s ago; start it, or look at its log."
    return OK


PROBES: Final[dict[str, Callable[[HttpRequest], HttpResponse]]] = {
    "/healthz": healthz,
    "/readyz": readyz,
    "/metrics": metrics_page,
}
