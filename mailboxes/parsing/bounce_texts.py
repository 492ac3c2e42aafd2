"""Failure reports written for people only, by servers that never learned RFC 3464."""

import re

from .addresses import clean_email
from .limits import Limits
from .values import Address, BounceRecipient, Headers


def _any(*phrases: str) -> str:
    return "(?:" + "|".join(phrases) + ")"


_DAEMONS = re.compile(
    r"(?:mailer[-_.]?daemon|postmaster|mail[-_.]?(?:delivery|daemon|admin|system)|mdaemon|microsoftexchange|amavis"
    r"|sys-?op|bounce|dmail|mail\.delivery)",
    re.IGNORECASE,
)
_SUBJECTS = re.compile(
    _any(
        *(
            "undeliver",
            "non[- ]?deliver",
            "not (?:be )?deliver",
            "deliver(?:y|ed)? notification",
            "failure notice",
        ),
        r"delivery (?:status|has failed|failure|failed|error|problem|report|delay|warning)",
        *(r"mail(?: delivery)? (?:fail|error|system error)", r"returned (?:mail|e-?mail|message|to sender)"),
        r"message (?:undeliver|delay|status - undeliver|you sent blocked|not deliver)",
        *(r"mail(?: could)? not deliver", "email delivery error", "could not send (?:email|message)"),
        *("address (?:unknown|not found)", "unzustellbar", "nicht zugestellt"),
        *(r"zustellung(?:s)? ?(?:fehl|problem|benachrichtigung)", "non remis", "échec de (?:la )?remise"),
        *("no se puede entregar", "no entregad", "onbestelbaar", "niet bezorgd", "niedostarczon"),
        *("nie można dostarczyć", "non recapitabile", "não (?:é possível entregar|entregue)"),
        *(
            "kan ikke leveres",
            "ikke levert",
            "oleveriba",
            "kunde inte levereras",
            "не доставлен",
            "недоставлен",
        ),
        *("配信不能", "无法(?:传递|送达)"),
    ),
    re.IGNORECASE,
)
_FAILURES = re.compile(
    _any(
        r"(?:could|can|was|were|has|have|had|is|are|may)\s*(?:no|n[o']t)t?\s+(?:been\s+|be\s+|yet\s+been\s+)*deliver",
        *("undeliver", r"delivery (?:to the following|has failed|failed|failure)", "did not reach"),
        *(
            r"deliver(?:y|ing) (?:of )?(?:your|the|this) (?:e-?mail|message)",
            "unable to (?:deliver|relay|send)",
        ),
        r"error (?:was )?(?:encountered |occurred )?(?:while )?deliver",
        *("unknown (?:user|recipient|address|local)", "user (?:unknown|not (?:found|known))", "fatal errors"),
        *("no such (?:user|recipient|address|mailbox)", "permanent (?:fatal )?error", "failed permanently"),
        r"mailbox (?:unavailable|full|not found|does not exist|is full|quota)",
        r"recipient (?:unknown|address rejected|not found|rejected)",
        *(r"address(?:es)? (?:had|failed|was not found|is wrong|unknown)", "returned (?:to|your|mail)"),
        *(r"deliver(?:y|ed)? (?:is |has been )?delay", "non-?delivery", "does(?: not|n't) exist"),
        *("invalid (?:recipient|address|user)", "rejected (?:your|the|by)", "disabled or discontinued"),
        *("is not a (?:valid|known)", "nicht zugestellt", "n'a pas pu être", "no se (?:ha )?pud?o? ?entreg"),
        *(r"\b5\d\d[ -](?:\d\.\d\.\d|#)", r"\b55\d\b"),
    ),
    re.IGNORECASE,
)
_DELAYS = re.compile(
    _any(
        *(
            r"(?:deliver(?:y|ed)? |been |message |is )delayed",
            r"delivery (?:of|to)[^.\n]{0,200} (?:is )?delayed",
        ),
        *("will (?:be retried|keep trying|continue|retry)", "not yet (?:been )?deliver"),
        *("(?:still|queued) (?:being retried|trying|queued)", "this is a warning message only"),
        *("you do not need to resend", "warning: (?:message|could not send message for past)"),
    ),
    re.IGNORECASE,
)
_FINAL = re.compile(r"permanent|giving up|given up|gave up|returned as undeliverable", re.IGNORECASE)
# From here on the report quotes the mail that did not arrive.
_ORIGINAL = re.compile(
    r"\n[ \t>|#*+=-]*"
    + _any(
        r"original (?:message|mail)(?: (?:follows|headers?|text)|\s*[-:=])",
        *(
            "old message",
            "unsent message",
            "message header",
            "begin returned message",
            "intestazioni originali",
        ),
        *("(?:below this line|this|here) is a copy of", "message (?:headers? )?follows"),
        r"(?:the )?(?:returned|undelivered|rejected|first \d+ lines|header|text|a copy|copy|transcript of)"
        r" (?:message|mail|of)",
        *("(?:a )?summary of the undelivered", "your (?:original )?(?:message|mail) (?:follows|was|reads)"),
        *("received: (?:from|by)", "return-path:", "message-id:"),
    ),
    re.IGNORECASE,
)
_EMAIL = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}"
# How servers set a failed address apart: alone on its line, numbered, angled, with a reason or a date after it.
_ALONE = re.compile(
    r"\n[ \t>|*#.-]*(?:\d{1,3}[.)][ \t]*)?(?:\"[^\"\n]{0,100}\"|[\w ,.'-]{0,60}?)[ \t]*"
    rf"(?:to:|smtp:|recipient:|rcpt to:)?[ \t]*[<\[(]?({_EMAIL})[>\])]?(?:<mailto:[^>\n]{{0,320}}>)?[ \t]*"
    r"(?=[:;,(]|\.\.\.|on [A-Z][a-z]{2},|-{1,2} |\n|$)",
    re.IGNORECASE,
)
_PHRASED = re.compile(
    _any(
        *(
            r"deliver(?:ed|ing|y)?[^@\n]{0,60}\bto",
            "message to",
            "mail to",
            "e-?mail to",
            "sent to",
            "rcpt to:?",
        ),
        *("unknown(?: user| local part| recipient| address)?:?", "user", "recipient", "address", "account"),
        *("mailbox", "for"),
    )
    + rf"[ \t\n]*[:\"'<(\[]*[ \t]*({_EMAIL})",
    re.IGNORECASE,
)
_ANY = re.compile(_EMAIL)
_ENHANCED = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.])([45]\d\d)[ -][^\n]{0,400}")
_CONTACT = re.compile(
    _any(
        *("contact", "assist", "help", "question", "write to", "reply to", r"forward[^\n]{0,20} to", "abuse"),
        *(r"report[^\n]{0,20} to", r"send[^\n]{0,30} to", "support"),
    )
    + r"[^\n@]{0,30}\Z",
    re.IGNORECASE,
)
# What only a machine that delivers mail would say.
_CODES = re.compile(
    r"(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.])|(?<![\d.])[45]\d\d[ -]|unknown (?:user|recipient|local)|user unknown"
    r"|no such user|mailbox (?:full|unavailable)|fatal errors|permanent error|SMTP",
    re.IGNORECASE,
)
_MAIL_SUBJECTS = re.compile(
    "undeliver|non-?deliver|returned (?:mail|e-?mail)|failure notice|mail(?: system| delivery)? (?:fail|error)",
    re.IGNORECASE,
)
_DAEMON_PATH = re.compile("<?(?:mailer-daemon|postmaster|[a-z]+-postmaster)\\b", re.IGNORECASE)
_ANSWERS = re.compile(r"\s*(?:re|aw|sv|vs|fwd?|wg|tr|rv|r|i|odp|antw)\s*:", re.IGNORECASE)
_NOTICE_CHARS = 20_000


