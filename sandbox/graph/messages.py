"""Messages: list, get, bytes, and the acts on them."""

import json
from collections.abc import Callable

from sandbox.graph.call import Call
from sandbox.graph.errors import GraphError, bad_request, not_found
from sandbox.graph.filters import Clause, read_filter, read_order
from sandbox.graph.render import chosen_fields, etag, message_json
from sandbox.store.folders import Folder
from sandbox.store.messages import Message
from sandbox.wire import Answer, Json

FLAGS = ("notFlagged", "flagged", "complete")
HIDDEN = "SELECT n FROM folder WHERE mailbox = ? AND hidden = 1 AND parent IS NULL"
IMPORTANCES = ("low", "normal", "high")


def list_all(call: Call) -> Answer:
    """List the mailbox; Recoverable Items are no part of that."""
    number = call.mailbox.number
    return _list(call, Clause("", f"mailbox = ? AND folder NOT IN ({HIDDEN})", (number, number)))


def list_folder(call: Call) -> Answer:
    return _list(call, Clause("", "folder = ?", (call.folder(call.params[1]).number,)))


def _list(call: Call, within: Clause) -> Answer:
    clauses = read_filter(call.query.get("filter", ""))
    order = read_order(call.query.get("orderby", ""), clauses)
    size, skip, fields = call.page_size(), call.number("skip"), chosen_fields(call, call.select)
    where = " AND ".join(clause.sql for clause in (within, *clauses))
    values = tuple(value for clause in (within, *clauses) for value in clause.values)
    found = call.cloud.messages.select(where, values, order=order, limit=size + 1, skip=skip)
    page: Json = {"@odata.context": context(call)}
    if call.query.get("count", "").lower() == "true":
        page["@odata.count"] = call.cloud.messages.count(where, values)
    page["value"] = [message_json(call, message, fields) for message in found[:size]]
    if len(found) > size:
        page["@odata.nextLink"] = call.here({**call.query, "skip": skip + size})
    return Answer(payload=page)


def _named(call: Call) -> Message:
    """Find the message a path names, below a folder or not."""
    if len(call.params) == 3:
        return call.message(call.params[2], below=call.folder(call.params[1]))
    return call.message(call.params[1])


def get_message(call: Call) -> Answer:
    message, fields = _named(call), chosen_fields(call, call.select)
    document = message_json(call, message, fields)
    return Answer(payload={"@odata.context": f"{context(call)}/$entity", **document})


def get_mime(call: Call) -> Answer:
    message, mimes = call.message(call.params[1]), call.cloud.mimes
    path = mimes.path(message.mime)
    answer = Answer(content_type="text/plain", file=path)
    if path is None:
        answer.content = mimes.read(message.mime)
    return answer


def refuse_mime_below_folder(call: Call) -> Answer:
    raise GraphError(405, "ErrorInvalidRequest", "The OData request is not supported.")


def move(call: Call) -> Answer:
    message, folder = _named(call), _destination(call)
    moved = call.cloud.messages.move(call.mailbox, message, folder)
    return _acted(call, moved, status=201)


def copy(call: Call) -> Answer:
    message, folder = _named(call), _destination(call)
    return _acted(call, call.cloud.messages.copy(message, folder), status=201)


def _destination(call: Call) -> Folder:
    name = call.json().get("destinationId", call.json().get("DestinationId"))
    if not isinstance(name, str) or not name:
        raise bad_request("The required parameter 'DestinationId' is missing.", code="ErrorInvalidParameter")
    return call.folder(name)


def delete(call: Call) -> Answer:
    """Delete as Exchange does: into Recoverable Items, not into Deleted Items."""
    message = _named(call)
    bin_ = call.folder("recoverableitemsdeletions")
    if call.cloud.messages.move(call.mailbox, message, bin_) is None:
        raise not_found()
    return Answer(204)


def permanent_delete(call: Call) -> Answer:
    if not call.cloud.messages.purge(_named(call)):
        raise not_found()
    return Answer(204)


def patch(call: Call) -> Answer:
    message, body = _named(call), call.json()
    wanted = call.request.headers.get("if-match")
    if wanted and wanted not in ("*", etag(message)):
        text = "The change key passed in the request does not match the current change key for the item."
        raise GraphError(412, "ErrorIrresolvableConflict", text)
    columns: dict[str, object] = {}
    for name, value in body.items():
        if not name.startswith("@"):
            columns |= _column(name, value)
    return _acted(call, call.cloud.messages.update(message, columns), status=200)


def _column(name: str, value: object) -> dict[str, object]:
    writer = WRITABLE.get(name)
    if writer is None:
        text = f"The property '{name}' cannot be set on this item."
        raise GraphError(400, "ErrorInvalidPropertySet", text)
    try:
        return writer(value)
    except (TypeError, ValueError) as error:
        raise bad_request(f"Cannot convert the literal of '{name}' to the expected type.") from error


def _is_read(value: object) -> dict[str, object]:
    if not isinstance(value, bool):
        raise TypeError("isRead is true or false")
    return {"is_read": int(value)}


def _categories(value: object) -> dict[str, object]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise TypeError("categories are names")
    return {"categories": json.dumps(value, ensure_ascii=False)}


def _flag(value: object) -> dict[str, object]:
    if not isinstance(value, dict) or value.get("flagStatus") not in FLAGS:
        raise TypeError("a flag has a flagStatus")
    return {"flag": json.dumps(value)}


def _importance(value: object) -> dict[str, object]:
    if value not in IMPORTANCES:
        raise ValueError("importance is low, normal or high")
    return {"importance": value}


def _unkept(value: object) -> dict[str, object]:
    return {}


WRITABLE: dict[str, Callable[[object], dict[str, object]]] = {
    "isRead": _is_read,
    "categories": _categories,
    "flag": _flag,
    "importance": _importance,
    "inferenceClassification": _unkept,
    "isDeliveryReceiptRequested": _unkept,
    "isReadReceiptRequested": _unkept,
}


def _acted(call: Call, message: Message | None, *, status: int) -> Answer:
    if message is None:
        raise not_found()
    document = message_json(call, message, chosen_fields(call, call.select))
    head = {"@odata.context": f"{context(call)}/$entity", "@odata.type": "#microsoft.graph.message"}
    return Answer(status, payload={**head, **document})


def context(call: Call) -> str:
    chosen = f"({','.join(call.select)})" if call.select else ""
    return f"{call.root}/$metadata#users('{call.mailbox.oid}')/messages{chosen}"
