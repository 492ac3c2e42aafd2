"""Configuration of gunicorn; `gunicorn --config python:m365integration.web m365integration.wsgi`."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "m365integration.settings")

from django.conf import settings

worker_class = "gthread"
workers = settings.WEB_PROCESSES
threads = settings.WEB_THREADS
timeout = 60
graceful_timeout = 5
keepalive = 5
max_requests = 20_000
max_requests_jitter = 2_000
# gunicorn 27 would otherwise put a control socket into the home folder.
control_socket_disable = True
# Forwarded headers are judged in proxies.py; gunicorn by default believes whatever comes from loopback.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
# No access log: addresses of a sign-in carry codes, and the proxy keeps one anyway.
accesslog = None
logconfig_dict = settings.LOGGING | {
    "loggers": settings.LOGGING["loggers"]
    | {
        name: {"handlers": [], "level": "WARNING", "propagate": True}
        for name in ("gunicorn.error", "gunicorn.access")
    }
}


def post_worker_init(worker: Any) -> None:
    """Do the work in this process, too, when there is no broker to reach another one."""
    if settings.DEPLOYMENT == "embedded" and settings.CELERY_BROKER_URL.startswith("memory:"):
        from m365integration.allinone import start_work

        start_work(concurrency=settings.CELERY_WORKER_CONCURRENCY)