def is_report_by_its_words(headers: Headers, *, sender: Address, text: str) -> bool:
    """Say whether sender or subject, and the text as well, speak of a mail that was not delivered."""
    if "x-ms-exchange-message-is-ndr" in headers or "x-failed-recipients" in headers:
        return True
    return_path = headers.first("return-path").strip()
    # Newsletters return to bounce+… addresses, so of a return path only a daemon's own name counts.
    is_daemon = bool(_DAEMONS.search(sender.email or sender.name) or _DAEMON_PATH.match(return_path))
    subject, notice = headers.first("subject")[:300], text[:_NOTICE_CHARS]
    has_subject = bool(_SUBJECTS.search(subject))
    if is_daemon:
        return has_subject or bool(_FAILURES.search(notice))
    if return_path == "<>":
        return has_subject or bool(_CODES.search(notice) and not _is_out_of_office(headers))
    # Parcels are not delivered either.
    evidence = _FAILURES if _MAIL_SUBJECTS.search(subject) else _CODES
    return has_subject and bool(evidence.search(notice))


def is_by_a_person(headers: Headers, *, sender: Address) -> bool:
    """Say whether somebody writes about a mail that came back, or forwards the report of it."""
    if _DAEMONS.search(sender.email or sender.name):
        return False
    path = headers.first("return-path").strip().strip("<>").lower()
    return bool(_ANSWERS.match(headers.first("subject"))) or (bool(path) and path == sender.email.lower())


def _is_out_of_office(headers: Headers) -> bool:
    return headers.first("auto-submitted").lower().startswith("auto-replied")


def failed_in_text(text: str, *, headers: Headers, limits: Limits) -> tuple[BounceRecipient, ...]:
    """Find the recipients a free-text report names, by the surest of three patterns that finds any."""
    notice = "\n" + text[:_NOTICE_CHARS]
    quoted = _ORIGINAL.search(notice)
    notice = notice[: quoted.start()] if quoted and _ANY.search(notice, 0, quoted.start()) else notice
    others = {
        found[0].lower()
        for name in ("to", "from", "reply-to")
        for found in _ANY.finditer(headers.first(name))
    }
    for pattern in (_ALONE, _PHRASED, _ANY):
        hits = (
            found
            for found in pattern.finditer(notice)
            if not _is_contact(notice, found.start(pattern.groups))
        )
        named = [clean_email(found[pattern.groups]) for found in hits]
        wanted = dict.fromkeys(
            one for one in named if one and one.lower() not in others and not _DAEMONS.match(one)
        )
        if wanted:
            return tuple(_described(email, notice) for email in list(wanted)[: limits.recipients_in_bounce])
    return ()


def _is_contact(notice: str, place: int) -> bool:
    """Say whether the words before an address offer it for questions."""
    return bool(_CONTACT.search(notice, max(0, place - 60), place))


def _described(email: str, notice: str) -> BounceRecipient:
    """Look for the reason after the address, then anywhere in the notice."""
    place = max(notice.find(email), 0)
    status = _ENHANCED.search(notice, place) or _ENHANCED.search(notice)
    reply = _REPLY.search(notice, place) or _REPLY.search(notice)
    is_delay = bool(_DELAYS.search(notice)) and not _FINAL.search(notice)
    return BounceRecipient(
        address=email,
        status=status[1] if status else "",
        action="delayed" if is_delay else "failed",
        diagnostic=" ".join(reply[0].split()) if reply else "",
    )
