"""Whole mails over IMAP: many in one command, each streamed to its file as soon as its literal begins."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Final

from mailboxes.transports.base import STUB_BYTES, Download, OpenFile
from mailboxes.transports.imap_listing import UID
from mailboxes.transports.imap_names import number_set
from mailboxes.transports.imap_wire import ImapConnection, Reply, Response
from mailboxes.transports.refusals import refused
from tenants.errors import BadAnswer, IntegrationError, ItemGone

#: A number and what came of it.
Arrival = tuple[int, Download | IntegrationError]
Arrivals = Generator[Arrival, None, None]
Connected = Callable[[], ImapConnection]
_BODY: Final = b"BODY["


class _Cut(Exception):
    """A mail passed the limit; the connection was ended rather than read to its end."""


class Bodies:
    """Fetches bodies of the open folder into files."""

    def __init__(self, *, open_file: OpenFile, max_bytes: int) -> None:
        self.open_file = open_file
        self.max_bytes = max_bytes
        self._arrived: Download | None = None
        self._uid = 0

    def ask(self, sizes: Mapping[int, int], connected: Connected) -> Arrivals:
        """Fetch mails by number; `sizes` are what the listing said, 0 for unknown."""
        yield from self._whole([uid for uid, size in sizes.items() if size <= self.max_bytes], connected)
        for uid, size_bytes in sizes.items():
            if size_bytes > self.max_bytes:
                yield from self._beginning(uid, size_bytes, connected)

    def _whole(self, uids: Sequence[int], connected: Connected) -> Arrivals:
        """Fetch together; after a refusal one by one, so that one bad mail does not hold up the others."""
        rest, at_once = dict.fromkeys(uids), len(uids)
        while rest:
            asked = list(rest)[:at_once]
            reply = yield from self._some(asked, rest, connected())
            missing = [uid for uid in asked if uid in rest]
            if reply is not None and reply.is_ok:
                yield from _left(missing, rest, ItemGone.own("mail_gone"))
            elif len(asked) == 1:
                yield from _left(missing, rest, _of_this_mail(reply))
            elif missing == asked:
                # Not one came: the next are asked for singly.
                _of_this_mail(reply)
                at_once = 1

    def _some(
        self, uids: Sequence[int], rest: dict[int, None], connection: ImapConnection
    ) -> Generator[Arrival, None, Reply | None]:
        """Give the mails of one command; returns how it ended, None when it was broken off."""
        stream = connection.stream(
            f"UID FETCH {number_set(uids)} (UID BODY.PEEK[])", take=self._taking(connection, self.max_bytes)
        )
        try:
            while True:
                self._arrived, self._uid = None, uids[0] if len(uids) == 1 else 0
                response = next(stream)
                uid, came = self._settled(response)
                if came is not None and uid in rest:
                    del rest[uid]
                    yield uid, came
        except StopIteration as end:
            reply: Reply = end.value
            return reply
        except _Cut:
            if self._uid in rest and self._arrived is not None:
                del rest[self._uid]
                yield self._uid, self._arrived
            return None
        finally:
            stream.close()

    def _settled(self, response: Response) -> tuple[int, Download | IntegrationError | None]:
        found = UID.search(response.text)
        came = self._arrived or self._without_literal(response)
        if came is not None and found is None:
            raise BadAnswer.own("answer_malformed")
        if came is not None and isinstance(came, Download) and not came.size_bytes:
            return int(found[1]) if found else 0, BadAnswer.own("answer_empty")
        return int(found[1]) if found else 0, came

    def _without_literal(self, response: Response) -> IntegrationError | None:
        """A body that is NIL or an empty string is none; anything else comes as a literal."""
        is_body = any(_BODY in text.upper() for text in response.texts)
        return BadAnswer.own("answer_empty") if is_body else None

    def _taking(self, connection: ImapConnection, max_bytes: int) -> Callable[[bytes, int], bytes]:
        def take(text: bytes, size_bytes: int) -> bytes:
            if _BODY not in text.upper():
                return connection.read_literal(text, size_bytes)
            found = UID.search(text)
            self._uid = int(found[1]) if found else self._uid
            self._arrived = connection.line.copy(size_bytes, self.open_file(), max_bytes=max_bytes)
            if self._arrived.is_truncated:
                raise _Cut
            return b""

        return take

    def _beginning(self, uid: int, size_bytes: int, connected: Connected) -> Arrivals:
        """Fetch only the beginning of a mail that the listing says is too large."""
        connection = connected()
        kept_bytes = min(STUB_BYTES, self.max_bytes)
        self._arrived = None
        command = f"UID FETCH {uid} (UID BODY.PEEK[]<0.{kept_bytes}>)"
        reply = connection.run(command, take=self._taking(connection, kept_bytes))
        came: Download | None = self._arrived
        if came is None:
            yield uid, ItemGone.own("mail_gone") if reply.is_ok else _of_this_mail(reply)
        elif came.size_bytes < kept_bytes:
            yield uid, came  # the listing was wrong: that is the whole mail
        else:
            yield uid, Download(size_bytes=size_bytes, sha256="", is_truncated=True)


def _left(uids: Sequence[int], rest: dict[int, None], error: IntegrationError) -> Arrivals:
    for uid in uids:
        del rest[uid]
        yield uid, error


def _of_this_mail(reply: Reply | None) -> IntegrationError:
    """Say what is wrong with one mail. Raises what is not its fault."""
    meaning = refused(reply.text) if reply is not None else BadAnswer.own("answer_malformed")
    if not isinstance(meaning, BadAnswer):
        raise meaning
    return meaning
