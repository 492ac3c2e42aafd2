"""Outgoing mail over Microsoft Graph: a draft from our MIME, its files, and the one request that sends it.

Source: Microsoft Graph v1.0, create message, send message, sendMail, large attachments.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

from tenants.errors import AccessDenied, ItemGone
from tenants.microsoft.graph import GraphClient, segment, user_path
from tenants.microsoft.upload import upload

#: From this size on a file needs an upload session; below it the session is refused. Bytes.
LARGE_BYTES: Final = 3 * 1024 * 1024
_MIME: Final = {"Content-Type": "text/plain"}
_SEEN: Final = "id,isDraft,internetMessageId"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A mail that waits in Drafts. Exchange may have given it another Message-ID than ours."""

    remote_id: str
    message_id: str


class Found(Enum):
    SENT = "sent"
    DRAFT = "draft"
    ABSENT = "absent"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What the mailbox shows of an outgoing mail."""

    found: Found
    remote_id: str = ""
    message_id: str = ""


class GraphOutbound:
    """A mailbox that mail is sent from. Every method raises IntegrationError and none sleeps."""

    def __init__(self, client: GraphClient, *, address: str) -> None:
        self.client = client
        self.user = user_path(address)

    def draft(self, mime: bytes) -> Draft:
        path = f"{self.user}/messages?$select=id,internetMessageId"
        made = self.client.post(path, base64.b64encode(mime), headers=_MIME)
        return Draft(remote_id=str(made["id"]), message_id=str(made.get("internetMessageId") or ""))

    def attach(
        self, remote_id: str, path: Path, *, name: str, content_type: str, alive: Callable[[], None]
    ) -> None:
        """Add a file to a draft; `alive` is called between the pieces of a large one."""
        below = f"{self.user}/messages/{segment(remote_id)}/attachments"
        size_bytes = path.stat().st_size
        if size_bytes < LARGE_BYTES:
            self.client.post(below, _small(path, name=name, content_type=content_type))
            return
        item = {"attachmentType": "file", "name": name, "size": size_bytes, "contentType": content_type}
        session = self.client.post(f"{below}/createUploadSession", {"AttachmentItem": item})
        with path.open("rb") as file:
            upload(str(session["uploadUrl"]), file, size_bytes=size_bytes, client=self.client, alive=alive)

    def attached(self, remote_id: str) -> set[str]:
        """Name the files a draft has already."""
        path = f"{self.user}/messages/{segment(remote_id)}/attachments"
        pages = self.client.pages(path, params={"$select": "id,name"})
        return {str(file.get("name")) for page in pages for file in page.get("value", ())}

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
        found = [
            _sighting(one) for one in self.client.get(f"{self.user}/messages", params=params).get("value", ())
        ]
        sent = [one for one in found if one.found is Found.SENT]
        return (sent or found or [Sighting(found=Found.ABSENT)])[0]


def _small(path: Path, *, name: str, content_type: str) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "name": name,
        "contentType": content_type,
        "contentBytes": base64.b64encode(path.read_bytes()).decode("ascii"),
    }


def _sighting(message: dict[str, Any]) -> Sighting:
    return Sighting(
        found=Found.DRAFT if message.get("isDraft") else Found.SENT,
        remote_id=str(message.get("id", "")),
        message_id=str(message.get("internetMessageId") or ""),
    )
