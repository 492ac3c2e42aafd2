"""Mail folders: list, walk, make, delta."""

import re

from sandbox.graph import properties
from sandbox.graph.call import Call
from sandbox.graph.errors import GraphError, bad_request
from sandbox.graph.render import folder_json, narrowed
from sandbox.store.folders import ROOT, Folder, FolderExists
from sandbox.wire import Answer, Json

BY_NAME = re.compile(r"\s*displayName\s+eq\s+'((?:[^']|'')*)'\s*")


def list_root(call: Call) -> Answer:
    return _list(call, call.folder(ROOT))


def list_children(call: Call) -> Answer:
    return _list(call, call.folder(call.params[1]))


def _list(call: Call, parent: Folder) -> Answer:
    size, skip = call.page_size(), call.number("skip")
    hidden = call.query.get("includeHiddenFolders", "").lower() == "true"
    found = call.cloud.folders.children(call.mailbox, parent, hidden=hidden, name=_wanted_name(call))
    page: Json = {
        "@odata.context": _context(call),
        "value": [narrowed(folder_json(call, folder), call.select) for folder in found[skip : skip + size]],
    }
    if skip + size < len(found):
        page["@odata.nextLink"] = call.here({**call.query, "skip": skip + size})
    return Answer(payload=page)


def _wanted_name(call: Call) -> str | None:
    text = call.query.get("filter")
    if not text:
        return None
    match = BY_NAME.fullmatch(text)
    if match is None:
        raise bad_request("Invalid filter clause: only displayName eq '…' can be asked of folders here.")
    return match.group(1).replace("''", "'")


def get_folder(call: Call) -> Answer:
    folder = call.folder(call.params[1])
    document = narrowed(folder_json(call, folder), call.select)
    document |= properties.shown(
        call.cloud.folders.properties(folder), properties.wanted(call.query.get("expand", ""))
    )
    return Answer(payload={"@odata.context": f"{_context(call)}/$entity", **document})


def patch_folder(call: Call) -> Answer:
    """Rename a folder, or write extended properties on it."""
    folder, body = call.folder(call.params[1]), call.json()
    name, items = body.get("displayName"), body.get(properties.NAME)
    if unknown := [key for key in body if key not in ("displayName", properties.NAME) and key[0] != "@"]:
        text = f"The property '{unknown[0]}' cannot be set on this item."
        raise GraphError(400, "ErrorInvalidPropertySet", text)
    for key, value in properties.written(items if items is not None else []).items():
        call.cloud.folders.write_property(folder, key, value)
    if isinstance(name, str) and name.strip():
        folder = call.cloud.folders.rename(call.mailbox, folder, name)
    return Answer(payload={"@odata.context": f"{_context(call)}/$entity", **folder_json(call, folder)})


def create_root(call: Call) -> Answer:
    return _create(call, call.folder(ROOT))


def create_child(call: Call) -> Answer:
    return _create(call, call.folder(call.params[1]))


def _create(call: Call, parent: Folder) -> Answer:
    body = call.json()
    name = body.get("displayName")
    if not isinstance(name, str) or not name.strip():
        raise bad_request("The folder display name cannot be empty.", code="ErrorInvalidParameter")
    try:
        folder = call.cloud.folders.create(call.mailbox, parent, name, hidden=bool(body.get("isHidden")))
    except FolderExists as error:
        text = "A folder with the specified name already exists."
        raise GraphError(409, "ErrorFolderExists", text) from error
    return Answer(201, payload={"@odata.context": f"{_context(call)}/$entity", **folder_json(call, folder)})


def delta(call: Call) -> Answer:
    """Tell every folder that came, changed or went since the token; always in one page."""
    token = call.query.get("deltatoken", "0")
    if not token.isdecimal():
        raise bad_request("The delta token is badly formed.")
    changes = call.cloud.folders.changed_since(call.mailbox, int(token))
    page = {
        "@odata.context": f"{call.root}/$metadata#Collection(mailFolder)",
        "value": [_changed(call, folder, gone=gone) for folder, gone in changes],
        "@odata.deltaLink": call.here({"deltatoken": call.cloud.database.head_seq}),
    }
    return Answer(payload=page)


def _changed(call: Call, folder: Folder, *, gone: bool) -> Json:
    if gone:
        return {"id": call.folder_id(folder.number), "@removed": {"reason": "deleted"}}
    return narrowed(folder_json(call, folder), call.select)


def _context(call: Call) -> str:
    return f"{call.root}/$metadata#users('{call.mailbox.oid}')/mailFolders"
