"""A real mail submission server (aiosmtpd): STARTTLS, XOAUTH2 only, and the faults a test asks for."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from sandbox.tls import TlsFiles, ensure_tls

READY_S: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A mail the server has taken."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    user: str


@dataclass(slots=True)
class Weather:
    """What goes wrong next. Replies are given once each, and keyed by verb, or by recipient."""

    replies: dict[str, list[str]] = field(default_factory=dict)
    refused_tokens: set[str] = field(default_factory=set)
    refusal: str = "535 5.7.3 Authentication unsuccessful [host.prod.outlook.com]"
    #: begun: before the first line, untaken: after the last dot and before it was taken, unheard: after it was.
    cuts: list[str] = field(default_factory=list)
    strips_starttls: bool = False
    size_limit: int = 157_286_400
    #: The one mailbox tokens open; any when blank.
    user: str = ""

    def reply(self, key: str, usual: str) -> str:
        waiting = self.replies.get(key) or self.replies.get(key.lower())
        return waiting.pop(0) if waiting else usual


class Submission:
    """Listens from the start; `taken` holds what was taken, `signed_in` who came with which token."""

    def __init__(self, folder: Path) -> None:
        self.tls: TlsFiles = ensure_tls(folder)
        self.weather = Weather()
        self.taken: list[Taken] = []
        self.signed_in: list[tuple[str, str]] = []
        self.verbs: list[str] = []
        #: Is given each mail that was taken, as Exchange keeps it in Sent Items.
        self.keep: Callable[[bytes], None] = lambda _content: None
        self._loop = asyncio.new_event_loop()
        self._ready = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(READY_S)

    @property
    def url(self) -> str:
        return f"smtp+starttls://localhost:{self.port}"

    def calm(self) -> None:
        """Forget everything, as before the first test."""
        self.weather = Weather()
        self.taken, self.signed_in, self.verbs = [], [], []
        self.keep = lambda _content: None

    def message_ids(self) -> list[str]:
        """Name what was taken, oldest first."""
        return [_header(mail.content, b"Message-ID") for mail in self.taken]

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        context = self.tls.server_context()
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            self._loop.create_server(lambda: self._session(context), "127.0.0.1", 0)
        )
        self.port = int(server.sockets[0].getsockname()[1])
        self._loop.call_soon(self._ready.set)
        self._loop.run_forever()
        server.close()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.close()

    def _session(self, context: ssl.SSLContext) -> SMTP:
        has_tls = not self.weather.strips_starttls
        return _Exchange(
            _Door(self),
            tls_context=context if has_tls else None,
            require_starttls=has_tls,
            auth_required=has_tls,
            auth_exclude_mechanism=["LOGIN", "PLAIN"],
            data_size_limit=self.weather.size_limit,
            loop=self._loop,
            timeout=300,
        )


class _Exchange(SMTP):
    #: Tokens are long.
    line_length_limit = 64 * 1024

    async def smtp_DATA(self, arg: str) -> None:
        if "begun" in self.event_handler.weather.cuts:
            self.event_handler.weather.cuts.remove("begun")
            self.transport.abort()
            return
        if instead := self.event_handler.weather.reply("instead of 354", ""):
            await self.push(instead)
            return
        await super().smtp_DATA(arg)


class _Door:
    """The handler aiosmtpd asks."""

    def __init__(self, server: Submission) -> None:
        self.server = server

    @property
    def weather(self) -> Weather:
        return self.server.weather

    async def auth_XOAUTH2(self, smtp: Any, args: list[str]) -> AuthResult:
        self.server.verbs.append("AUTH")
        said = await smtp.challenge_auth("")
        text = said.decode() if isinstance(said, bytes) else ""
        assert text.startswith("user=")
        assert text.endswith("\x01\x01")
        user, token = text[5:-2].split("\x01auth=Bearer ")
        self.server.signed_in.append((user, token))
        is_stranger = self.weather.user not in ("", user)
        if token in self.weather.refused_tokens or is_stranger:
            return AuthResult(success=False, handled=False, message=self.weather.refusal)
        reply = self.weather.reply("AUTH", "235 2.7.0 Authentication successful")
        if not reply.startswith("235"):
            return AuthResult(success=False, handled=False, message=reply)
        return AuthResult(success=True, auth_data=user)

    async def handle_MAIL(
        self, smtp: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.server.verbs.append(f"MAIL {' '.join(options)}".strip())
        reply = self.weather.reply("MAIL", "250 2.1.0 Sender OK")
        if reply.startswith("250"):
            envelope.mail_from = address
        return reply

    async def handle_RCPT(
        self, smtp: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.server.verbs.append("RCPT")
        reply = self.weather.reply(address, "250 2.1.5 Recipient OK")
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, smtp: Any, session: Session, envelope: Envelope) -> str:
        self.server.verbs.append("DATA")
        cut = self.weather.cuts.pop(0) if self.weather.cuts else ""
        reply = self.weather.reply("DATA", "250 2.0.0 OK [Hostname=host.prod.outlook.com]")
        if reply.startswith("250") and cut != "untaken":
            content = bytes(envelope.original_content or b"")
            mail = Taken(
                sender=str(envelope.mail_from),
                recipients=tuple(envelope.rcpt_tos),
                content=content,
                user=str(session.auth_data),
            )
            self.server.taken.append(mail)
            self.server.keep(content)
        if cut:
            smtp.transport.abort()
        return reply


def _header(content: bytes, name: bytes) -> str:
    lines = content.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").split(b"\r\n")
    found = [
        line.partition(b":")[2].strip() for line in lines if line.lower().startswith(name.lower() + b":")
    ]
    return found[0].decode() if found else ""
