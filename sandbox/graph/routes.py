"""Which path is answered by what, what it is counted as, and which right it needs."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sandbox.graph import attachments, delta, drafts, folders, messages, sending, uploads, users
from sandbox.graph.call import Call
from sandbox.wire import Answer

View = Callable[[Call], Answer]
KEYED = re.compile(r"([A-Za-z.]+)\('(.*)'\)")


@dataclass(frozen=True, slots=True)
class Route:
    kind: str
    need: str
    view: View
    on_mailbox: bool = True


@dataclass(slots=True)
class Node:
    """A place in the tree of paths; below holds literals in lower case, "*" any segment."""

    below: dict[str, "Node"] = field(default_factory=dict)
    routes: dict[str, Route] = field(default_factory=dict)


M, F = "users/*/messages", "users/*/mailFolders"
TABLE: list[tuple[str, str, Route]] = [
    ("GET", "users/*", Route("users.get", "users", users.get_user, on_mailbox=False)),
    ("GET", "users/*/mailboxSettings", Route("mailboxSettings", "settings", users.get_settings)),
    ("POST", "users/*/translateExchangeIds", Route("translateExchangeIds", "basic", users.translate_ids)),
    ("GET", F, Route("folders.list", "basic", folders.list_root)),
    ("POST", F, Route("folders.create", "write", folders.create_root)),
    ("GET", f"{F}/delta", Route("folders.delta", "basic", folders.delta)),
    ("GET", f"{F}/*", Route("folders.get", "basic", folders.get_folder)),
    ("PATCH", f"{F}/*", Route("folders.patch", "write", folders.patch_folder)),
    ("GET", f"{F}/*/childFolders", Route("folders.list", "basic", folders.list_children)),
    ("POST", f"{F}/*/childFolders", Route("folders.create", "write", folders.create_child)),
    ("GET", f"{F}/*/messages", Route("messages.list", "basic", messages.list_folder)),
    ("GET", f"{F}/*/messages/delta", Route("messages.delta", "basic", delta.delta)),
    ("GET", f"{F}/*/messages/*", Route("messages.get", "basic", messages.get_message)),
    ("GET", f"{F}/*/messages/*/$value", Route("messages.value", "read", messages.refuse_mime_below_folder)),
    ("PATCH", f"{F}/*/messages/*", Route("messages.patch", "write", messages.patch)),
    ("DELETE", f"{F}/*/messages/*", Route("messages.delete", "write", messages.delete)),
    ("POST", f"{F}/*/messages/*/move", Route("messages.move", "write", messages.move)),
    ("POST", f"{F}/*/messages/*/copy", Route("messages.copy", "write", messages.copy)),
    ("GET", M, Route("messages.list", "basic", messages.list_all)),
    ("POST", M, Route("messages.create", "write", drafts.create)),
    ("POST", f"{M}/*/send", Route("messages.send", "send", sending.send_draft)),
    ("POST", f"{M}/*/attachments", Route("attachments.add", "write", sending.add_attachment)),
    (
        "POST",
        f"{M}/*/attachments/createUploadSession",
        Route("uploads.create", "write", uploads.open_session),
    ),
    ("POST", "users/*/sendMail", Route("sendMail", "send", sending.send_mail)),
    ("GET", f"{M}/*", Route("messages.get", "basic", messages.get_message)),
    ("PATCH", f"{M}/*", Route("messages.patch", "write", messages.patch)),
    ("DELETE", f"{M}/*", Route("messages.delete", "write", messages.delete)),
    ("GET", f"{M}/*/$value", Route("messages.value", "read", messages.get_mime)),
    ("POST", f"{M}/*/move", Route("messages.move", "write", messages.move)),
    ("POST", f"{M}/*/copy", Route("messages.copy", "write", messages.copy)),
    ("POST", f"{M}/*/permanentDelete", Route("messages.purge", "write", messages.permanent_delete)),
    ("GET", f"{M}/*/attachments", Route("attachments.list", "read", attachments.list_attachments)),
    ("GET", f"{M}/*/attachments/*", Route("attachments.get", "read", attachments.get_attachment)),
    ("GET", f"{M}/*/attachments/*/$value", Route("attachments.value", "read", attachments.get_bytes)),
]


def _plant() -> Node:
    root = Node()
    for method, path, route in TABLE:
        node = root
        for part in path.split("/"):
            node = node.below.setdefault(part.lower(), Node())
        node.routes[method] = route
    return root


TREE = _plant()


def find(segments: list[str]) -> tuple[Node | None, list[str]]:
    """Walk to the node of a path; the second value holds what stood where the table has a star."""
    node, params = TREE, []
    for part in _plainly(segments):
        literal = node.below.get(part.lower())
        if literal is None:
            params.append(part)
        below = literal or node.below.get("*")
        if below is None:
            return None, []
        node = below
    return node, params


def _plainly(segments: list[str]) -> Iterator[str]:
    """Turn mailFolders('x') into mailFolders/x, and microsoft.graph.delta() into delta."""
    for part in segments:
        match = KEYED.fullmatch(part) if part.endswith(")") else None
        if match:
            yield match.group(1)
            yield match.group(2).replace("''", "'")
        else:
            yield part.removeprefix("microsoft.graph.").removesuffix("()")
