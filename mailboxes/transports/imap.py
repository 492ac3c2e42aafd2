"""Incoming mail over IMAP: new mails by UID, many bodies in one command, one connection per run.

Exchange has neither CONDSTORE nor QRESYNC, so the cursor is the folder's UIDVALIDITY and the last UID seen.
Source: RFC 3501.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from threading import RLock
from typing import Final

from mailboxes.transports import imap_folders
from mailboxes.transports.base import Batch, Delivery, Download, FolderSeen, OpenFile, Ref, Step
from mailboxes.transports.bunches import bunches
from mailboxes.transports.dial import Dial, TokenSource
from mailboxes.transports.imap_bodies import Bodies
from mailboxes.transports.imap_folders import Listed
from mailboxes.transports.imap_ids import Place, by_folder, write_id
from mailboxes.transports.imap_listing import describe, head_of, holds, last_seen, numbers_after
from mailboxes.transports.imap_names import quoted
from mailboxes.transports.imap_steps import take_step
from mailboxes.transports.imap_wire import ImapConnection
from tenants.errors import FolderGone, IntegrationError, ItemGone

#: Mails per page of a listing and per step after filing.
PAGE: Final = 200
#: How many folders are shown at most.
FOLDERS: Final = 1000
_MESSAGES: Final = re.compile(rb"\* STATUS .*\(.*\bMESSAGES ([0-9]{1,10})\b", re.IGNORECASE)


class ImapInbound:
    """A mailbox, read over one connection at a time."""

    lanes = 1
    steps_at_once = PAGE

    def __init__(self, url: str, *, user: str, token: TokenSource) -> None:
        self._lock = RLock()
        self._dial = Dial(lambda: ImapConnection(url), user=user, token=token)

    @property
    def requests(self) -> int:
        return self._dial.round_trips

    @property
    def charged(self) -> int:
        return 0

    def fetch(self, folder_id: str, cursor: str) -> Iterator[Batch]:
        with self._lock:
            folder = self._dial().select(folder_id, is_fresh=True)
            last = last_seen(cursor, folder)
            uids = numbers_after(self._dial(), folder, last)
        if not uids:
            yield Batch(refs=(), cursor=f"{folder.validity}:{last}", is_last=True)
        for at in range(0, len(uids), PAGE):
            page = uids[at : at + PAGE]
            with self._lock:
                refs = describe(self._in(folder_id), (folder_id, folder.validity), page)
            yield Batch(refs=refs, cursor=f"{folder.validity}:{page[-1]}", is_last=at + PAGE >= len(uids))

    def bunches(self, refs: Sequence[Ref]) -> Iterator[Sequence[Ref]]:
        return bunches(refs)

    def download(
        self, refs: Sequence[Ref], *, open_file: OpenFile, max_bytes: int
    ) -> Generator[Delivery, None, None]:
        sizes = {ref.remote_id: ref.size_bytes for ref in refs}
        known, strange = by_folder(sizes)
        yield from map(_gone, strange)  # of another wire, used before
        bodies = Bodies(open_file=open_file, max_bytes=max_bytes)
        with self._lock:
            for place, uids in known.items():
                if self._holds(place):
                    wanted = {uid: sizes[write_id(place, uid)] for uid in uids}
                    yield from self._delivered(bodies, place, wanted)
                else:
                    yield from (_gone(write_id(place, uid)) for uid in uids)

    def acknowledge(
        self, remote_ids: Sequence[str], step: Step, *, folder_id: str = ""
    ) -> Mapping[str, IntegrationError | None]:
        # What is not found any more, somebody else has moved or deleted: nothing is left to do.
        outcome: dict[str, IntegrationError | None] = dict.fromkeys(remote_ids)
        with self._lock:
            for place, uids in by_folder(remote_ids)[0].items():
                if self._holds(place):
                    errors = take_step(lambda at=place: self._in(at[0]), uids, step, target=folder_id)  # type: ignore[misc]
                    outcome |= {write_id(place, uid): error for uid, error in errors.items()}
        return outcome

    def copied(self, message_ids: Sequence[str], folder_id: str) -> frozenset[str]:
        with self._lock:
            return holds(self._in(folder_id), message_ids)

    def head(self, message_id: str, folder_id: str) -> bytes:
        """Read what a mail says of its sender and its thread; "" where it is not in the folder."""
        with self._lock:
            return head_of(self._in(folder_id), message_id)

    def find_folder(self, path: str, *, create: bool = False) -> FolderSeen:
        name = path.strip().strip("/")
        with self._lock:
            listed = self._listed()
            found = imap_folders.find(listed, name)
            if found is None and create and name:
                found = self._created(imap_folders.wire_name(listed, name), name)
            if found is None or not found.can_be_opened:
                raise FolderGone.own("folder_missing", detail=path)
            return self._seen([found])[0]

    def folders(self) -> Sequence[FolderSeen]:
        with self._lock:
            found = [folder for folder in self._listed() if folder.can_be_opened][:FOLDERS]
            return sorted(self._seen(found), key=lambda folder: folder.path.casefold())

    def close(self) -> None:
        with self._lock:
            self._dial.close()

    def _delivered(
        self, bodies: Bodies, place: Place, sizes: Mapping[int, int]
    ) -> Generator[Delivery, None, None]:
        for uid, came in bodies.ask(sizes, lambda: self._in(place[0])):
            remote_id = write_id(place, uid)
            if isinstance(came, Download):
                yield Delivery(remote_id=remote_id, download=came)
            else:
                yield Delivery(remote_id=remote_id, error=came)

    def _holds(self, place: Place) -> bool:
        """Tell whether the folder is there and still counts its mails as it did."""
        folder, validity = place
        try:
            return self._dial().select(folder).validity == validity
        except FolderGone:
            return False

    def _created(self, name: str, path: str) -> Listed | None:
        reply = self._dial().run(f"CREATE {quoted(name)}")
        found = imap_folders.find(self._listed(), path)
        if found is None:
            reply.checked()  # refused, and not because somebody was quicker
        # Outlook and others show only what is subscribed.
        self._dial().run(f"SUBSCRIBE {quoted(name)}")
        return found

    def _listed(self) -> Sequence[Listed]:
        connection = self._dial()
        uses = " RETURN (SPECIAL-USE)" if {"LIST-EXTENDED", "SPECIAL-USE"} <= connection.capabilities else ""
        return imap_folders.read_list(connection.run(f'LIST "" "*"{uses}').checked().responses)

    def _seen(self, listed: Sequence[Listed]) -> list[FolderSeen]:
        commands = [f"STATUS {quoted(folder.name)} (MESSAGES)" for folder in listed]
        replies = self._dial().run_all(*commands)
        totals = [
            next((int(found[1]) for one in reply.responses if (found := _MESSAGES.match(one.text))), 0)
            for reply in replies
        ]
        return [
            FolderSeen(remote_id=folder.name, display_name=folder.display_name, total=total, path=folder.path)
            for folder, total in zip(listed, totals, strict=True)
        ]

    def _in(self, folder_id: str) -> ImapConnection:
        """Give the connection with the folder open."""
        connection = self._dial()
        connection.select(folder_id)
        return connection


def _gone(remote_id: str) -> Delivery:
    return Delivery(remote_id=remote_id, error=ItemGone.own("mail_gone"))
