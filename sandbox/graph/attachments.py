"""Attachments, read out of the mail's bytes each time: the .eml stays the only truth."""

import base64

from sandbox import letters
from sandbox.graph.call import Call
from sandbox.graph.errors import malformed_id, not_found
from sandbox.graph.messages import context
from sandbox.graph.render import narrowed
from sandbox.store.messages import Message
from sandbox.wire import Answer, Json

# Exchange counts its own properties along with the bytes.
OVERHEAD_BYTES = 160


def list_attachments(call: Call) -> Answer:
    message = call.message(call.params[1])
    select = [name.rpartition("/")[2] for name in call.select] if call.select else None
    found = letters.attachments(letters.parse(call.cloud.mimes.read(message.mime)))
    items = [narrowed(_shown(call, message, index, item), select) for index, item in enumerate(found)]
    return Answer(payload={"@odata.context": f"{context(call)}/attachments", "value": items})


def get_attachment(call: Call) -> Answer:
    message, index, item = _named(call)
    document = narrowed(_shown(call, message, index, item), call.select)
    return Answer(payload={"@odata.context": f"{context(call)}/attachments/$entity", **document})


def get_bytes(call: Call) -> Answer:
    _, _, item = _named(call)
    kind = "text/plain" if item.kind == "item" else item.content_type
    return Answer(content=item.content, content_type=kind)


def _named(call: Call) -> tuple[Message, int, letters.Attachment]:
    message = call.message(call.params[1])
    found = letters.attachments(letters.parse(call.cloud.mimes.read(message.mime)))
    for index, item in enumerate(found):
        if call.params[2] == _attachment_id(call, message, index):
            return message, index, item
    raise not_found() if len(call.params[2]) > 100 else malformed_id()


def _attachment_id(call: Call, message: Message, index: int) -> str:
    return f"{call.message_id(message).rstrip('=')}BEgAQ{index:04}A="


def _shown(call: Call, message: Message, index: int, item: letters.Attachment) -> Json:
    document: Json = {
        "@odata.type": f"#microsoft.graph.{item.kind}Attachment",
        "@odata.mediaContentType": item.content_type,
        "id": _attachment_id(call, message, index),
        "lastModifiedDateTime": message.received_at,
        "name": item.name,
        "contentType": item.content_type if item.kind == "file" else None,
        "size": len(item.content) + OVERHEAD_BYTES,
        "isInline": item.is_inline,
    }
    if item.kind == "file":
        document |= {"contentId": item.content_id, "contentLocation": None,
                     "contentBytes": base64.b64encode(item.content).decode()}  # fmt: skip
    return document
