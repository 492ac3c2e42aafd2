"""One record, one line, no secret (S-17, S-100)."""

import json
import logging
import logging.config
import sys

import pytest
from django.conf import settings

from m365integration.logs import JsonFormatter, LineFormatter

FORMATTERS = [LineFormatter(), JsonFormatter()]


def record(text: str, *args: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("mailboxes.inbound", logging.WARNING, "file.py", 1, text, args, None)
    vars(made).update(extra)
    return made


@pytest.mark.parametrize("formatter", FORMATTERS, ids=["text", "json"])
@pytest.mark.parametrize(
    "attack", ["a\nERROR root forged", "a\r\nb", "\x1b[31mred", "a\u2028b", "a\x00b", "\u202eevil"]
)
def test_control_characters_of_a_subject_stay_inside_one_line(
    formatter: logging.Formatter, attack: str
) -> None:
    printed = formatter.format(record("Subject %s", attack))
    assert printed.isprintable()


@pytest.mark.parametrize("formatter", FORMATTERS, ids=["text", "json"])
def test_traceback_is_part_of_the_line_and_shows_no_secret(formatter: logging.Formatter) -> None:
    try:
        raise ValueError("client_secret=canary-value-1")
    except ValueError:
        broken = record("failed")
        broken.exc_info = sys.exc_info()
    printed = formatter.format(broken)
    assert "ValueError" in printed
    assert "canary" not in printed
    assert "\n" not in printed


@pytest.mark.parametrize("formatter", FORMATTERS, ids=["text", "json"])
def test_secret_in_an_extra_is_hidden(formatter: logging.Formatter) -> None:
    assert "canary" not in formatter.format(record("sent", header="Authorization: Bearer canary-value-1"))


def test_line_shows_moment_level_logger_text_and_extras() -> None:
    printed = LineFormatter().format(record("Fetched %d", 3, mailbox=7, created=0))
    assert printed == "1970-01-01T00:00:00Z WARNING mailboxes.inbound Fetched 3 mailbox=7"


def test_json_is_one_document_with_the_same_facts() -> None:
    document = json.loads(JsonFormatter().format(record("Fetched %d", 3, mailbox=7, created=0)))
    assert document == {
        "at": "1970-01-01T00:00:00Z",
        "level": "warning",
        "logger": "mailboxes.inbound",
        "text": "Fetched 3",
        "mailbox": "7",
    }


@pytest.mark.parametrize("name", ["urllib3", "msal", "django.db.backends"])
def test_loggers_that_print_secrets_at_debug_do_not_reach_debug(name: str) -> None:
    assert settings.LOGGING["loggers"][name]["level"] == "WARNING"
