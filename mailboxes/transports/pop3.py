"""Incoming mail over POP3: the inbox alone, and after filing a mail is kept or deleted, nothing else.

A deletion counts when the session ends well, and is asked for only after our own commit: a crash in between leaves the
mail where it was, and it is recognised. Source: RFC 1939.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from threading import RLock
from typing import Final

from mailboxes.transports.base import Batch, Delivery, Download, FolderSeen, OpenFile, Ref, Step
from mailboxes.transports.bunches import bunches
from mailboxes.transports.dial import Dial, TokenSource
from mailboxes.transports.pop3_listing import Mail, describe, list_mails, seen_marks, write_cursor
from mailboxes.transports.pop3_wire import PopConnection
from mailboxes.transports.refusals import refused
from tenants.errors import BadAnswer, IntegrationError, ItemGone, Misconfigured

#: Mails per page; each page that is deleted from ends a session.
PAGE: Final = 200
INBOX: Final = "INBOX"


class PopInbound:
    """A mailbox, read over one POP3 connection at a time."""

    lanes = 1
    steps_at_once = PAGE

    def __init__(self, url: str, *, user: str, token: TokenSource) -> None:
        self._lock = RLock()
        self._dial = Dial(lambda: PopConnection(url), user=user, token=token)
        self._listed: Mapping[str, Mail] = {}
        self._listed_over: PopConnection | None = None

    @property
    def requests(self) -> int:
        return self._dial.round_trips

    @property
    def charged(self) -> int:
        return 0

    def fetch(self, folder_id: str, cursor: str) -> Iterator[Batch]:
        """List what the cursor does not remember; POP3 itself lists the whole mailbox every time."""
        seen = seen_marks(cursor)
        with self._lock:
            if self._listed_over is not None:
                # A session never shows what arrives while it lasts.
                self._dial.close()
            listed = list(self._mails().values())
        marks = {mail.mark for mail in listed} & seen
        fresh = [mail.key for mail in listed if mail.mark not in marks]
        if not fresh:
            yield Batch(refs=(), cursor=write_cursor(marks), is_last=True)
        for at in range(0, len(fresh), PAGE):
            with self._lock:
                # Numbers are those of this session, which may be another than that of the page before.
                page = [mail for key in fresh[at : at + PAGE] if (mail := self._mails().get(key))]
                refs = describe(self._dial(), page)
            marks |= {mail.mark for mail in page}
            yield Batch(refs=refs, cursor=write_cursor(marks), is_last=at + PAGE >= len(fresh))

    def bunches(self, refs: Sequence[Ref]) -> Iterator[Sequence[Ref]]:
        return bunches(refs)

    def download(
        self, refs: Sequence[Ref], *, open_file: OpenFile, max_bytes: int
    ) -> Generator[Delivery, None, None]:
        rest = {ref.remote_id: ref for ref in refs}
        with self._lock:
            while rest:
                for delivery in self._some(list(rest), open_file, max_bytes):
                    del rest[delivery.remote_id]
                    yield delivery

    def acknowledge(
        self, remote_ids: Sequence[str], step: Step, *, folder_id: str = ""
    ) -> Mapping[str, IntegrationError | None]:
        if step is not Step.DELETE:
            return dict.fromkeys(remote_ids, Misconfigured.own("pop_keep_or_delete"))
        with self._lock:
            mails = self._mails()
            asked = [key for key in remote_ids if key in mails]  # what is not there any more is deleted
            if not asked:
                return dict.fromkeys(remote_ids)
            connection = self._dial()
            statuses = list(connection.ask([f"DELE {mails[key].number}" for key in asked]))
            connection.quit()
        errors = [None if status.is_ok else refused(status.text) for status in statuses]
        return {**dict.fromkeys(remote_ids), **dict(zip(asked, errors, strict=True))}

    def copied(self, message_ids: Sequence[str], folder_id: str) -> frozenset[str]:
        return frozenset()  # there are no folders to copy to

    def find_folder(self, path: str, *, create: bool = False) -> FolderSeen:
        if create:
            raise Misconfigured.own("pop_keep_or_delete")
        if path.strip().strip("/").lower() != "inbox":
            raise Misconfigured.own("pop_inbox_only")
        return self.folders()[0]

    def folders(self) -> Sequence[FolderSeen]:
        with self._lock:
            total = self._dial().count()
        return [FolderSeen(remote_id=INBOX, display_name="Inbox", total=total, path="Inbox")]

    def close(self) -> None:
        with self._lock:
            self._dial.close()

    def _mails(self) -> Mapping[str, Mail]:
        """Give the mails by key, with the numbers of the session that is open."""
        connection = self._dial()
        if self._listed_over is not connection:
            self._listed, self._listed_over = list_mails(connection), connection
        return self._listed

    def _some(
        self, keys: Sequence[str], open_file: OpenFile, max_bytes: int
    ) -> Generator[Delivery, None, None]:
        """Fetch mails over one session, up to the first that is cut: that ends the session."""
        mails = self._mails()
        present = [mails[key] for key in keys if key in mails]
        gone = ItemGone.own("mail_gone")
        yield from (Delivery(remote_id=key, error=gone) for key in keys if key not in mails)
        connection = self._dial()
        with closing(connection.ask([f"RETR {mail.number}" for mail in present])) as statuses:
            for status, mail in zip(statuses, present, strict=False):
                if not status.is_ok:
                    yield Delivery(remote_id=mail.key, error=_of_this_mail(status.text))
                    continue
                came = connection.line.copy_dotted(
                    open_file(), listed_bytes=mail.size_bytes, max_bytes=max_bytes
                )
                yield _delivery(mail, came)
                if came.is_truncated:
                    return


def _delivery(mail: Mail, came: Download) -> Delivery:
    if not came.size_bytes:
        return Delivery(remote_id=mail.key, error=BadAnswer.own("answer_empty"))
    return Delivery(remote_id=mail.key, download=came)


def _of_this_mail(text: str) -> IntegrationError:
    """Say what is wrong with one mail. Raises what is not its fault."""
    meaning = refused(text)
    if not isinstance(meaning, BadAnswer):
        raise meaning
    return meaning
