"""Act on a mailbox as the world and its owner do: mail arrives, is moved, is deleted; folders change."""

import base64
import binascii

from sandbox.clock import graph_time, read_time
from sandbox.cloud import Cloud, Expiry
from sandbox.control.errors import ControlError
from sandbox.departures import departed
from sandbox.directory import KINDS, Mailbox
from sandbox.ids import FOLDER, IMMUTABLE, ItemId, MalformedId, read_id, write_id
from sandbox.letters import write_letter
from sandbox.scenario import arrival_of, open_path
from sandbox.store.folders import ROOT, Folder
from sandbox.store.messages import Message
from sandbox.wire import Json

Names = dict[str, str]
_RIGHTS = ("full_access", "senders", "send_as", "on_behalf", "aliases")
_SWITCHES = ("sends_from_alias", "copy_for_sent_as", "rewrites_ids")


def show(cloud: Cloud, names: Names, body: Json) -> Json:
    """List every folder with what is in it, oldest first; ids are immutable ones."""
    mailbox = _mailbox(cloud, names)
    return {
        "address": mailbox.address,
        "kind": mailbox.kind,
        "folders": [_folder(cloud, mailbox, folder) for folder in cloud.folders.all_of(mailbox)],
    }


def _folder(cloud: Cloud, mailbox: Mailbox, folder: Folder) -> Json:
    return {
        "id": write_id(ItemId(FOLDER, folder.number), owner=mailbox.oid),
        "name": folder.name,
        "well_known": folder.well_known,
        "messages": [_message(mailbox, message) for message in cloud.messages.in_folder(folder)],
    }


def _message(mailbox: Mailbox, message: Message) -> Json:
    return {
        "id": write_id(ItemId(IMMUTABLE, message.number), owner=mailbox.oid),
        "internetMessageId": message.message_id,
        "subject": message.subject,
        "isRead": bool(message.is_read),
        "receivedDateTime": message.received_at,
    }


def add(cloud: Cloud, names: Names, body: Json) -> Json:
    """Let a mail arrive: {"mime": base64} or {"from", "to", "subject", "text", "html"}; folder, receivedDateTime."""
    mailbox = _mailbox(cloud, names)
    folder = _find(cloud, mailbox, body.get("folder", "inbox"))
    received_at = graph_time(read_time(body["receivedDateTime"])) if "receivedDateTime" in body else None
    arrival = arrival_of(
        cloud, _mime(body, mailbox), received_at=received_at, is_read=bool(body.get("isRead"))
    )
    number = cloud.messages.add(folder, arrival)
    found = cloud.messages.get(mailbox, ItemId(IMMUTABLE, number))
    return _message(mailbox, found) if found else {}


