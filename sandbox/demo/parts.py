"""The MIME pieces that demo mails are made of."""

import hashlib
from email.charset import QP, Charset
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from typing import Any

from sandbox.demo.letter import Letter


def text_part(text: str, subtype: str = "plain", charset: str = "utf-8") -> MIMEText:
    """Write a text part in the charset; UTF-8 as quoted-printable, as most programs do."""
    how = Charset(charset)
    if charset == "utf-8":
        how.body_encoding = QP
    return MIMEText(text.replace("\n", "\r\n") + "\r\n", subtype, how)  # type: ignore[arg-type]


def multipart(letter: Letter, subtype: str, **parameters: Any) -> MIMEMultipart:
    """Open a container whose boundary looks like the writer's program and is the same each time."""
    digest = hashlib.sha256(f"{letter.key}/{subtype}".encode()).hexdigest()
    shapes = {"outlook": f"_000_AM0PR{digest[:16].upper()}_", "apple": f"Apple-Mail={digest[:24].upper()}"}
    boundary = shapes.get(letter.like, f"0000000000{digest[:20]}")
    return MIMEMultipart(subtype, boundary=boundary, **parameters)
