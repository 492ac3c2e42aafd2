"""A demo mail before it becomes bytes: what the source says, filled in, and the mail it answers."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr
from typing import Any

REPEAT = re.compile(r"\{repeat (.+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail. key is unique in its mailbox; id, text and the rest as the TOML source has them."""

    key: str
    sent_at: datetime
    mailbox: str
    sender: str = ""
    to: str = ""
    cc: str = ""
    reply_to: str = ""
    subject: str = ""
    text: str = ""
    like: str = "plain"
    kind: str = ""
    lang: str = "en"
    charset: str = "utf-8"
    importance: str = ""
    files: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    parent: "Letter | None" = None
    options: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return parseaddr(self.sender)[1]

    @property
    def domain(self) -> str:
        return (self.address or self.mailbox).rpartition("@")[2]

    @property
    def message_id(self) -> str:
        """The id in the manner of the writer's program; the same for the same key, so that answers find it."""
        digest = hashlib.sha256(f"{self.mailbox}/{self.key}".encode()).hexdigest()
        shapes = {
            "outlook": f"<AM0PR{digest[:12].upper()}@AM0PR{digest[:4].upper()}.eurprd04.prod.outlook.example>",
            "gmail": f"<CA+{digest[:40]}@mail.gmail.example>",
            "apple": f"<{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}@{self.domain}>"
            .upper(),
        }  # fmt: skip
        return shapes.get(self.like, f"<{digest[:24]}@{self.domain}>")

    @property
    def chain(self) -> list["Letter"]:
        """The mails above this one, oldest first."""
        return [*self.parent.chain, self.parent] if self.parent else []


def read_letter(row: dict[str, Any], *, mailbox: str, key: str, sent_at: datetime, number: int = 0) -> Letter:
    """Fill in a row of the source; {n} becomes the number."""
    filled = {name: _filled(value, number) for name, value in row.items()}
    repeat = int(row.get("repeat", 1))
    return Letter(
        key=key,
        sent_at=sent_at,
        mailbox=mailbox,
        sender=filled.get("from", ""),
        to=filled.get("to", f"<{mailbox}>"),
        cc=filled.get("cc", ""),
        reply_to=filled.get("reply_to", ""),
        subject=filled.get("subject", ""),
        text=REPEAT.sub(lambda match: "\n".join([match.group(1)] * repeat), filled.get("text", "").strip()),
        like=row.get("like", "outlook"),
        kind=row.get("kind", ""),
        lang=row.get("lang", "en"),
        charset=row.get("charset", "utf-8"),
        importance=row.get("importance", ""),
        files=tuple(_filled(line, number) for line in row.get("files", ())),
        headers=row.get("headers", {}),
        options={name: filled[name] for name in ("failed", "about", "link", "target") if name in filled},
    )


def _filled(value: Any, number: int) -> Any:
    return value.replace("{n}", str(number)) if isinstance(value, str) else value
