"""Turn a demo letter into the bytes its writer's program would have sent and Exchange delivered."""

import base64
import hashlib
from collections.abc import Callable
from datetime import timedelta
from email.header import Header
from email.message import Message
from email.policy import compat32
from email.utils import format_datetime, parseaddr

from sandbox.demo import quotes
from sandbox.demo.files import DemoFile, calendar
from sandbox.demo.kinds import KINDS
from sandbox.demo.letter import Letter
from sandbox.demo.parts import multipart, text_part

WIRE = compat32.clone(linesep="\r\n", max_line_length=None)
HEAD = """\
<html xmlns:o="urn:schemas-microsoft-com:office:office"><head>
<meta http-equiv="Content-Type" content="text/html; charset={charset}">
<style><!-- p.MsoNormal {{margin:0cm;font-family:"Aptos",sans-serif}} --></style>
</head>
<body lang="{lang}" link="#467886">
<div class="WordSection1">
{inner}</div>
</body>
</html>
"""
MAILERS = {"apple": "Apple Mail (2.3864.200.81)", "plain": ""}


def render(letter: Letter) -> bytes:
    special = KINDS.get(letter.kind)
    message = special(letter) if special else _ordinary(letter)
    _head(message, letter)
    return message.as_bytes(policy=WIRE)


def _ordinary(letter: Letter) -> Message:
    files = [DemoFile.read(line) for line in letter.files]
    body = SHAPES[letter.like](letter, [file for file in files if file.is_inline or file.kind == "ics"])
    attached = [file for file in files if not file.is_inline and file.kind != "ics"]
    if not attached:
        return body
    mixed = multipart(letter, "mixed")
    mixed.attach(body)
    for file in attached:
        mixed.attach(file.part(letter.sent_at))
    return mixed


def _outlook(letter: Letter, within: list[DemoFile]) -> Message:
    text, rich = letter.text, quotes.outlook_paragraphs(letter.text)
    for file in within:
        if file.is_inline:
            text += f"\n\n[cid:{file.content_id}]"
            rich += f'<p class="MsoNormal"><img width="96" height="64" src="cid:{file.content_id}"></p>\n'
    if letter.parent:
        text += "\n\n" + quotes.outlook_text(letter.parent, letter.lang)
        rich += quotes.outlook_html(letter.parent, letter.lang)
    page = HEAD.format(charset=letter.charset, lang=letter.lang, inner=rich)
    return _alternative(letter, text, page, within)


def _gmail(letter: Letter, within: list[DemoFile]) -> Message:
    text, rich = letter.text, f'<div dir="ltr">{quotes.broken(letter.text)}</div>'
    if letter.parent:
        text += "\n\n" + quotes.angled(letter.parent, letter.lang)
        rich += quotes.gmail_html(letter.parent, letter.lang)
    return _alternative(letter, text, rich, within)


def _apple(letter: Letter, within: list[DemoFile]) -> Message:
    text, rich = letter.text, quotes.broken(letter.text)
    if letter.parent:
        text += "\n\n" + quotes.angled(letter.parent, letter.lang)
        rich += quotes.apple_html(letter.parent, letter.lang)
    page = f'<html><body style="overflow-wrap: break-word; -webkit-nbsp-mode: space;">{rich}</body></html>'
    return _alternative(letter, text, page, within)


def _plain(letter: Letter, within: list[DemoFile]) -> Message:
    quoted = "\n\n" + quotes.angled(letter.parent, letter.lang) if letter.parent else ""
    return text_part(letter.text + quoted, "plain", letter.charset)


def _alternative(letter: Letter, text: str, page: str, within: list[DemoFile]) -> Message:
    both = multipart(letter, "alternative")
    both.attach(text_part(text, "plain", letter.charset))
    both.attach(text_part(page, "html", letter.charset))
    for file in within:
        if file.kind == "ics":
            part = text_part(calendar(file.name, letter.sent_at).replace("\r\n", "\n"), "calendar", "utf-8")
            part.set_param("method", "REQUEST")
            both.attach(part)
    images = [file for file in within if file.is_inline]
    if not images:
        return both
    related = multipart(letter, "related", type="multipart/alternative")
    related.attach(both)
    for file in images:
        related.attach(file.part(letter.sent_at))
    return related


