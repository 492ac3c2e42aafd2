"""Incoming mail over Microsoft Graph: delta listings, MIME by plain GETs, moves and marks in batches of 20.

Source: Microsoft Graph v1.0, message delta, get MIME content, message move, JSON batching.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, Final
from urllib.parse import quote

from django.conf import settings

from mailboxes.transports.base import Batch, Delivery, Download, FolderSeen, OpenFile, Ref, Step
from tenants.errors import (
    AlreadyExists,
    AnswerTooLarge,
    CursorExpired,
    FolderGone,
    IntegrationError,
    ItemGone,
)
from tenants.microsoft.answers import JSON, count, listed, part, text, words
from tenants.microsoft.graph import BatchRequest, Gate, GraphClient, segment, user_path

#: The most requests one $batch may hold.
BATCH_SIZE: Final = 20
#: A clock may be a little ahead; a mail that claims more was received now.
AHEAD: Final = timedelta(days=2)
SELECT: Final = "id,internetMessageId,receivedDateTime,subject,from,isDraft"
#: The property of a folder that says which installation tidies it up. Source: Microsoft Graph v1.0,
#: singleValueLegacyExtendedProperty, for which a mailFolder is named as a supported resource.
PROPERTIES: Final = "singleValueExtendedProperties"
MARKER: Final = "String {5c3f0d2e-8a41-4d67-9f0b-7e2d1c6b5a90} Name HelpdeskInstallation"
#: Names that mean the same folder in every language; usable instead of an id.
WELL_KNOWN: Final = frozenset(
    {
        "archive",
        "clutter",
        "conflicts",
        "conversationhistory",
        "deleteditems",
        "drafts",
        "inbox",
        "junkemail",
        "msgfolderroot",
        "outbox",
        "scheduled",
        "searchfolders",
        "sentitems",
        "syncissues",
    }
)


class GraphInbound:
    """A mailbox, read through Graph."""

    def __init__(self, client: GraphClient, *, address: str, gate: Gate) -> None:
        self.client = client
        self.gate = gate
        self.user = user_path(address)

    @property
    def requests(self) -> int:
        return self.client.requests

    @property
    def charged(self) -> int:
        return self.client.charged

    @property
    def lanes(self) -> int:
        return self.gate.slots()

    @property
    def steps_at_once(self) -> int:
        # Exchange runs four requests of one batch at once; with a visitor in a seat, a batch may only hold the rest.
        return BATCH_SIZE if self.gate.slots() >= 4 else self.gate.slots()

    def clock_skew(self) -> timedelta:
        return self.client.clock_skew

    def close(self) -> None:
        """Connections belong to the threads and stay open between runs."""

    def fetch(self, folder_id: str, cursor: str) -> Iterator[Batch]:
        # Never filtered: a filtered delta tracks 5,000 mails at most and misses what people move in.
        start = f"{self.user}/mailFolders/{segment(folder_id)}/messages/delta"
        params = None if cursor else {"$select": SELECT, "changeType": "created"}
        prefer = {"Prefer": f"odata.maxpagesize={settings.DELTA_PAGE_SIZE}"}
        if cursor and not self.client.owns(cursor):
            # Stored when Graph was reached by another address; no token goes there.
            raise CursorExpired.own("foreign_link")
        for page in self.client.pages(cursor or start, params=params, headers=prefer):
            following = text(page, "@odata.nextLink") if page.get("@odata.nextLink") else ""
            yield Batch(
                refs=tuple(_refs(listed(page))),
                cursor=following or text(page, "@odata.deltaLink"),
                is_last=not following,
            )

    def bunches(self, refs: Sequence[Ref]) -> Iterator[Sequence[Ref]]:
        # $batch would give the bytes as base64 inside JSON: each mail comes by a GET of its own.
        return ((ref,) for ref in refs)

    def download(
        self, refs: Sequence[Ref], *, open_file: OpenFile, max_bytes: int
    ) -> Generator[Delivery, None, None]:
        for ref in refs:
            yield Delivery(
                remote_id=ref.remote_id, download=self._download(ref, open_file(), max_bytes=max_bytes)
            )

    def _download(self, ref: Ref, into: BinaryIO, *, max_bytes: int) -> Download:
        path = f"{self.user}/messages/{segment(ref.remote_id)}/$value"
        try:
            got = self.client.download(path, into, max_bytes=max_bytes)
        except AnswerTooLarge:
            return Download(size_bytes=into.tell(), sha256="", is_truncated=True)
        return Download(size_bytes=got.size_bytes, sha256=got.sha256, is_truncated=False)

    def acknowledge(
        self, remote_ids: Sequence[str], step: Step, *, folder_id: str = ""
    ) -> Mapping[str, IntegrationError | None]:
        results = self.client.batch([self._step(remote_id, step, folder_id) for remote_id in remote_ids])
        errors = {key: result.error for key, result in zip(remote_ids, results, strict=True)}
        missing = self._missing_target(errors, folder_id) if folder_id else None
        return {
            key: missing or error if isinstance(error, ItemGone) else error for key, error in errors.items()
        }

    def copied(self, message_ids: Sequence[str], folder_id: str) -> frozenset[str]:
        below = f"{self.user}/mailFolders/{segment(folder_id)}/messages"
        looks = [
            BatchRequest(
                method="GET",
                path=f"{below}?$filter={quote(_same_id(one), safe='')}&$select=id&$top=1",
            )
            for one in message_ids
        ]
        results = self.client.batch(looks)
        for result in results:
            if result.error is not None:
                raise result.error
        found = zip(message_ids, results, strict=True)
        return frozenset(message_id for message_id, result in found if listed(result.body))

    def _missing_target(
        self, errors: Mapping[str, IntegrationError | None], folder_id: str
    ) -> IntegrationError | None:
        """Tell a mail that is gone from a target folder that is gone: Graph answers both with the same code."""
        if not any(isinstance(error, ItemGone) for error in errors.values()):
            return None
        try:
            self.client.get(f"{self.user}/mailFolders/{segment(folder_id)}", params={"$select": "id"})
        except (FolderGone, ItemGone):
            return FolderGone.own("folder_missing")
        return None

    def _step(self, remote_id: str, step: Step, folder_id: str) -> BatchRequest:
        message = f"{self.user}/messages/{segment(remote_id)}"
        if step is Step.MARK_READ:
            return BatchRequest(method="PATCH", path=message, body={"isRead": True})
        if step is Step.DELETE:
            return BatchRequest(method="DELETE", path=message)
        # Without $select Graph answers with the whole mail again, body included, twenty to a batch.
        path = f"{message}/{step.value}?$select=id"
        return BatchRequest(method="POST", path=path, body={"destinationId": folder_id})

    def find_folder(self, path: str, *, create: bool = False) -> FolderSeen:
        name = path.strip().strip("/")
        if name.lower() in WELL_KNOWN:
            return _seen(self.client.get(f"{self.user}/mailFolders/{name.lower()}"))
        found: JSON | None = None
        for step in name.split("/"):
            found = self._child(found, step.strip(), create=create)
            if found is None:
                raise FolderGone.own("folder_missing", detail=path)
        if found is None:
            raise FolderGone.own("folder_missing", detail=path)
        return _seen(found)

    def marker(self, folder_id: str) -> str:
        url = f"{self.user}/mailFolders/{segment(folder_id)}"
        expand = f"{PROPERTIES}($filter=id eq '{MARKER}')"
        found = self.client.get(url, params={"$select": "id", "$expand": expand})
        values = listed(found, PROPERTIES) if found.get(PROPERTIES) else []
        return next(filter(None, (words(item, "value") for item in values)), "")

    def mark(self, folder_id: str, text: str) -> None:
        url = f"{self.user}/mailFolders/{segment(folder_id)}"
        self.client.patch(url, {PROPERTIES: [{"id": MARKER, "value": text}]})

    def purpose(self) -> str:
        try:
            found = self.client.get(f"{self.user}/mailboxSettings")
        except IntegrationError as error:
            if not error.permanent:
                raise
            return ""
        return words(found, "userPurpose")

    def _child(self, parent: JSON | None, name: str, *, create: bool) -> JSON | None:
        found = self._named(self._below(parent), name)
        if found is None and parent is None and name.lower() in WELL_KNOWN:
            return self.client.get(f"{self.user}/mailFolders/{name.lower()}")
        if found is None and create:
            return self._create(parent, name)
        return found

    def _create(self, parent: JSON | None, name: str) -> JSON | None:
        try:
            return self.client.post(self._below(parent), {"displayName": name})
        except AlreadyExists:  # somebody was quicker; theirs will do
            return self._named(self._below(parent), name)

    def _below(self, parent: JSON | None) -> str:
        if parent is None:
            return f"{self.user}/mailFolders"
        return f"{self.user}/mailFolders/{segment(text(parent, 'id'))}/childFolders"

    def _named(self, url: str, name: str) -> JSON | None:
        params = {"$top": "100", "includeHiddenFolders": "true"}
        for page in self.client.pages(url, params=params):
            for folder in listed(page):
                if words(folder, "displayName").casefold() == name.casefold():
                    return folder
        return None

    def folders(self) -> Sequence[FolderSeen]:
        seen: list[FolderSeen] = []
        waiting: list[tuple[str, str]] = [(f"{self.user}/mailFolders", "")]
        while waiting and len(seen) < 1000:
            url, above = waiting.pop(0)
            for page in self.client.pages(url, params={"$top": "100"}):
                for folder in listed(page):
                    found = _seen(folder, above=above)
                    seen.append(found)
                    if count(folder, "childFolderCount"):
                        waiting.append((self._below(folder), f"{found.path}/"))
        return sorted(seen, key=lambda folder: folder.path.casefold())


def _refs(items: Sequence[JSON]) -> Iterator[Ref]:
    for item in items:
        if "@removed" in item or item.get("isDraft") or not item.get("id"):
            continue  # our own move comes back as @removed; a draft is nobody's mail yet
        yield Ref(
            remote_id=text(item, "id"),
            received_at=_moment(words(item, "receivedDateTime")),
            message_id=words(item, "internetMessageId"),
            subject=words(item, "subject"),
            sender=words(part(part(item, "from"), "emailAddress"), "address"),
        )


def _same_id(message_id: str) -> str:
    quoted = message_id.replace("'", "''")
    return f"internetMessageId eq '{quoted}'"


def _moment(written: str) -> datetime:
    """Read a Graph time; an impossible one (MT-187) counts as just received."""
    now = datetime.now(UTC)
    try:
        found = datetime.fromisoformat(written[:19]).replace(tzinfo=UTC)
    except ValueError:
        return now
    return found if found.year >= 1990 and found <= now + AHEAD else now


def _seen(folder: JSON, *, above: str = "") -> FolderSeen:
    name = words(folder, "displayName")
    return FolderSeen(
        remote_id=text(folder, "id"),
        display_name=name,
        total=count(folder, "totalItemCount"),
        path=f"{above}{name}",
    )
