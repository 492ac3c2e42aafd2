"""A draft gets its files and is sent; or a mail is sent at once. Source: Microsoft Graph v1.0, send, sendMail."""

import base64
import binascii
import email
import email.policy
from email.message import EmailMessage

from sandbox.departures import depart
from sandbox.graph.call import Call
from sandbox.graph.errors import GraphError, bad_request, not_found
from sandbox.graph.senders import as_submitted, copy_for_sent_as
from sandbox.letters import read_envelope, write_letter
from sandbox.scenario import arrival_of
from sandbox.store.messages import Message
from sandbox.wire import Answer, Json

#: What one request may hold. Bytes.
MOST_BYTES = 4 * 1024 * 1024
#: A file from this size on needs an upload session, a smaller one is refused there. Bytes.
LARGE_BYTES = 3 * 1024 * 1024


def send_draft(call: Call) -> Answer:
    message = draft_of(call, call.params[1])
    mime = as_submitted(call, call.cloud.mimes.read(message.mime))
    with call.cloud.database.transaction():
        # Of two at once only the first finds a draft.
        fresh = draft_of(call, call.params[1])
        sent = call.cloud.messages.move(call.mailbox, fresh, call.folder("sentitems"))
        if sent is None:
            raise not_found()
        shown = {"mime": call.cloud.mimes.keep(mime), "sender": read_envelope(mime).sender}
        call.cloud.messages.update(sent, {"is_draft": 0, "sent_at": call.cloud.clock.stamp(), **shown})
        copy_for_sent_as(call, mime)
        depart(call.cloud, call.mailbox, mime)
    return Answer(202)


def send_mail(call: Call) -> Answer:
    body = call.json() if _is_json(call) else {}
    mime = as_submitted(call, _mime(call, (lambda: body.get("message")) if body else None))
    with call.cloud.database.transaction():
        if body.get("saveToSentItems", True):
            call.cloud.messages.add(call.folder("sentitems"), arrival_of(call.cloud, mime, is_read=True))
        copy_for_sent_as(call, mime)
        depart(call.cloud, call.mailbox, mime)
    return Answer(202)


def add_attachment(call: Call) -> Answer:
    _check_size(call)
    item = call.json()
    try:
        content = base64.b64decode(item["contentBytes"], validate=True)
        name = str(item["name"])
    except (KeyError, TypeError, ValueError) as error:
        raise bad_request("A file attachment needs a name and contentBytes.") from error
    if len(content) >= LARGE_BYTES:
        raise GraphError(413, "ErrorMessageSizeExceeded", "The attachment is too large for one request.")
    attach(call, draft_of(call, call.params[1]), item, content)
    return Answer(201, payload={"@odata.type": "#microsoft.graph.fileAttachment", "name": name})


def attach(call: Call, draft: Message, item: Json, content: bytes) -> None:
    """Write the draft's bytes anew, with one more file in them; its Message-ID stays."""
    letter = email.message_from_bytes(call.cloud.mimes.read(draft.mime), policy=email.policy.SMTP)
    if not isinstance(letter, EmailMessage):
        raise bad_request("The draft cannot be read.")
    main, _, sub = str(item.get("contentType") or "application/octet-stream").partition("/")
    letter.add_attachment(content, maintype=main, subtype=sub or "octet-stream", filename=str(item["name"]))
    call.cloud.messages.update(
        draft, {"mime": call.cloud.mimes.keep(letter.as_bytes()), "has_attachments": 1}
    )


def draft_of(call: Call, name: str) -> Message:
    """Find a draft; a mail that was sent is none any more, and Exchange answers as if it were gone."""
    message = call.message(name)
    if not message.is_draft:
        raise not_found()
    return message


def _is_json(call: Call) -> bool:
    return "json" in call.request.headers.get("content-type", "")


def _mime(call: Call, fields: object) -> bytes:
    """Give the mail of a request: base64 of its bytes, or made from Graph's JSON. Raises GraphError."""
    _check_size(call)
    if callable(fields):
        return _from_json(fields(), sender=call.mailbox.address)
    try:
        mime = base64.b64decode(b"".join(call.request.body.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        text = "Invalid base64 string for MIME content."
        raise bad_request(text, code="ErrorMimeContentInvalidBase64String") from error
    if not mime.strip():
        raise bad_request("Invalid MIME content.", code="ErrorMimeContentInvalid")
    return mime


def _from_json(message: object, *, sender: str) -> bytes:
    if not isinstance(message, dict):
        raise bad_request("The required parameter 'Message' is missing.", code="ErrorInvalidParameter")
    body = message.get("body") or {}
    kind = "html" if str(body.get("contentType", "")).lower() == "html" else "text"
    fields = {
        "from": (message.get("from") or {}).get("emailAddress", {}).get("address", sender),
        "to": _addresses(message, "toRecipients"),
        "cc": _addresses(message, "ccRecipients"),
        "subject": message.get("subject", ""),
        kind: body.get("content", ""),
    }
    return write_letter(fields)


def _addresses(message: Json, name: str) -> str:
    return ", ".join(one["emailAddress"]["address"] for one in message.get(name) or ())


def _check_size(call: Call) -> None:
    if len(call.request.body) > MOST_BYTES:
        raise GraphError(413, "ErrorMessageSizeExceeded", "The message exceeds the maximum supported size.")
