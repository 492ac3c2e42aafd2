"""What Exchange's replies over SMTP mean, each told once: by its words, its enhanced status, its basic code.

Source: https://learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online,
https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/authenticated-client-smtp-submission,
RFC 5321 §4.2 and RFC 3463 for the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from tenants.diagnosis import diagnose_graph, diagnose_own, quote
from tenants.errors import (
    AccessDenied,
    BadAnswer,
    IntegrationError,
    MailboxFull,
    MailboxUnavailable,
    RecipientRefused,
    Throttled,
)

_ENHANCED: Final = re.compile(r"(?<![0-9.])([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])")
_MINUTE: Final = timedelta(minutes=1)
#: The limits of a day are counted over the last 24 hours, so that room comes back little by little.
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Meaning:
    kind: type[IntegrationError]
    code: str
    wait: timedelta | None = None
    permanent: bool | None = None


# What is repaired for the whole mailbox is not permanent: its mails wait, and then go out by themselves.
_AUTH_OFF = _Meaning(MailboxUnavailable, "smtp_auth_off", permanent=False)
_LOGIN = _Meaning(AccessDenied, "smtp_login_refused", permanent=False)
_BUSY = _Meaning(Throttled, "smtp_busy", wait=_MINUTE)
_RATE = _Meaning(Throttled, "smtp_rate", wait=_MINUTE)
_DAY = _Meaning(Throttled, "smtp_daily_limit", wait=_HOUR)
_DAY_OF_ALL = _Meaning(Throttled, "tenant_daily_limit", wait=_HOUR)
_BLOCKED = _Meaning(Throttled, "sender_blocked", wait=_HOUR)
_FULL = _Meaning(MailboxFull, "sender_mailbox_full")
_LARGE = _Meaning(BadAnswer, "mail_too_large", permanent=True)

#: What the reply holds in lower case; the first that fits.
_BY_WORDS: Final[tuple[tuple[str, _Meaning], ...]] = (
    ("smtpclientauthentication is disabled", _AUTH_OFF),
    ("thread limit exceeded", _BUSY),
    ("concurrent connections", _BUSY),
    ("submission rate", _RATE),
    ("quotaexceeded", _FULL),
)
_BY_STATUS: Final[dict[str, _Meaning]] = {
    "4.2.2": _FULL,
    "5.2.2": _FULL,
    "5.2.122": _FULL,
    "4.3.2": _BUSY,
    "4.4.2": _RATE,
    "4.7.0": _BUSY,
    "4.7.500": _BUSY,
    "5.1.8": _BLOCKED,
    "5.1.90": _DAY,
    "5.2.3": _LARGE,
    "5.3.4": _LARGE,
    "5.7.3": _LOGIN,
    "5.7.8": _LOGIN,
    "5.7.30": _LOGIN,
    "5.7.57": _LOGIN,
    "5.7.139": _LOGIN,
    "5.7.232": _DAY_OF_ALL,
    "5.7.233": _DAY_OF_ALL,
    "5.7.501": _BLOCKED,
    "5.7.502": _BLOCKED,
    "5.7.503": _BLOCKED,
    "5.7.705": _BLOCKED,
    "5.7.708": _BLOCKED,
}
_BY_CODE: Final[dict[int, _Meaning]] = {
    421: _BUSY,
    432: _BUSY,
    454: _BUSY,
    530: _LOGIN,
    534: _LOGIN,
    535: _LOGIN,
    552: _LARGE,
}
#: Of these codes every recipient has his own.
_OF_RECIPIENT: Final = frozenset({450, 451, 452, 501, 550, 551, 553, 554})
_SEND_AS: Final = ("5.7.60", "5.2.252")


def refused(code: int, text: str, *, is_recipient: bool = False) -> IntegrationError:
    """Say what a reply of 400 or more means. The result quotes the server without secrets and addresses."""
    words, found = text.lower(), _ENHANCED.search(text)
    status = found[1] if found else ""
    if status in _SEND_AS or "sendasdenied" in words:
        return AccessDenied(diagnose_graph(403, "ErrorSendAsDenied"), permanent=True)
    if meaning := _known(code, status, words):
        diagnosis = diagnose_own(meaning.code, detail=_said(code, status))
        return meaning.kind(diagnosis, permanent=meaning.permanent, retry_after=meaning.wait)
    is_final = code >= 500
    if is_recipient and code in _OF_RECIPIENT:
        own = "recipient_refused" if is_final else "recipient_later"
        return RecipientRefused.own(own, detail=_said(code, status), permanent=is_final)
    own = "smtp_refused" if is_final else "smtp_not_now"
    return BadAnswer.own(own, detail=quote(f"{code} {text}"), permanent=is_final)


def limit_of(status: str) -> IntegrationError | None:
    """Say which limit of the sender a report of non-delivery tells of; None where it is about the recipient."""
    if _BY_STATUS.get(status) not in (_DAY, _DAY_OF_ALL, _BLOCKED):
        return None
    return refused(550, status)


def _known(code: int, status: str, words: str) -> _Meaning | None:
    for mark, meaning in _BY_WORDS:
        if mark in words:
            return meaning
    return _BY_STATUS.get(status) or _BY_CODE.get(code)


def _said(code: int, status: str) -> str:
    return f"{code} {status}".strip()
