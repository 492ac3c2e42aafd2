"""A deterministic mix of mails for measuring: made from (seed, index) when asked for, so 100,000 need no disk.

60 % plain and HTML of about 8 KB, 25 % Outlook replies of 40 KB, 10 % with 200 KB of attachments, 5 % automatic.
30 % answer an earlier mail of the same mix.
"""

import base64
import quopri
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import blake2b
from pathlib import Path

from sandbox.clock import graph_time
from sandbox.store.messages import Envelope

START = datetime(2026, 1, 5, 7, 0, tzinfo=UTC)
EVERY = timedelta(seconds=40)
POOL = 512
PEOPLE = 200
FILE_BYTES = 145_000
# Short chains, as helpdesks see them; following a thread to its root must stay cheap.
MAX_CHAIN = 6
WORDS = """
    printer invoice order account password meeting update delivery contract laptop screen network licence support
    office question answer customer warehouse backup server report export window update colleague tomorrow
    Rechnung Lieferung Drucker für Grüße Müller größer Straße facture déjà réponse où société café mañana señal
    please could the our your this we it has been since again not with from and but only after before still
"""
VOCABULARY = tuple(WORDS.split())


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    address: str


class MailMix:
    """shape(index): "plain", "outlook", "files" or "automatic"."""

    def __init__(self, seed: int = 1, *, to: str = "help@contoso.example") -> None:
        self.seed = seed
        self.to = to
        # Not for secrets: the same seed must give the same mails.
        dice = random.Random(seed)  # noqa: S311
        sentences = [_sentence(dice) for _ in range(POOL)]
        self._text = [_quoted(sentence) for sentence in sentences]
        self._html = [
            _quoted(f'<p class="MsoNormal" style="margin:0cm">{sentence}</p>') for sentence in sentences
        ]
        self._plain = sentences
        self._files = [
            base64.encodebytes(dice.randbytes(FILE_BYTES)).replace(b"\n", b"\r\n") for _ in range(4)
        ]

    def write(self, directory: Path, count: int) -> None:
        """Write the first mails as files 000000.eml and on."""
        directory.mkdir(parents=True, exist_ok=True)
        for index in range(count):
            (directory / f"{index:06}.eml").write_bytes(self.mime(index))

    def shape(self, index: int) -> str:
        dice = self._dice(index) % 100
        return "plain" if dice < 60 else "outlook" if dice < 85 else "files" if dice < 95 else "automatic"

    def parent(self, index: int) -> int | None:
        """Give the mail this one answers; a quarter are Outlook replies, a twentieth other replies."""
        dice = self._dice(index)
        answers = self.shape(index) == "outlook" or (dice // 100) % 15 == 0
        return (dice // 10_000) % index if answers and index else None

    def message_id(self, index: int) -> str:
        return f"<mix.{self.seed}.{index}.{self._dice(index):x}@mail{index % 7}.customers.example>"

    def received_at(self, index: int) -> datetime:
        return START + index * EVERY

    def person(self, index: int) -> Person:
        # Whoever answers a mail is the person who wrote it: a stranger's answer is no conversation.
        while (parent := self.parent(index)) is not None:
            index = parent
        number = (self._dice(index) // 1_000_000) % PEOPLE
        return Person(f"Customer {number:03}", f"customer{number:03}@customers.example")

    def subject(self, index: int) -> str:
        words = self._plain[self._dice(index) % POOL].split()[:5]
        prefix = "Automatic reply: " if self.shape(index) == "automatic" else ""
        return f"{'RE: ' if self.parent(index) is not None else ''}{prefix}{' '.join(words)} {index}"

    def chain(self, index: int) -> list[int]:
        """Give the mails above this one, oldest first, at most MAX_CHAIN of them."""
        above: list[int] = []
        parent = self.parent(index)
        while parent is not None and len(above) < MAX_CHAIN:
            above.append(parent)
            parent = self.parent(parent)
        return above[::-1]

    def envelope(self, index: int) -> Envelope:
        person, chain = self.person(index), self.chain(index)
        root = self.message_id(chain[0] if chain else index)
        sender = [person.name, person.address]
        return Envelope(
            message_id=self.message_id(index),
            subject=self.subject(index),
            sender=person.address,
            sent_at=graph_time(self.received_at(index)),
            conversation=blake2b(root.encode(), digest_size=12).hexdigest(),
            has_attachments=self.shape(index) == "files",
            importance="normal",
            details={
                "from": sender, "sender": sender, "to": [[self.to, self.to]], "cc": [], "bcc": [], "reply_to": [],
                "preview": " ".join(self._plain[at] for at in self._picks(index, 3))[:255], "type": "",
            },
        )  # fmt: skip

    def mime(self, index: int) -> bytes:
        body = {
            "plain": self._alternative,
            "outlook": self._reply,
            "files": self._mixed,
            "automatic": self._auto,
        }
        return self._head(index) + body[self.shape(index)](index)

    def _dice(self, index: int) -> int:
        # SplitMix64: well spread, cheap, the same on every machine.
        mixed = (index * 0x9E3779B97F4A7C15 + self.seed * 0xD1B54A32D192ED03) & 0xFFFFFFFFFFFFFFFF
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
        return mixed ^ (mixed >> 31)

    def _picks(self, index: int, count: int) -> list[int]:
        dice = self._dice(index)
        step = dice % 255 * 2 + 1
        return [(dice + at * step) % POOL for at in range(count)]

    def _lines(self, pool: list[bytes], index: int, *, size: int) -> bytes:
        lines: list[bytes] = []
        for at in self._picks(index, size // 40):
            lines.append(pool[at])
            size -= len(pool[at]) + 2
            if size <= 0:
                break
        return b"\r\n".join(lines) + b"\r\n"

    def _head(self, index: int) -> bytes:
        person, at = self.person(index), format_datetime(self.received_at(index))
        lines = [
            f"Received: from mail{index % 7}.customers.example by sandbox.outlook.example; {at}",
            "Authentication-Results: spf=pass smtp.mailfrom=customers.example; dkim=pass; dmarc=pass action=none",
            f"From: {person.name} <{person.address}>",
            f"To: <{self.to}>",
            f"Subject: {_encoded(self.subject(index))}",
            f"Date: {at}",
            f"Message-ID: {self.message_id(index)}",
        ]
        if chain := self.chain(index):
            references = "\r\n ".join(self.message_id(above) for above in chain)
            lines += [f"In-Reply-To: {self.message_id(chain[-1])}", f"References: {references}"]
        lines += ["MIME-Version: 1.0", ""]
        return "\r\n".join(lines).encode("ascii")

    def _alternative(self, index: int, *, text_bytes: int = 2500, html_bytes: int = 4600) -> bytes:
        mark = f"=_alt_{self._dice(index):x}".encode()
        return _multipart(b"alternative", mark, [
            _part(b"text/plain", self._lines(self._text, index, size=text_bytes)),
            _part(b"text/html", _page(self._lines(self._html, index, size=html_bytes))),
        ])  # fmt: skip

    def _reply(self, index: int) -> bytes:
        above = (self.chain(index) or [index])[-1]
        block = self._quoted_head(above)
        text = self._lines(self._text, index, size=900) + b"_" * 32 + b"\r\n" + block
        rich = self._lines(self._html, index, size=1800) + _divider(block)
        mark = f"=_out_{self._dice(index):x}".encode()
        return _multipart(b"alternative", mark, [
            _part(b"text/plain", text + self._lines(self._text, above, size=11_000)),
            _part(b"text/html", _page(rich + self._lines(self._html, above, size=25_500))),
        ])  # fmt: skip

    def _quoted_head(self, above: int) -> bytes:
        person = self.person(above)
        sent = self.received_at(above).strftime("%A, %d %B %Y %H:%M")
        lines = f"From: {person.name} <{person.address}>\r\nSent: {sent}\r\nTo: {self.to}\r\nSubject: "
        return lines.encode() + _quoted(self.subject(above)) + b"\r\n\r\n"

    def _mixed(self, index: int) -> bytes:
        mark = f"=_mix_{self._dice(index):x}".encode()
        # One line of its own makes every file another file.
        own = base64.b64encode(f"%PDF-1.4 {self.seed} {index}".ljust(57).encode())
        return _multipart(b"mixed", mark, [
            self._alternative(index, text_bytes=1200, html_bytes=2200),
            b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment;"
            + f' filename="report-{index}.pdf"\r\n\r\n'.encode() + own + b"\r\n" + self._files[index % 4],
        ])  # fmt: skip

    def _auto(self, index: int) -> bytes:
        head = b"Auto-Submitted: auto-replied\r\nX-Auto-Response-Suppress: All\r\nPrecedence: bulk\r\n"
        return head + _part(b"text/plain", self._lines(self._text, index, size=2000))


def _sentence(dice: random.Random) -> str:
    words = [dice.choice(VOCABULARY) for _ in range(dice.randint(8, 18))]
    return " ".join(words).capitalize() + "."


def _quoted(text: str) -> bytes:
    return quopri.encodestring(text.encode()).replace(b"\n", b"\r\n")


def _encoded(text: str) -> str:
    return text if text.isascii() else f"=?utf-8?B?{base64.b64encode(text.encode()).decode()}?="


def _page(inner: bytes) -> bytes:
    return (
        b'<html><head><meta charset=3D"utf-8"></head><body lang=3D"EN-GB">\r\n'
        + inner
        + b"</body></html>\r\n"
    )


def _divider(block: bytes) -> bytes:
    style = b'<div style=3D"border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm">\r\n'
    return style + block.replace(b"<", b"&lt;").replace(b"\r\n", b"<br>\r\n") + b"</div>\r\n"


def _part(kind: bytes, body: bytes) -> bytes:
    head = (
        b"Content-Type: " + kind + b'; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    )
    return head + body


def _multipart(kind: bytes, mark: bytes, parts: list[bytes]) -> bytes:
    head = b"Content-Type: multipart/" + kind + b'; boundary="' + mark + b'"\r\n\r\n'
    inner = b"".join(b"--" + mark + b"\r\n" + part + b"\r\n" for part in parts)
    return head + inner + b"--" + mark + b"--\r\n"
