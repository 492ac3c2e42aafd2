"""Outgoing mail over SMTP: recipients named one by one, the mail in one piece, doubt only after its last dot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Protocol

from mailboxes.transports.dial import Dial, TokenSource
from mailboxes.transports.outgoing import Doubtful, Found, Journal, Outgoing, Receipt, Sighting
from mailboxes.transports.smtp_wire import SmtpConnection
from tenants.errors import IntegrationError, Misconfigured, RecipientRefused

#: What Exchange takes from a mailbox unless its limit was raised; more goes over Graph, which streams it. Bytes.
MAX_MIME_BYTES: Final = 35 * 1024 * 1024
#: So many tries wait for a look into Sent Items that fails.
LOOKS: Final = 3
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")


class Beside(Protocol):
    """What another wire of the mailbox shows of a mail, by the id of its draft and its Message-ID."""

    def look(self, *, remote_id: str, message_id: str) -> Sighting:
        """Look it up in the folder Exchange keeps sent mail in."""

    def clear_away(self, *, remote_id: str, message_id: str) -> bool:
        """Delete a draft that was made before the mailbox sent over SMTP; True when it was sent."""


class SmtpOutbound:
    """A mailbox that mail is sent from, over one connection at a time."""

    max_mime_bytes = MAX_MIME_BYTES
    shows_bcc = False

    def __init__(self, url: str, *, user: str, token: TokenSource, beside: Beside) -> None:
        self._dial = Dial(lambda: SmtpConnection(url), user=user, token=token)
        self._beside = beside

    def send(self, mail: Outgoing, journal: Journal) -> Receipt:
        if not mail.recipients:
            return Receipt()
        journal.alive()
        if mail.is_old and not mail.taken and self._has_left(mail):
            return Receipt()
        if mail.remote_id:
            # Begun over Graph: nobody is to find that draft in Outlook, and send it.
            if self._beside.clear_away(remote_id=mail.remote_id, message_id=mail.message_id):
                return Receipt(remote_id=mail.remote_id)
            journal.drafted(remote_id="", message_id="")
        connection = self._dial()
        is_clean = False
        try:
            refused = _handed_over(connection, mail, journal)
            is_clean = True
        finally:
            if not is_clean:
                connection.drop()
        return Receipt(refused=refused)

    def _has_left(self, mail: Outgoing) -> bool:
        try:
            return self.find(remote_id=mail.remote_id, message_id=mail.message_id).found is Found.SENT
        except IntegrationError as error:
            # What reads the mailbox may be out of order for days; sending does not wait for its repair.
            if error.permanent or mail.tries >= LOOKS:
                return False
            raise

    def send_at_once(self, mail: Outgoing) -> None:
        try:
            refused = self.send(mail, _NoJournal()).refused
        except Doubtful as doubt:
            # No row waits for the end of the doubt: whoever watches is told what went wrong.
            raise doubt.error from None
        for error in refused.values():
            raise error

    def knock(self) -> bool:
        return self._dial().is_open

    def find(self, *, remote_id: str, message_id: str) -> Sighting:
        return self._beside.look(remote_id=remote_id, message_id=message_id)

    def discard(self, remote_id: str) -> None:
        """There is nothing at Microsoft before a mail is sent over SMTP."""

    def close(self) -> None:
        self._dial.close()


def _handed_over(
    connection: SmtpConnection, mail: Outgoing, journal: Journal
) -> Mapping[str, IntegrationError]:
    """Go through one mail, and give the recipients it was not taken for."""
    mime = _with_line_ends(mail.mime)
    if mail.files or len(mime) > (connection.max_bytes or len(mime)):
        raise Misconfigured.own("mail_too_large_for_smtp")
    connection.begin(mail.sender, size_bytes=len(mime), pulse=journal.alive)
    refused = {
        address: error for address in mail.recipients if (error := connection.name(address)) is not None
    }
    for error in refused.values():
        # Not this recipient's alone: the mailbox may not send, or not now.
        if not isinstance(error, RecipientRefused):
            raise error
    if len(refused) == len(mail.recipients):
        raise min(refused.values(), key=lambda error: error.permanent)
    connection.hand_over(mime, before_dot=lambda: journal.asking(refused))
    return refused


def _with_line_ends(mime: bytes) -> bytes:
    """Make every line end CRLF: a server may take another end, and a dot after it, for the end of the mail."""
    ends = mime.count(b"\r\n")
    if mime.count(b"\r") == ends == mime.count(b"\n"):
        return mime
    return _LINE_END.sub(b"\r\n", mime)


class _NoJournal:
    """For a mail that stands in no outbox."""

    def alive(self) -> None: ...

    def next_piece(self) -> None: ...

    def uploading(self, name: str, url: str) -> None: ...

    def drafted(self, *, remote_id: str, message_id: str) -> None: ...

    def asking(self, refused: Mapping[str, IntegrationError] | None = None) -> None: ...
