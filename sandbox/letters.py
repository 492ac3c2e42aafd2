"""Read an .eml as Exchange would list it: envelope, body, attachments. The bytes themselves are never changed."""

import email
import email.policy
import html
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import decode_header
from email.message import EmailMessage, Message
from email.utils import getaddresses, parsedate_to_datetime
from hashlib import blake2b
from typing import Any, TypeAlias
from uuid import NAMESPACE_URL, uuid5

from sandbox.clock import graph_time
from sandbox.store.messages import Envelope

Person = list[str]
PREVIEW_CHARS = 255
MESSAGE_IDS = re.compile(r"<[^<>\s]+>")
TAGS = re.compile(r"(?is)<(style|script|head).*?</\1>|<[^>]+>")
SPACES = re.compile(r"\s+")
# The headers are asked for as text only; compat32 never refuses what arrives in the wild.
Parsed: TypeAlias = "Message[str, str]"


@dataclass(frozen=True, slots=True)
class Attachment:
    """kind: "file" or "item" (a mail inside the mail)."""

    kind: str
    name: str
    content_type: str
    content: bytes
    content_id: str | None
    is_inline: bool


def parse(mime: bytes) -> Parsed:
    return email.message_from_bytes(mime, policy=email.policy.compat32)


def read_envelope(mime: bytes) -> Envelope:
    message = parse(mime)
    sender = people(message, "From")
    message_id = _message_id(message, mime)
    plain, rich = bodies(message)
    return Envelope(
        message_id=message_id,
        subject=header_text(message, "Subject"),
        sender=sender[0][1].lower() if sender else "",
        sent_at=_sent_at(message),
        conversation=conversation_of(message, message_id),
        has_attachments=any(not item.is_inline for item in attachments(message)),
        importance=_importance(message),
        details=_details(message, sender, preview=preview(plain, rich)),
    )


def _details(message: Parsed, sender: list[Person], *, preview: str) -> dict[str, Any]:
    return {
        "from": sender[0] if sender else None,
        "sender": (people(message, "Sender") + sender)[0] if sender else None,
        "to": people(message, "To"),
        "cc": people(message, "Cc"),
        "bcc": people(message, "Bcc"),
        "reply_to": people(message, "Reply-To"),
        "preview": preview,
        "type": _meeting_type(message),
    }


def header_text(message: Parsed, name: str) -> str:
    """Give a header decoded and unfolded, "" when it is absent."""
    raw = message.get(name)
    return decoded(str(raw)) if raw is not None else ""


def decoded(raw: str) -> str:
    flat = SPACES.sub(" ", raw.replace("\r", "").replace("\n", "")).strip()
    try:
        pieces = decode_header(flat)
    except (ValueError, LookupError):
        return _clean(flat)
    return _clean("".join(_piece(piece, charset) for piece, charset in pieces))


def _piece(piece: bytes | str, charset: str | None) -> str:
    return piece if isinstance(piece, str) else decode(piece, charset or "utf-8")


def decode(content: bytes, charset: str | None) -> str:
    try:
        return content.decode(charset or "utf-8")
    except (LookupError, ValueError):
        return content.decode("cp1252", "replace")


def _clean(text: str) -> str:
    # JSON on the wire is UTF-8, which has no lone surrogates; 8-bit headers read as ASCII leave some.
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def people(message: Parsed, name: str) -> list[Person]:
    raw = [_clean(str(value)) for value in message.get_all(name, [])]
    return [[decoded(shown) or address, address] for shown, address in getaddresses(raw) if address]


def conversation_of(message: Parsed, message_id: str) -> str:
    """Name the conversation by the oldest mail it is known to have."""
    known = MESSAGE_IDS.findall(f"{message.get('References', '')} {message.get('In-Reply-To', '')}")
    return blake2b((known[0] if known else message_id).encode("utf-8", "replace"), digest_size=12).hexdigest()


def _message_id(message: Parsed, mime: bytes) -> str:
    found = MESSAGE_IDS.search(str(message.get("Message-ID", "")))
    # Exchange gives a mail that came without an id one of its own.
    return (
        found.group()
        if found
        else f"<{uuid5(NAMESPACE_URL, blake2b(mime).hexdigest())}@sandbox.outlook.example>"
    )