def _mime(body: Json, mailbox: Mailbox) -> bytes:
    if "mime" not in body:
        return write_letter({"from": "customer@customers.example", "to": mailbox.address, **body})
    try:
        return base64.b64decode(body["mime"], validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise ControlError("mime must be the mail's bytes as base64.") from error


def original(cloud: Cloud, names: Names, body: Json) -> Json:
    """Give the bytes of a mail, as base64."""
    message = _found(cloud, _mailbox(cloud, names), names["id"])
    return {"mime": base64.b64encode(cloud.mimes.read(message.mime)).decode()}


def departures(cloud: Cloud, names: Names, body: Json) -> Json:
    """List what really left, oldest first; with ?mailbox= of one mailbox alone."""
    return {"departures": departed(cloud, names.get("mailbox", ""))}


def move(cloud: Cloud, names: Names, body: Json) -> Json:
    mailbox = _mailbox(cloud, names)
    message = _found(cloud, mailbox, names["id"])
    moved = cloud.messages.move(mailbox, message, _find(cloud, mailbox, body.get("folder", "deleteditems")))
    return _message(mailbox, moved) if moved else {}


def delete(cloud: Cloud, names: Names, body: Json) -> Json:
    """Delete as a user does, into Deleted Items; with ?purge=true for good."""
    mailbox = _mailbox(cloud, names)
    message = _found(cloud, mailbox, names["id"])
    if names.get("purge") == "true":
        cloud.messages.purge(message)
    else:
        cloud.messages.move(mailbox, message, _find(cloud, mailbox, "deleteditems"))
    return {}


def add_folder(cloud: Cloud, names: Names, body: Json) -> Json:
    mailbox = _mailbox(cloud, names)
    return _folder(cloud, mailbox, open_path(cloud, mailbox, str(body.get("folder", ""))))


def rename_folder(cloud: Cloud, names: Names, body: Json) -> Json:
    mailbox = _mailbox(cloud, names)
    folder = _find(cloud, mailbox, body.get("folder", ""))
    return _folder(cloud, mailbox, cloud.folders.rename(mailbox, folder, str(body["name"])))


def delete_folder(cloud: Cloud, names: Names, body: Json) -> Json:
    mailbox = _mailbox(cloud, names)
    cloud.folders.remove(_find(cloud, mailbox, body.get("folder", "")))
    return {}


def expire_tokens(cloud: Cloud, names: Names, body: Json) -> Json:
    """Make every delta link of the folder expire; status, code and location say how that is worded."""
    mailbox = _mailbox(cloud, names)
    usual = Expiry()
    cloud.expiry = Expiry(
        status=int(body.get("status", usual.status)),
        code=str(body.get("code", usual.code)),
        location=bool(body.get("location", usual.location)),
    )
    cloud.folders.expire_tokens(_find(cloud, mailbox, body.get("folder", "inbox")))
    return {}


def set_kind(cloud: Cloud, names: Names, body: Json) -> Json:
    """Take the licence away, move the mailbox on-premises, or bring it back."""
    mailbox = _mailbox(cloud, names)
    if body.get("kind") not in KINDS:
        raise ControlError(f"kind must be one of {', '.join(KINDS)}.")
    mailbox.kind = body["kind"]
    cloud.save_mailbox(mailbox)
    return {"address": mailbox.address, "kind": mailbox.kind}


def set_rights(cloud: Cloud, names: Names, body: Json) -> Json:
    """Say who may open the mailbox and send as it, and which addresses it has and may send from."""
    mailbox = _mailbox(cloud, names)
    for name in _RIGHTS:
        if name in body:
            setattr(mailbox, name, tuple(body[name]))
    for name in _SWITCHES:
        if name in body:
            setattr(mailbox, name, bool(body[name]))
    cloud.directory.forget_names()
    cloud.save_mailbox(mailbox)
    return {"address": mailbox.address, **{name: getattr(mailbox, name) for name in (*_RIGHTS, *_SWITCHES)}}


def _mailbox(cloud: Cloud, names: Names) -> Mailbox:
    mailbox = cloud.directory.anywhere(names["address"])
    if mailbox is None:
        raise ControlError(f"There is no mailbox {names['address']}.", status=404)
    return mailbox


def _find(cloud: Cloud, mailbox: Mailbox, path: str) -> Folder:
    """Find a folder by well-known name, id, or display names joined by "/"."""
    known = cloud.folders.well_known(mailbox, path)
    if known:
        return known
    try:
        item = read_id(path, owner=mailbox.oid)
    except MalformedId:
        return _walk(cloud, mailbox, path)
    folder = cloud.folders.get(mailbox, item.number)
    if folder is None:
        raise ControlError("There is no folder of this id.", status=404)
    return folder


def _walk(cloud: Cloud, mailbox: Mailbox, path: str) -> Folder:
    first, *rest = path.split("/")
    top = cloud.folders.well_known(mailbox, first)
    folder, parts = (top, rest) if top else (cloud.folders.well_known(mailbox, ROOT), [first, *rest])
    for name in parts:
        below = cloud.folders.children(mailbox, folder, hidden=True, name=name) if folder else []
        folder = below[0] if below else None
    if folder is None:
        raise ControlError(f"There is no folder {path!r} in {mailbox.address}.", status=404)
    return folder


def _found(cloud: Cloud, mailbox: Mailbox, name: str) -> Message:
    """Find by id or by internetMessageId; of several with that, the newest."""
    try:
        message = cloud.messages.get(mailbox, read_id(name, owner=mailbox.oid))
    except MalformedId:
        where = "mailbox = ? AND message_id = ?"
        same = cloud.messages.select(where, (mailbox.number, name), order="n DESC", limit=1, skip=0)
        message = same[0] if same else None
    if message is None:
        raise ControlError("There is no such message.", status=404)
    return message
