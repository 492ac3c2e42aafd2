"""One mailbox in a Dovecot."""

from __future__ import annotations

from collections.abc import Sequence

from mailboxes.transports.base import InboundTransport
from mailboxes.transports.imap import ImapInbound
from mailboxes.transports.pop3 import PopInbound
from tests.mail_servers.dovecot import Dovecot

TOKEN = "canary-token-of-dovecot"


class DovecotBox:
    """Speaks IMAP unless told otherwise; its address is the one the introspection names."""

    transport: InboundTransport
    foreign_cursor = "https://graph.microsoft.com/v1.0/delta"

    def __init__(self, dovecot: Dovecot, address: str) -> None:
        self.dovecot = dovecot
        self.address = address
        self.tokens: list[bool] = []
        dovecot.introspection.mailbox = address
        dovecot.introspection.refused.clear()
        dovecot.put(address, [])

    def over_imap(self, *, port: int | None = None) -> DovecotBox:
        url = f"imaps://localhost:{port}" if port else self.dovecot.imap_url
        self.transport = ImapInbound(url, user=self.address, token=self.token)
        return self

    def over_pop3(self, *, port: int | None = None) -> DovecotBox:
        url = f"pop3s://localhost:{port}" if port else self.dovecot.pop_url
        self.transport = PopInbound(url, user=self.address, token=self.token)
        return self

    def token(self, is_refused: bool) -> str:
        self.tokens.append(is_refused)
        return f"{TOKEN}-fresh" if is_refused else TOKEN

    def put(self, mails: Sequence[bytes]) -> None:
        self.dovecot.put(self.address, mails)

    def left(self) -> int:
        return len(self.dovecot.bodies(self.address))
