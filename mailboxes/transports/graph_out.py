"""Outgoing mail over Microsoft Graph: a draft from our MIME, its files, and the one request that sends it.

Source: Microsoft Graph v1.0, create message, send message, sendMail, large attachments.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from mailboxes.transports.outgoing import Doubtful, FileOnDisk, Found, Journal, Outgoing, Receipt, Sighting
from tenants.errors import (
    AccessDenied,
    BadAnswer,
    GraphError,
    IntegrationError,
    ItemGone,
    Misconfigured,
    NetworkFailure,
    UploadLost,
)
from tenants.microsoft.answers import JSON, listed, text, words
from tenants.microsoft.graph import GraphClient, segment, user_path
from tenants.microsoft.upload import reached, upload

#: What one request of Graph may hold is 4 MB, base64 included; files beyond go to the draft one by one. Bytes.
MAX_MIME_BYTES: Final = 2_900_000
#: From this size on a file needs an upload session; below it the session is refused. Bytes.
LARGE_BYTES: Final = 3 * 1024 * 1024
#: Headers end long before. Bytes.
MAX_HEAD_BYTES: Final = 1024 * 1024
_BLANK_LINE: Final = b"\r\n\r\n"
_MIME: Final = {"Content-Type": "text/plain"}
_SEEN: Final = "id,isDraft,internetMessageId"
#: The connection never stood, so nothing can have been acted on. A fault of TLS is none of these: it may come after
#: the request, with the answer.
_NEVER_ARRIVED: Final = frozenset({"network_dns", "network_refused", "network_address", "slots_taken"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A mail that waits in Drafts. Exchange may have given it another Message-ID than ours."""

    remote_id: str
    message_id: str


