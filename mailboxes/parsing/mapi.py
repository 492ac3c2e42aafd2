"""A mail as Outlook keeps it, whether it came in winmail.dat or as .msg, and the same mail written as MIME."""

import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, formataddr
from typing import Any, Final

from . import charsets, rtf
from .filenames import harmless
from .gate import one_line

# Property ids, [MS-OXPROPS].
SUBJECT, SENT_AT = 0x0037, 0x0039
SENDER_NAME, SENDER_EMAIL, SENDER_SMTP = 0x0C1A, 0x0C1F, 0x5D01
DISPLAY_TO, DISPLAY_CC = 0x0E04, 0x0E03
BODY, RTF, HTML, MESSAGE_ID = 0x1000, 0x1009, 0x1013, 0x1035
DISPLAY_NAME, EMAIL, SMTP, RECIPIENT_TYPE = 0x3001, 0x3003, 0x39FE, 0x0C15
FILE_CONTENT, FILE_METHOD, FILE_NAME, FILE_LONG_NAME = 0x3701, 0x3705, 0x3704, 0x3707
FILE_PATH, FILE_SHORT_PATH, FILE_TYPE, FILE_CONTENT_ID = 0x370D, 0x3708, 0x370E, 0x3712
CODEPAGE, MESSAGE_CODEPAGE = 0x3FDE, 0x3FFD

#: Types of values: text in some code page, text in UTF-16, bytes, an object, a moment.
STRING8, UNICODE, BINARY, OBJECT, MOMENT = 0x001E, 0x001F, 0x0102, 0x000D, 0x0040
FIXED: Final = {2: 2, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0x0A: 4, 0x0B: 2, 0x14: 8, MOMENT: 8, 0x48: 16}
_AS_WRITTEN: Final = SMTP_POLICY.clone(refold_source="none")
_BY_PATH: Final = (2, 3, 4)  # the methods of a file that stays where it is, [MS-OXCMSG] §2.2.2.9
# Those of an attached mail, of an object inside the text, of a file in the cloud.
EMBEDDED, _OBJECT, BY_LINK = 5, 6, 7
_EPOCH: Final = datetime(1601, 1, 1, tzinfo=UTC)
_CODEPAGES: Final = {20127: "us-ascii", 28591: "iso-8859-1", 65000: "utf-7", 65001: "utf-8", 932: "shift_jis"}


@dataclass(slots=True)
class MapiFile:
    """One attachment; `mail` is set for an attached mail, `link` for a file that was left in the cloud."""

    name: str = ""
    content_type: str = ""
    content_id: str = ""
    content: bytes = b""
    mail: "MapiMail | None" = None
    link: str = ""
    absent: str = ""  # why there is no content


@dataclass(slots=True)
class MapiMail:
    values: dict[int, Any] = field(default_factory=dict)
    to: list[tuple[str, str]] = field(default_factory=list)
    cc: list[tuple[str, str]] = field(default_factory=list)
    files: list[MapiFile] = field(default_factory=list)

    def line(self, *ids: int) -> str:
        """Give the first of the values that is there as one line of text."""
        found = next((self.values[one] for one in ids if isinstance(self.values.get(one), str)), "")
        return one_line(found, max_chars=998)

    @property
    def text(self) -> str:
        value = self.values.get(BODY, "")
        return value if isinstance(value, str) else ""

    @property
    def rich_text(self) -> bytes:
        """Give the RTF, unpacked; b"" when there is none that can be read."""
        value = self.values.get(RTF, b"")
        return rtf.unpacked(value) if isinstance(value, bytes) else b""

    @property
    def html(self) -> str:
        value = self.values.get(HTML, b"")
        if isinstance(value, str):
            return value
        charset = charset_of(self.values, CODEPAGE, MESSAGE_CODEPAGE)
        return charsets.decode(value, declared=charset)[0] if isinstance(value, bytes) else ""


def charset_of(values: dict[int, Any], *ids: int) -> str:
    """Give the first of these code pages that is set, "" for none."""
    number = next((values[one] for one in ids if isinstance(values.get(one), int) and values[one]), 0)
    return _CODEPAGES.get(number, f"cp{number}" if number else "")


