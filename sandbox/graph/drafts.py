"""Drafts: a message that is made and waits in Drafts.

Source: https://learn.microsoft.com/graph/api/user-post-messages
"""

import base64
import binascii
import re
from email.utils import make_msgid
from typing import Any

from sandbox.graph.call import Call
from sandbox.graph.errors import GraphError
from sandbox.graph.messages import context
from sandbox.graph.render import chosen_fields, message_json
from sandbox.ids import IMMUTABLE, ItemId
from sandbox.letters import read_envelope, write_letter
from sandbox.store.messages import Arrival
from sandbox.wire import Answer

MESSAGE_ID = re.compile(rb"(?im)^message-id:.*\r?\n")


def create(call: Call) -> Answer:
    """Make a draft from JSON, or from a whole mail as base64 with Content-Type text/plain."""
    is_mime = call.request.headers.get("content-type", "").lower().startswith("text/plain")
    mime = _mime(call.request.body) if is_mime else write_letter(_fields(call))
    if is_mime and call.mailbox.rewrites_ids:
        own = make_msgid(domain=call.mailbox.address.rpartition("@")[2])
        mime = MESSAGE_ID.sub(f"Message-ID: {own}\r\n".encode(), mime, count=1)
    arrival = Arrival(
        envelope=read_envelope(mime),
        mime=call.cloud.mimes.keep(mime),
        received_at=call.cloud.clock.stamp(),
        is_read=True,
        is_draft=True,
    )
    number = call.cloud.messages.add(call.folder("drafts"), arrival)
    made = call.cloud.messages.get(call.mailbox, ItemId(IMMUTABLE, number))
    if made is None:
        raise GraphError(500, "ErrorInternalServerError", "The draft was deleted while it was made.")
    document = message_json(call, made, chosen_fields(call, call.select))
    return Answer(201, payload={"@odata.context": f"{context(call)}/$entity", **document})


def _mime(body: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(body.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        text = "Invalid base64 string for MIME content."
        raise GraphError(400, "ErrorMimeContentInvalidBase64String", text) from error


def _fields(call: Call) -> dict[str, Any]:
    document = call.json()
    body = document.get("body") or {}
    kind = "html" if str(body.get("contentType", "")).lower() == "html" else "text"
    people = [one["emailAddress"]["address"] for one in document.get("toRecipients", ())]
    return {
        "from": call.mailbox.address,
        "to": ", ".join(people),
        "subject": document.get("subject", ""),
        kind: body.get("content", ""),
    }
