"""Delta rounds over one folder. Each page costs what it shows, however large the folder is.

Source: https://learn.microsoft.com/graph/api/message-delta
"""

import base64
import json
import re
from dataclasses import astuple, dataclass, replace

from sandbox.clock import graph_time, read_time
from sandbox.graph.call import Call
from sandbox.graph.errors import GraphError, bad_request
from sandbox.graph.render import chosen_fields, message_json
from sandbox.ids import IMMUTABLE, PLAIN, ItemId, write_id
from sandbox.store.changes import Change, Window
from sandbox.store.folders import Folder
from sandbox.store.messages import Message
from sandbox.wire import Answer, Json

CHANGE_TYPES = ("", "created", "updated", "deleted")
# With a filter, Graph follows no more than so many messages.
FILTERED_AT_MOST = 5000
SINCE = re.compile(r"receivedDateTime\s+(ge|gt)\s+(\S+)")


@dataclass(frozen=True, slots=True)
class State:
    """What a link carries. told counts the items of a filtered first round; since is "" without a filter."""

    folder: int
    generation: int
    after: int
    first_head: int | None
    change_type: str
    select: str
    since: str
    top: int
    told: int = 0

    def seal(self) -> str:
        return base64.urlsafe_b64encode(json.dumps(astuple(self)).encode()).decode().rstrip("=")

    @property
    def window(self) -> Window:
        return Window(
            folder=self.folder, after=self.after, first_head=self.first_head, change_type=self.change_type
        )


def delta(call: Call) -> Answer:
    folder = call.folder(call.params[1])
    token = call.query.get("skiptoken") or call.query.get("deltatoken")
    with call.cloud.database.transaction():
        state = _read(call, folder, token) if token else _begin(call, folder)
        size = call.page_size(default=state.top)
        changes = call.cloud.messages.changes.page(state.window, limit=size + 1)
        link = _link(call, state, changes, size)
        present = call.cloud.messages.many([change.number for change in changes if not change.removed])
    # Rendering may read mails from the disk, which must not hold the others up.
    return Answer(payload=_page(call, state, changes[:size], present) | link)


def _begin(call: Call, folder: Folder) -> State:
    change_type = call.query.get("changeType", "").lower()
    if change_type not in CHANGE_TYPES:
        raise bad_request("changeType must be created, updated or deleted.", code="ErrorInvalidParameter")
    if (
        call.query.get("orderby", "receivedDateTime desc").lower() != "receiveddatetime desc"
        or "search" in call.query
    ):
        raise bad_request("The query is not supported for change tracking.", code="ErrorInvalidUrlQuery")
    return State(
        folder=folder.number,
        generation=call.cloud.folders.generation(folder),
        after=0,
        first_head=call.cloud.database.head_seq,
        change_type=change_type,
        select=call.query.get("select", ""),
        since=_since(call.query.get("filter", "")),
        top=call.page_size(),
    )


def _since(text: str) -> str:
    if not text:
        return ""
    match = SINCE.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError("not a time filter")
        return graph_time(read_time(match.group(2)))
    except ValueError as error:
        message = "Only receivedDateTime ge or gt can be filtered in change tracking."
        raise bad_request(message, code="ErrorInvalidUrlQueryFilter") from error


def _read(call: Call, folder: Folder, token: str) -> State:
    try:
        state = State(*json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))))
    except (ValueError, TypeError) as error:
        raise bad_request("Badly formed token.", code="ErrorInvalidUrlQuery") from error
    generation = call.cloud.folders.generation(folder)
    if state.folder != folder.number or state.generation != generation:
        raise _expired(call, generation)
    return state


def _expired(call: Call, generation: int) -> GraphError:
    spelling = call.cloud.expiry
    headers = (
        {"Location": f"{call.request.base_url}{call.request.path}?$deltatoken="} if spelling.location else {}
    )
    text = f"The sync state generation is not found; generation={generation}."
    return GraphError(spelling.status, spelling.code, text, headers=headers)


def _page(call: Call, state: State, changes: list[Change], present: dict[int, Message]) -> Json:
    select = [name.strip() for name in state.select.split(",") if name.strip()] or None
    fields = chosen_fields(call, select)
    items: list[Json] = []
    for change in changes:
        message = present.get(change.number)
        if change.removed:
            items.append(_removed(call, change))
        elif message and message.received_at >= state.since:
            shown = message_json(call, message, fields)
            items.append({"@odata.type": "#microsoft.graph.message", **shown})
    return {"@odata.context": f"{call.root}/$metadata#Collection(message)", "value": items}


def _removed(call: Call, change: Change) -> Json:
    kind = IMMUTABLE if call.immutable else PLAIN
    item = ItemId(kind, change.number, 0 if call.immutable else change.generation)
    return {
        "@odata.type": "#microsoft.graph.message",
        "id": write_id(item, owner=call.mailbox.oid),
        "@removed": {"reason": change.removed},
    }


def _link(call: Call, state: State, changes: list[Change], size: int) -> Json:
    told = state.told + size
    full = bool(state.since) and state.first_head is not None and told >= FILTERED_AT_MOST
    if len(changes) > size and not full:
        token = replace(state, after=changes[size - 1].seq, told=told).seal()
        return {"@odata.nextLink": call.here({"skiptoken": token})}
    done = replace(state, after=call.cloud.database.head_seq, first_head=None, told=0)
    return {"@odata.deltaLink": call.here({"deltatoken": done.seal()})}