def fixed_value(kind: int, content: bytes) -> Any:
    """Read a number or moment; what is of no use here stays bytes."""
    if kind in (2, 3):
        return int.from_bytes(content, "little", signed=True)
    if kind == MOMENT:
        ticks = struct.unpack("<Q", content)[0]
        try:
            return _EPOCH + timedelta(microseconds=ticks // 10)
        except OverflowError:
            return None
    return content


def text_value(kind: int, content: bytes, *, charset: str) -> str:
    if kind == UNICODE:
        return content.decode("utf-16-le", "replace").rstrip("\0")
    return charsets.decode(content.rstrip(b"\0"), declared=charset)[0]


def file_of(values: dict[int, Any]) -> MapiFile:
    """Make a file of an attachment's properties."""

    def words(*ids: int) -> str:
        return next((values[one] for one in ids if isinstance(values.get(one), str) and values[one]), "")

    content, method = values.get(FILE_CONTENT, b""), values.get(FILE_METHOD)
    return MapiFile(
        name=words(FILE_LONG_NAME, FILE_NAME, DISPLAY_NAME),
        content_type=words(FILE_TYPE).lower(),
        content_id=words(FILE_CONTENT_ID).strip("<>"),
        content=content if isinstance(content, bytes) else b"",
        link=words(FILE_PATH) if method == BY_LINK else "",
        absent="" if content else _absent(method, words(FILE_PATH, FILE_SHORT_PATH)),
    )


def _absent(method: Any, path: str) -> str:
    if method in _BY_PATH:
        return f"The file was not sent along, only its place: {one_line(path, max_chars=2_000)}\n"
    return "An object inside the text: Outlook opens it from the original.\n" if method == _OBJECT else ""


def as_mime(mail: MapiMail) -> bytes:
    """Write the mail as MIME, so that one reader reads all mail."""
    message = EmailMessage(policy=_AS_WRITTEN)
    _head(message, mail)
    html, text = rtf.contents(mail.rich_text) if not mail.html else ("", "")
    text, html = mail.text or text, mail.html or html
    message.set_content(_clean(text) or "\n")
    if html:
        message.add_alternative(_clean(html), subtype="html")
    for one in mail.files:
        _refer(message, one) if one.link or one.absent else _attach(message, one)
    return bytes(message)


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def _head(message: EmailMessage, mail: MapiMail) -> None:
    sender = mail.line(SENDER_SMTP) or mail.line(SENDER_EMAIL)
    _put(message, "From", _people([(mail.line(SENDER_NAME), sender if "@" in sender else "")]))
    _put(message, "To", _people(mail.to) or mail.line(DISPLAY_TO))
    _put(message, "Cc", _people(mail.cc) or mail.line(DISPLAY_CC))
    _put(message, "Subject", mail.line(SUBJECT))
    _put(message, "Message-ID", mail.line(MESSAGE_ID))
    sent_at = mail.values.get(SENT_AT)
    if isinstance(sent_at, datetime):
        _put(message, "Date", format_datetime(sent_at))


def _put(message: EmailMessage, name: str, value: str) -> None:
    """Set a header past the policy's own parser, which fails on hostile values."""
    if value:
        value = value if value.isascii() else Header(value, "utf-8").encode()
        message._headers.append((name, value))  # type: ignore[attr-defined]


def _people(people: list[tuple[str, str]]) -> str:
    lines = []
    for name, email in people[:200]:
        name, email = one_line(name, max_chars=200), one_line(email, max_chars=320).strip("<>")
        lines.append(formataddr((name, email)) if email and email.isascii() else name)
    return ", ".join(line for line in lines if line)


def _refer(message: EmailMessage, file: MapiFile) -> None:
    """Attach a shortcut or a few words for a file that did not come along; nothing is fetched."""
    name = harmless(file.name, fallback="attachment.bin")
    link = one_line(file.link, max_chars=2_000)
    # As a text: Windows opens it harmlessly, and no page has to warn of a shortcut that is ours.
    shortcut = MapiFile(name=f"{name}.url.txt", content=f"[InternetShortcut]\r\nURL={link}\r\n".encode())
    words = MapiFile(
        name=f"{name}.txt", content_type="text/plain", content=file.absent.encode("utf-8", "replace")
    )
    _attach(message, shortcut if link else words)


def _attach(message: EmailMessage, file: MapiFile) -> None:
    name = harmless(file.name, fallback="attachment.bin")
    kind, _, subtype = (file.content_type or "application/octet-stream").partition("/")
    content = file.content
    if file.mail is not None:
        name, kind, subtype, content = (
            name.removesuffix(".msg") + ".eml",
            "application",
            "x-mail",
            as_mime(file.mail),
        )
    plain = kind.isalnum() and subtype.replace("-", "").replace(".", "").replace("+", "").isalnum()
    kind, subtype = (
        (kind, subtype) if plain and kind not in ("multipart", "message") else ("application", "octet-stream")
    )
    message.add_attachment(content, maintype=kind, subtype=subtype, filename=name)
    if file.content_id:
        part = message.get_payload()[-1]  # type: ignore[index]
        part._headers.append(("Content-ID", f"<{one_line(file.content_id, max_chars=200)}>"))  # type: ignore[union-attr]
