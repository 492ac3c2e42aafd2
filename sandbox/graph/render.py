"""Messages and folders as Graph shows them, each property made only when it is asked for."""

import base64
import hashlib
import html
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from json import loads
from typing import Any
from urllib.parse import quote

from sandbox import letters
from sandbox.graph.access import holds
from sandbox.graph.call import Call
from sandbox.graph.errors import access_denied, bad_request
from sandbox.store.folders import Folder
from sandbox.store.messages import Message
from sandbox.wire import Json

LINK = "https://outlook.office365.com/owa/?ItemID={item}&exvsurl=1&viewmodel=ReadMessageItem"
# What Mail.ReadBasic may not see.
BEYOND_BASIC = {"body", "bodyPreview", "uniqueBody", "internetMessageHeaders", "attachments"}


@dataclass
class Rendered:
    call: Call
    message: Message

    @cached_property
    def details(self) -> dict[str, Any]:
        return self.message.details

    @cached_property
    def letter(self) -> letters.Parsed:
        return letters.parse(self.call.cloud.mimes.read(self.message.mime))


def _person(pair: list[str] | None) -> Json | None:
    return {"emailAddress": {"name": pair[0], "address": pair[1]}} if pair else None


def _people(name: str) -> Callable[[Rendered], object]:
    return lambda shown: [_person(pair) for pair in shown.details[name]]


def _body(shown: Rendered) -> Json:
    plain, rich = letters.bodies(shown.letter)
    if shown.call.as_text:
        return {"contentType": "text", "content": plain or html.unescape(letters.TAGS.sub("", rich))}
    return {"contentType": "html", "content": rich} if rich else {"contentType": "text", "content": plain}


def _headers(shown: Rendered) -> list[Json]:
    return [{"name": name, "value": letters.decoded(str(value))} for name, value in shown.letter.items()]


def etag(message: Message) -> str:
    return f'W/"{change_key(message)}"'


def change_key(message: Message) -> str:
    digest = hashlib.blake2b(f"{message.number}.{message.version}".encode(), digest_size=19).digest()
    return "CQAAABYAAAC" + base64.b64encode(digest).decode()


def _conversation_index(shown: Rendered) -> str:
    return base64.b64encode(
        b"\x01" + bytes.fromhex(shown.message.conversation)[:21].ljust(21, b"\0")
    ).decode()


FIELDS: dict[str, Callable[[Rendered], object]] = {
    "createdDateTime": lambda shown: shown.message.created_at,
    "lastModifiedDateTime": lambda shown: shown.message.modified_at,
    "changeKey": lambda shown: change_key(shown.message),
    "categories": lambda shown: loads(shown.message.categories_json),
    "receivedDateTime": lambda shown: shown.message.received_at,
    "sentDateTime": lambda shown: shown.message.sent_at,
    "hasAttachments": lambda shown: bool(shown.message.has_attachments),
    "internetMessageId": lambda shown: shown.message.message_id,
    "subject": lambda shown: shown.message.subject,
    "bodyPreview": lambda shown: shown.details["preview"],
    "importance": lambda shown: shown.message.importance,
    "parentFolderId": lambda shown: shown.call.folder_id(shown.message.folder),
    "conversationId": lambda shown: "AAQkAG" + base64.urlsafe_b64encode(
        shown.message.conversation.encode()).decode(),
    "conversationIndex": _conversation_index,
    "isDeliveryReceiptRequested": lambda shown: None,
    "isReadReceiptRequested": lambda shown: False,
    "isRead": lambda shown: bool(shown.message.is_read),
    "isDraft": lambda shown: bool(shown.message.is_draft),
    "webLink": lambda shown: LINK.format(item=quote(shown.call.message_id(shown.message), safe="")),
    "inferenceClassification": lambda shown: "focused",
    "body": _body,
    "sender": lambda shown: _person(shown.details["sender"]),
    "from": lambda shown: _person(shown.details["from"]),
    "toRecipients": _people("to"),
    "ccRecipients": _people("cc"),
    "bccRecipients": _people("bcc"),
    "replyTo": _people("reply_to"),
    "flag": lambda shown: loads(shown.message.flag_json),
}  # fmt: skip
ONLY_SELECTED: dict[str, Callable[[Rendered], object]] = {
    "internetMessageHeaders": _headers,
    "uniqueBody": _body,
}
KNOWN = FIELDS | ONLY_SELECTED


def chosen_fields(call: Call, select: list[str] | None) -> list[str]:
    """Check $select against what a message has and the app may see. Raises GraphError."""
    may_read = holds(call.access, call.mailbox, "read")
    if select is None:
        return [name for name in FIELDS if may_read or name not in BEYOND_BASIC]
    for name in select:
        if name != "id" and name not in KNOWN:
            raise bad_request(
                f"Could not find a property named '{name}' on type 'Microsoft.OutlookServices.Message'."
            )
        if name in BEYOND_BASIC and not may_read:
            raise access_denied()
    return [name for name in select if name != "id"]


def message_json(call: Call, message: Message, fields: list[str]) -> Json:
    shown = Rendered(call, message)
    document: Json = {"@odata.etag": etag(message), "id": call.message_id(message)}
    if message.details_json.find('"type": "event') > 0:
        document = {"@odata.type": f"#microsoft.graph.{shown.details['type']}", **document}
    for name in fields:
        document[name] = KNOWN[name](shown)
    return document


def folder_json(call: Call, folder: Folder) -> Json:
    # The top has no parent of ours to name; Exchange names one a client cannot open, so its own id serves.
    parent = folder.parent if folder.parent is not None else folder.number
    return {
        "id": call.folder_id(folder.number),
        "displayName": folder.name,
        "parentFolderId": call.folder_id(parent),
        "childFolderCount": call.cloud.folders.child_count(folder),
        "unreadItemCount": folder.unread,
        "totalItemCount": folder.total,
        "isHidden": folder.hidden,
    }


def narrowed(document: Json, select: list[str] | None) -> Json:
    """Keep what was selected; id and annotations always stay."""
    if select is None:
        return document
    return {
        name: value for name, value in document.items() if name in select or name == "id" or name[0] == "@"
    }
