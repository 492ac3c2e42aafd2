"""May a mail that opens a ticket be acknowledged? Only a person's, fresh, and not one that looks forged or unwanted.

Sources: RFC 3834 §2; X-Forefront-Antispam-Report and the spam confidence level as Exchange Online writes them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from mailboxes.parsing import ParsedMessage
from tickets.policies.loops import Treatment, Verdict
from tickets.policies.trust import Level, Trust

#: Later than this “it has arrived” tells nobody anything.
MAX_AGE: Final = timedelta(days=1)
#: Nobody read the mailbox for longer than this, or a backup was restored: then the mail may have had its answer from
#: the installation the backup was made of.
MAX_UNSEEN: Final = timedelta(minutes=30)
#: A sender hears once in this time that his mail has arrived, however many he writes. Source: RFC 3834 §2.
ONCE_IN: Final = timedelta(days=1)
#: Senders nobody has proven may be somebody else's victims: so many answers an hour go to them from one mailbox.
MAX_UNPROVEN_PER_HOUR: Final = 20
#: From this spam confidence level on Exchange takes a mail for spam.
_SPAM_LEVEL: Final = 5
_SPAM: Final = re.compile(r"\bSFV:(?:SPM|SKB|SKS)\b|\bCAT:(?:SPM|HSPM|PHSH|HPHSH|HPHISH|MALW|BULK|SPOOF)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known beside the mail: its age, whether it was imported, what rules, staff and breakers have said.

    `unseen` is how long it lay in the mailbox before it came into the ledger.
    """

    age: timedelta
    unseen: timedelta = timedelta(0)
    is_imported: bool = False
    is_forbidden: bool = False
    is_by_hand: bool = False
    #: Why it is one too many, "" when it is not.
    flood: str = ""


def why_silent(
    message: ParsedMessage, *, verdict: Verdict, trust: Trust, circumstances: Circumstances
) -> str:
    """Give the reason why a mail is not answered automatically, "" when it may be."""
    if verdict.treatment is not Treatment.ACCEPT:
        return verdict.reason
    if circumstances.is_imported:
        return "imported: it lay in the mailbox before it was connected"
    if circumstances.is_by_hand:
        return "staff made a ticket of it"
    if circumstances.is_forbidden:
        return "a rule says so"
    if circumstances.flood:
        return circumstances.flood
    if circumstances.age > MAX_AGE:
        return "it is older than a day"
    if circumstances.unseen > MAX_UNSEEN:
        return "it was found half an hour or more after it came, and may have been answered before"
    if trust.level is Level.FAILED:
        return f"its sender is not proven: {trust.reason}"
    return _spam(message)


def _spam(message: ParsedMessage) -> str:
    # Whoever forges these lines only keeps an answer from himself.
    if _SPAM.search(message.headers.first("x-forefront-antispam-report")[:4_000]):
        return "Exchange takes it for spam"
    level = message.headers.first("x-ms-exchange-organization-scl").strip()[:3]
    return "Exchange takes it for spam" if level.isdecimal() and int(level) >= _SPAM_LEVEL else ""
