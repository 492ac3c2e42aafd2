"""Reports that a mail did not arrive: RFC 3464, Exchange, and the free text of older servers."""

import re
from collections.abc import Iterable

from .addresses import clean_email
from .bounce_texts import failed_in_text, is_by_a_person, is_report_by_its_words
from .gate import one_line
from .leaves import Branch, Leaf, text_of, walk
from .limits import Limits
from .values import Address, Bounce, BounceRecipient, Headers

_STATUS_TYPES = frozenset(("message/delivery-status", "message/global-delivery-status"))
_ORIGINAL_TYPES = frozenset(
    ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers")
)
# Complaints and read receipts look alike from afar; they are no failures.
_OTHER_REPORTS = frozenset(("message/feedback-report", "message/disposition-notification"))
# No person's mail program writes these, whoever the report says it is from.
_MARKS = ("x-failed-recipients", "x-ms-exchange-message-is-ndr")
_READ_CHARS = 1024 * 1024
_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9-]{0,40})[ \t]*:[ \t]*([^\n]*(?:\n[ \t][^\n]*+)*+)", re.MULTILINE)
_BLOCK_END = re.compile(r"\n[ \t]*\n+")
_MESSAGE_ID = re.compile(
    r"^message-id[ \t]*:[ \t\r\n]*(<[^<>\s]{1,990}>|[^<>\s]{1,990})", re.IGNORECASE | re.MULTILINE
)
_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_ANGLED = re.compile(r"<([^<>\s]+@[^<>\s]+)>")
# Exim's own words, and Gmail's "Delivery Status Notification (Delay)".
_DELAY_SUBJECT = re.compile(r"warning: message|\(delay\)|delivery delayed", re.IGNORECASE)
_ARRIVED = frozenset(("delivered", "deliverable", "relayed", "expanded"))
_DELAYED = "delayed"


def read_bounce(
    tree: Branch | Leaf, *, headers: Headers, sender: Address, text: str, limits: Limits
) -> Bounce | None:
    """Recognise a delivery failure or delay report and say which of our mails it is about.

    Returns None for anything else, reports of success included. `original_message_id` is "" when the report does
    not say. Sources: RFC 3464 §2.3; Exchange adds X-MS-Exchange-Message-Is-Ndr.
    """
    leaves = list(walk(tree)) if isinstance(tree, Branch) else [tree]
    kinds = {leaf.content_type for leaf in leaves}
    if kinds & _OTHER_REPORTS:
        return None
    recipients: tuple[BounceRecipient, ...] = ()
    is_report = isinstance(tree, Branch) and tree.subtype == "report"
    is_marked = is_report or any(name in headers for name in _MARKS)
    if not is_marked and is_by_a_person(headers, sender=sender):
        return None
    if kinds & _STATUS_TYPES:
        recipients = _from_status(leaves, limits)
        if recipients and all(one.action in _ARRIVED for one in recipients):
            return None
    if not recipients and not is_report and not is_report_by_its_words(headers, sender=sender, text=text):
        return None
    found = (
        recipients
        or _from_headers(headers, text)
        or _from_pasted_status(text, limits)
        or failed_in_text(text, headers=headers, limits=limits)
    )
    if not found and not (is_report and kinds & _STATUS_TYPES):
        return None
    failed = tuple(one for one in found if one.action not in _ARRIVED)
    return Bounce(
        recipients=failed,
        original_message_id=_original_id(leaves, headers=headers, text=text),
        is_delay=bool(failed) and all(one.action == _DELAYED for one in failed),
    )


def _from_status(leaves: Iterable[Leaf], limits: Limits) -> tuple[BounceRecipient, ...]:
    reports = [leaf for leaf in leaves if leaf.content_type in _STATUS_TYPES and leaf.cut is None]
    return _recipients("\n\n".join(text_of(leaf)[0][:_READ_CHARS] for leaf in reports), limits)


def _from_pasted_status(text: str, limits: Limits) -> tuple[BounceRecipient, ...]:
    """Read the report of a server whose MIME was flattened into one text on the way."""
    return _recipients(text[:_READ_CHARS], limits) if "Final-Recipient:" in text else ()


def _recipients(report: str, limits: Limits) -> tuple[BounceRecipient, ...]:
    """Read the per-recipient groups, one of each address, in their order."""
    found: dict[str, BounceRecipient] = {}
    for block in _BLOCK_END.split(report.replace("\r\n", "\n")):
        if len(found) >= limits.recipients_in_bounce:
            break
        if one := _recipient(block):
            found.setdefault(one.address.lower(), one)
    return tuple(found.values())


def _recipient(block: str) -> BounceRecipient | None:
    """Read one per-recipient group; None for the group about the message and for rubbish."""
    fields = {
        name.lower(): one_line(value, max_chars=2_000) for name, value in reversed(_FIELD.findall(block))
    }
    names = ("final-recipient", "original-recipient", "x-actual-recipient")
    address = next((one for name in names if (one := _address(fields.get(name, "")))), "")
    if not address:
        return None
    diagnostic = fields.get("diagnostic-code", "").partition(";")[2].strip() or fields.get(
        "diagnostic-code", ""
    )
    status = _ENHANCED.search(fields.get("status", "")) or _ENHANCED.search(diagnostic)
    code = status[1] if status else ""
    action = fields.get("action", "").partition(" ")[0].strip("();,").lower()
    return BounceRecipient(
        address=address, status=code, action=action or _action_of(code), diagnostic=diagnostic
    )


def _action_of(status: str) -> str:
    return {"2": "delivered", "4": _DELAYED}.get(status[:1], "failed")


def _address(value: str) -> str:
    """Read "rfc822; <someone@example.com>" and what servers make of it."""
    if angled := _ANGLED.search(value):
        return clean_email(angled[1])
    return clean_email(value.rpartition(";")[2].strip().strip("<>\"' "))


def _from_headers(headers: Headers, text: str) -> tuple[BounceRecipient, ...]:
    """Read Exim's X-Failed-Recipients."""
    listed = ",".join(headers.get("x-failed-recipients", ()))
    emails = dict.fromkeys(email for raw in listed.split(",") if (email := clean_email(raw)))
    status = _ENHANCED.search(text[:20_000])
    action = (
        _DELAYED
        if headers.first("x-warning") or _DELAY_SUBJECT.search(headers.first("subject"))
        else "failed"
    )
    return tuple(
        BounceRecipient(address=email, status=status[1] if status else "", action=action, diagnostic="")
        for email in emails
    )


def _original_id(leaves: Iterable[Leaf], *, headers: Headers, text: str) -> str:
    for leaf in leaves:
        is_original = leaf.content_type in _ORIGINAL_TYPES and leaf.cut is None
        if is_original and (found := _MESSAGE_ID.search(text_of(leaf)[0][:_READ_CHARS])):
            return _angled(found[1])
    # Returned mails are often only pasted below the report; Exchange answers the lost mail like a reply.
    if found := _MESSAGE_ID.search(text[:_READ_CHARS]):
        return _angled(found[1])
    return headers.first("in-reply-to") if headers.first("in-reply-to").startswith("<") else ""


def _angled(message_id: str) -> str:
    return one_line(message_id if message_id.startswith("<") else f"<{message_id}>", max_chars=998)