SHAPES: dict[str, Callable[[Letter, list[DemoFile]], Message]] = {
    "outlook": _outlook,
    "gmail": _gmail,
    "apple": _apple,
    "plain": _plain,
}


def _head(message: Message, letter: Letter) -> None:
    """Write the headers a delivered mail has, the way it came on top; what the body set itself stays."""
    body_headers = message.items()
    for name, _ in body_headers:
        del message[name]
    for name, value in [*_trace(letter), *_own(letter), *letter.headers.items()]:
        if not any(name == other for other, _ in body_headers):
            message[name] = value
    for name, value in body_headers:
        message[name] = value


def _trace(letter: Letter) -> list[tuple[str, str]]:
    delivered = format_datetime(letter.sent_at + timedelta(seconds=4))
    here = letter.mailbox.rpartition("@")[2]
    passed = (
        f"spf=pass smtp.mailfrom={letter.domain}; dkim=pass header.d={letter.domain}; dmarc=pass action=none"
    )
    return [
        ("Received", f"from AM0PR04.{here} (10.0.0.4) by AM9PR04.{here} (10.0.0.9); {delivered}"),
        # Exchange writes its verdict when the mail has come in: above the line of the border.
        ("Authentication-Results", f"{passed} header.from={letter.domain};compauth=pass reason=100"),
        ("Received", f"from mx.{letter.domain} (192.0.2.25) by AM0PR04.{here} (10.0.0.4); {delivered}"),
        ("Return-Path", f"<{letter.address}>"),
        ("X-MS-Exchange-Organization-SCL", "1"),
    ]


def _own(letter: Letter) -> list[tuple[str, str]]:
    fields = [
        ("From", people(letter.sender, letter.charset)),
        ("To", people(letter.to, letter.charset)),
        ("Cc", people(letter.cc, letter.charset)),
        ("Reply-To", people(letter.reply_to, letter.charset)),
        ("Subject", words(letter.subject, letter.charset)),
        ("Date", format_datetime(letter.sent_at)),
        ("Message-ID", letter.message_id),
        ("In-Reply-To", letter.parent.message_id if letter.parent else ""),
        ("References", "\r\n ".join(above.message_id for above in letter.chain)),
        ("Importance", letter.importance),
        ("X-Mailer", MAILERS.get(letter.like, "")),
        ("MIME-Version", "1.0"),
    ]
    if letter.like == "outlook":
        fields += [
            ("Thread-Topic", words(letter.subject, letter.charset)),
            ("Thread-Index", _thread_index(letter)),
        ]
        fields += [("Accept-Language", letter.lang), ("X-MS-Has-Attach", "yes" if letter.files else "")]
    return [(name, value) for name, value in fields if value]


def words(text: str, charset: str) -> str:
    return text if text.isascii() else Header(text, charset, maxlinelen=60).encode(linesep="\r\n")


def people(text: str, charset: str) -> str:
    """Encode the names of a list of people, "Name <address>, …"; names hold no comma."""
    return ", ".join(_person(piece.strip(), charset) for piece in text.split(",")) if text else ""


def _person(text: str, charset: str) -> str:
    name, address = parseaddr(text)
    if not name:
        return f"<{address}>"
    shown = words(name, charset) if not name.isascii() else f'"{name}"'
    return f"{shown} <{address}>"


def _thread_index(letter: Letter) -> str:
    root = (letter.chain or [letter])[0]
    first = hashlib.sha256(root.key.encode()).digest()[:22]
    return base64.b64encode(first + b"\0\0\0\x10\x20" * len(letter.chain)).decode()