def _sent_at(message: Parsed) -> str:
    try:
        moment = parsedate_to_datetime(str(message.get("Date", "")))
        return graph_time(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, TypeError, IndexError, OverflowError):  # the year 9999 has no UTC west of Greenwich
        return graph_time(datetime.now(UTC))


def _importance(message: Parsed) -> str:
    named = str(message.get("Importance", "")).lower()
    if named in ("low", "high"):
        return named
    return {"1": "high", "2": "high", "4": "low", "5": "low"}.get(
        str(message.get("X-Priority", ""))[:1], "normal"
    )


def _meeting_type(message: Parsed) -> str:
    for part in message.walk():
        if part.get_content_type() == "text/calendar":
            method = str(part.get_param("method", "")).upper()
            return "eventMessageResponse" if method == "REPLY" else "eventMessageRequest"
    return ""


def bodies(message: Parsed) -> tuple[str, str]:
    """Give the first plain and the first HTML body, "" when there is none."""
    found = {"text/plain": "", "text/html": ""}
    for part in _leaves(message):
        kind = part.get_content_type()
        if kind in found and not found[kind] and not _is_attachment(part):
            found[kind] = decode(_content(part), part.get_content_charset())
    return found["text/plain"], found["text/html"]


def preview(plain: str, rich: str) -> str:
    text = plain or html.unescape(TAGS.sub(" ", rich))
    return _clean(SPACES.sub(" ", text[: PREVIEW_CHARS * 40]).strip()[:PREVIEW_CHARS])


def attachments(message: Parsed) -> list[Attachment]:
    """List attachments in the order of the mail, inline images included."""
    return [_attachment(part) for part in _leaves(message) if _is_attachment(part)]


def _leaves(message: Parsed) -> list[Parsed]:
    """Give the parts that are not containers; a mail inside the mail counts as one leaf."""
    if message.get_content_type() == "message/rfc822" or not message.is_multipart():
        return [message]
    parts: list[Parsed] = []
    for part in message.get_payload():
        if isinstance(part, Message):
            parts += _leaves(part)
    return parts


def _is_attachment(part: Parsed) -> bool:
    if part.get_content_disposition() == "attachment" or part.get_filename() or part.get("Content-ID"):
        return part.get_content_type() not in ("text/html",) or part.get_content_disposition() is not None
    return part.get_content_type() not in ("text/plain", "text/html", "text/calendar")


def _attachment(part: Parsed) -> Attachment:
    is_mail = part.get_content_type() == "message/rfc822"
    content_id = str(part.get("Content-ID", "")).strip("<> ") or None
    return Attachment(
        kind="item" if is_mail else "file",
        name=decoded(part.get_filename() or "") or _inner_subject(part),
        content_type=part.get_content_type(),
        content=_content(part),
        content_id=content_id,
        is_inline=part.get_content_disposition() == "inline"
        or (bool(content_id) and not _named_attachment(part)),
    )


def _named_attachment(part: Parsed) -> bool:
    return part.get_content_disposition() == "attachment"


def _inner_subject(part: Parsed) -> str:
    inner = part.get_payload(0) if part.is_multipart() else None
    return header_text(inner, "Subject") if isinstance(inner, Message) else ""


def _content(part: Parsed) -> bytes:
    if part.get_content_type() == "message/rfc822" and part.is_multipart():
        inner = part.get_payload(0)
        return inner.as_bytes() if isinstance(inner, Message) else b""
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def write_letter(fields: dict[str, Any]) -> bytes:
    """Compose a simple mail from {from, to, subject, text, html, cc, headers}; for tests and the control interface."""
    letter = EmailMessage(policy=email.policy.SMTP)
    for name in ("from", "to", "cc", "subject"):
        if fields.get(name):
            letter[name.capitalize()] = fields[name]
    for name, value in {
        "Date": email.utils.format_datetime(datetime.now(UTC)),
        **fields.get("headers", {}),
    }.items():
        letter[name] = value
    if "Message-ID" not in letter:
        letter["Message-ID"] = email.utils.make_msgid(domain="mail.example")
    letter.set_content(fields.get("text", ""))
    if fields.get("html"):
        letter.add_alternative(fields["html"], subtype="html")
    return letter.as_bytes()
