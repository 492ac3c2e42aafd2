"""Mails as policies see them: parsed from real bytes."""

from datetime import UTC, datetime

from mailboxes.parsing import ParsedMessage, parse
from tests import factories

RECEIVED_AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def letter(raw: bytes = b"", **headers: str) -> ParsedMessage:
    return parse(raw or factories.mail(**headers), received_at=RECEIVED_AT)