class GraphOutbound:
    """A mailbox that mail is sent from. Every method raises IntegrationError and none sleeps."""

    max_mime_bytes = MAX_MIME_BYTES
    shows_bcc = True

    def __init__(self, client: GraphClient, *, address: str) -> None:
        self.client = client
        self.user = user_path(address)

    def send(self, mail: Outgoing, journal: Journal) -> Receipt:
        if mail.taken:
            # A draft is sent to everybody it names.
            raise Misconfigured.own("sent_in_part")
        try:
            draft = self._found_or_drafted(mail, journal)
        except AccessDenied as denied:
            if mail.remote_id:
                raise
            if mail.files:
                raise Misconfigured.own("drafts_needed") from denied
            _ask(partial(self.send_whole, mail.mime), journal)
            return Receipt()
        if isinstance(draft, Sighting):
            return Receipt(remote_id=draft.remote_id)
        self._attach_all(draft.remote_id, mail, journal)
        _ask(partial(self.send_draft, draft.remote_id), journal)
        return Receipt(remote_id=draft.remote_id)

    def send_at_once(self, mail: Outgoing) -> None:
        self.send_whole(mail.mime)

    def knock(self) -> bool:
        return False

    def close(self) -> None:
        """Nothing to hang up: the connections belong to the process."""

    def _found_or_drafted(self, mail: Outgoing, journal: Journal) -> Draft | Sighting:
        """Make the draft, or find the one an earlier try has made; a Sighting when that was sent meanwhile."""
        if mail.may_be_there:
            seen = self.find(remote_id=mail.remote_id, message_id=mail.message_id)
            if seen.found is Found.SENT:
                return seen
            if seen.found is Found.DRAFT:
                journal.drafted(remote_id=seen.remote_id, message_id=seen.message_id)
                return Draft(remote_id=seen.remote_id, message_id=seen.message_id)
        journal.alive()
        made = self.draft(mail.mime)
        journal.drafted(remote_id=made.remote_id, message_id=made.message_id)
        return made

    def _attach_all(self, remote_id: str, mail: Outgoing, journal: Journal) -> None:
        if not mail.files:
            return
        done = self.attached(remote_id) if mail.may_be_there else set()
        # Sessions of a draft that somebody has deleted lead nowhere.
        begun = mail.uploads if remote_id == mail.remote_id else {}
        for file in mail.files:
            if file.name not in done:
                self.attach(remote_id, file, journal, url=begun.get(file.name, ""))

    def draft(self, mime: bytes) -> Draft:
        path = f"{self.user}/messages?$select=id,internetMessageId"
        made = self.client.post(path, base64.b64encode(mime), headers=_MIME)
        return Draft(remote_id=text(made, "id"), message_id=words(made, "internetMessageId"))

    def attach(self, remote_id: str, file: FileOnDisk, journal: Journal, *, url: str) -> None:
        """Add a file to a draft; a large one by the session begun at `url`, where that is still there."""
        below = f"{self.user}/messages/{segment(remote_id)}/attachments"
        size_bytes = file.path.stat().st_size
        if size_bytes < LARGE_BYTES:
            journal.next_piece()
            self.client.post(below, _small(file.path, name=file.name, content_type=file.content_type))
            return
        journal.alive()
        at = self._reached(url)
        if at is None:
            item = {"attachmentType": "file", "name": file.name, "size": size_bytes}
            item["contentType"] = file.content_type
            session = self.client.post(f"{below}/createUploadSession", {"AttachmentItem": item})
            at, url = 0, text(session, "uploadUrl")
            journal.uploading(file.name, url)
        with file.path.open("rb") as content:
            upload(
                url,
                content,
                at=at,
                size_bytes=size_bytes,
                client=self.client,
                next_piece=journal.next_piece,
            )

    def _reached(self, url: str) -> int | None:
        """Tell how far the session of an earlier turn has come; None where a new one is needed."""
        try:
            return reached(url, client=self.client) if url else None
        except UploadLost:
            return None

    def attached(self, remote_id: str) -> set[str]:
        """Name the files a draft has already."""
        path = f"{self.user}/messages/{segment(remote_id)}/attachments"
        pages = self.client.pages(path, params={"$select": "id,name"})
        return {words(file, "name") for page in pages for file in listed(page)}

    def send_draft(self, remote_id: str) -> None:
        self.client.post(f"{self.user}/messages/{segment(remote_id)}/send", b"")

    def send_whole(self, mime: bytes) -> None:
        """Send without a draft: all that Mail.Send alone allows, and nothing to recognise the mail by later."""
        self.client.post(f"{self.user}/sendMail", base64.b64encode(mime), headers=_MIME)

    def discard(self, remote_id: str) -> None:
        """Delete a draft that will not be sent; one that is gone is fine."""
        try:
            self.client.delete(f"{self.user}/messages/{segment(remote_id)}")
        except ItemGone:
            return

    def head(self, remote_id: str) -> bytes:
        """Read the header of a mail and no more of it."""
        found = b""
        path = f"{self.user}/messages/{segment(remote_id)}/$value"
        with self.client.stream(path, max_bytes=MAX_HEAD_BYTES) as chunks:
            for chunk in chunks:
                found += chunk
                if _BLANK_LINE in found:
                    break
        return found.partition(_BLANK_LINE)[0]

    def find(self, *, remote_id: str, message_id: str) -> Sighting:
        """Look a mail up by its draft's id, which outlives the send, and else by its Message-ID."""
        try:
            return self._by_id(remote_id) or self._by_message_id(message_id)
        except AccessDenied:
            return Sighting(found=Found.CANNOT_TELL)

    def _by_id(self, remote_id: str) -> Sighting | None:
        if not remote_id:
            return None
        try:
            path = f"{self.user}/messages/{segment(remote_id)}"
            return _sighting(self.client.get(path, params={"$select": _SEEN}))
        except ItemGone:
            return None

    def _by_message_id(self, message_id: str) -> Sighting:
        quoted = message_id.replace("'", "''")
        params = {"$filter": f"internetMessageId eq '{quoted}'", "$select": _SEEN}
        found = [_sighting(one) for one in listed(self.client.get(f"{self.user}/messages", params=params))]
        sent = [one for one in found if one.found is Found.SENT]
        return (sent or found or [Sighting(found=Found.ABSENT)])[0]


def _ask(request: Callable[[], None], journal: Journal) -> None:
    """Ask Microsoft to send it. The moment is committed first: whoever finds it without an end must doubt."""
    journal.asking()
    try:
        request()
    except IntegrationError as error:
        if not _may_have_left(error):
            raise
        raise Doubtful(error) from error


def _may_have_left(error: IntegrationError) -> bool:
    if isinstance(error, ItemGone):
        return True  # the draft is no draft any more: perhaps because an earlier request has sent it
    if isinstance(error, NetworkFailure | BadAnswer):
        return error.code not in _NEVER_ARRIVED
    return isinstance(error, GraphError) and error.status >= 500


def _small(path: Path, *, name: str, content_type: str) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "name": name,
        "contentType": content_type,
        "contentBytes": base64.b64encode(path.read_bytes()).decode("ascii"),
    }


def _sighting(message: JSON) -> Sighting:
    """Read where a mail is. Raises BadAnswer where that is not said: silence is no proof that it was sent."""
    is_draft = message.get("isDraft")
    if not isinstance(is_draft, bool):
        raise BadAnswer.own("answer_malformed")
    return Sighting(
        found=Found.DRAFT if is_draft else Found.SENT,
        remote_id=text(message, "id"),
        message_id=words(message, "internetMessageId"),
    )
