"""Logs: one line a record, nothing that breaks out of its line, nothing secret."""

import json
import logging
import time
from typing import Any

from tenants.redaction import redact

#: Attributes every record has; whatever else is on it came from `extra=` and is worth printing.
_STANDARD = frozenset(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {
    "message",
    "asctime",
    "taskName",
    "request",
    "server_time",
}


class LineFormatter(logging.Formatter):
    """`2026-11-21T10:00:00Z INFO mailboxes.inbound text key=value`, control characters escaped (S-100)."""

    def format(self, record: logging.LogRecord) -> str:
        extra = "".join(f" {key}={value}" for key, value in _extra(record).items())
        line = f"{_moment(record)} {record.levelname} {record.name} {record.getMessage()}{extra}"
        if record.exc_info:
            line += f" {self.formatException(record.exc_info)}"
        return escape(redact(line))


class JsonFormatter(logging.Formatter):
    """One JSON document a line, for machines that collect logs."""

    def format(self, record: logging.LogRecord) -> str:
        document = _extra(record) | {
            "at": _moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": redact(record.getMessage()),
        }
        if record.exc_info:
            document["traceback"] = redact(self.formatException(record.exc_info))
        return json.dumps(document, default=str)


def escape(text: str) -> str:
    """Make control characters visible, so that one record stays one line and colours no terminal."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )


def config(*, level: str, style: str) -> dict[str, Any]:
    """Compose the LOGGING setting; style is `text` or `json`."""
    formatter = JsonFormatter if style == "json" else LineFormatter
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # At DEBUG these print bearer tokens, form bodies and whole statements.
            **{name: {"level": "WARNING"} for name in ("urllib3", "msal", "requests", "asyncio", "amqp")},
            "django.db.backends": {"level": "WARNING"},
            # Django's own handlers print to the same stream a second time.
            **{name: {"handlers": [], "propagate": True} for name in ("django", "django.server")},
            # Scanners that ask by address get their 400; a traceback for each would hide what matters.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            # Four lines for each sign-in; a failure and a lock-out are warnings.
            "axes": {"level": "WARNING"},
            "celery": {"level": "INFO"},
            # Four lines a second on an idle machine, each saying that nothing happened.
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
        },
    }


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {key: redact(str(value)) for key, value in vars(record).items() if key not in _STANDARD}


def _moment(record: logging.LogRecord) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
