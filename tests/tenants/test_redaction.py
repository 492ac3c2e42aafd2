"""What is secret stays out of anything printed (S-17, S-23)."""

from datetime import UTC, datetime

import pytest

from tenants import redaction
from tenants.microsoft.credentials import SecretCredential
from tenants.microsoft.identity import AppToken
from tenants.redaction import HIDDEN, redact, remember


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_live", type(redaction._live)())


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        ("Authorization: Bearer abc.def-123456", "Authorization: [redacted]"),
        (
            "{'access_token': 'opaque-token-1', 'expires_in': 3599}",
            "{'access_token': '[redacted]', 'expires_in': 3599}",
        ),
        ('{"refresh_token": "0.AXoA", "scope": "x"}', '{"refresh_token": "[redacted]", "scope": "x"}'),
        (
            "client_secret=a~b&grant_type=client_credentials",
            "client_secret=[redacted]&grant_type=client_credentials",
        ),
        (
            "GET /oauth/callback/?code=0.AX&state=xyz HTTP/1.1",
            "GET /oauth/callback/?code=[redacted]&state=[redacted] HTTP/1.1",
        ),
        ("token eyJhbGciOiJub25lIn0.eyJhdWQiOiJ4In0.c2ln seen", "token [redacted] seen"),
    ],
)
def test_secret_is_hidden_by_its_name_or_shape(printed: str, kept: str) -> None:
    assert redact(printed) == kept


def test_row_that_a_database_refused_is_hidden_and_the_rest_of_its_traceback_stays() -> None:
    error = 'psycopg.errors.CheckViolation: new row violates "x"\nDETAIL:  '
    refused = f"{error}Failing row contains (1, ada@a.example, It\n\nburns)."
    rest = "\n\nThe above exception was the direct cause of the following exception:\n\nTraceback …"
    assert redact(refused) == f"{error}{HIDDEN}"
    assert redact(refused + rest) == f"{error}{HIDDEN}{rest}"


def test_detail_within_a_line_takes_nothing_with_it() -> None:
    document = '{"log": "DETAIL:  none", "next": "kept"}'
    assert redact(document) == document


def test_private_key_is_hidden_to_its_last_line() -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nMIIEv\nAgEA\n-----END PRIVATE KEY-----"
    assert redact(f"before {pem} after") == f"before {HIDDEN} after"


@pytest.mark.parametrize(
    "words", ["code=AADSTS7000215", "state=received", "status_code=503", "decoded 12 mails"]
)
def test_words_of_a_diagnosis_stay(words: str) -> None:
    assert redact(words) == words


def test_remembered_value_is_hidden_wherever_it_stands() -> None:
    remember("Kx8~longsecretvalue")
    assert redact("value Kx8~longsecretvalue!") == f"value {HIDDEN}!"


def test_longer_of_two_nested_values_leaves_no_rest() -> None:
    remember("abcdefgh")
    remember("abcdefgh-ijkl")
    assert redact("abcdefgh-ijkl") == HIDDEN


def test_short_value_is_not_remembered_because_it_would_hide_words() -> None:
    remember("mail")
    assert redact("a mail") == "a mail"


def test_memory_is_bounded_and_forgets_the_oldest() -> None:
    for number in range(redaction.MOST_SECRETS + 1):
        remember(f"secret-number-{number:06}")
    assert len(redaction._live) == redaction.MOST_SECRETS
    assert redact("secret-number-000000") == "secret-number-000000"


def test_credential_and_token_in_use_are_hidden_whoever_prints_them() -> None:
    secret = SecretCredential("cnR8Q~value-without-a-name")
    token = AppToken(value="opaque-token-value", expires_at=datetime(2026, 11, 21, tzinfo=UTC))
    assert redact(f"{secret.value} and {token.value}") == f"{HIDDEN} and {HIDDEN}"
