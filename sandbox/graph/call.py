"""One Graph operation being answered: who asks, of which mailbox, with which options."""

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

from sandbox.cloud import Cloud
from sandbox.directory import Mailbox
from sandbox.graph.access import Access
from sandbox.graph.errors import bad_request, malformed_id, not_found
from sandbox.ids import FOLDER, ItemId, MalformedId, read_id, write_id
from sandbox.store.folders import Folder
from sandbox.store.messages import Message
from sandbox.store.names import WELL_KNOWN
from sandbox.wire import Json, Request

PAGE_SIZE = re.compile(r"odata\.maxpagesize\s*=\s*(\d+)", re.I)
IMMUTABLE = re.compile(r'idtype\s*=\s*"?immutableid"?', re.I)
AS_TEXT = re.compile(r'outlook\.body-content-type\s*=\s*"?text"?', re.I)
DEFAULT_PAGE, LARGEST_PAGE = 10, 1000
ALIASES = ("msgfolderroot", "recoverableitemsroot", "recoverableitemsdeletions", "recoverableitemspurges")


# Not frozen or slotted: the options are read once, when first asked for.
@dataclass
class Call:
    cloud: Cloud
    request: Request
    access: Access
    params: list[str]
    kind: str = ""
    found: Mailbox | None = None
    prefer: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self.prefer = self.request.headers.get("prefer", "")

    @property
    def mailbox(self) -> Mailbox:
        if self.found is None:
            raise LookupError(f"{self.kind} is not about a mailbox.")
        return self.found

    @cached_property
    def query(self) -> dict[str, str]:
        return self.request.query

    @cached_property
    def immutable(self) -> bool:
        return bool(self.prefer and IMMUTABLE.search(self.prefer))

    @property
    def as_text(self) -> bool:
        return bool(self.prefer and AS_TEXT.search(self.prefer))

    @property
    def root(self) -> str:
        return f"{self.request.base_url}/v1.0"

    @property
    def select(self) -> list[str] | None:
        text = self.query.get("select", "")
        return [name.strip() for name in text.split(",") if name.strip()] or None

    def json(self) -> Json:
        """Read the body as a JSON object. Raises GraphError 400."""
        try:
            document = json.loads(self.request.body or b"{}")
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise bad_request(
                "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of"
                " valid JSON format."
            )
        return document

    def page_size(self, *, default: int = DEFAULT_PAGE) -> int:
        """Give $top or the preferred page size, within what Graph allows. Raises GraphError 400."""
        hint = PAGE_SIZE.search(self.prefer) if self.prefer else None
        wanted = min(max(int(hint.group(1)), 1), LARGEST_PAGE) if hint else default
        text = self.query.get("top") or str(wanted)
        if not text.isdecimal() or not 1 <= int(text) <= LARGEST_PAGE:
            raise bad_request(
                f"Invalid value '{text}' for $top query option found. The $top query option requires a value from"
                " 1 to 1000.",
                code="ErrorInvalidParameter",
            )
        return int(text)

    def number(self, name: str) -> int:
        text = self.query.get(name, "0")
        if not text.isdecimal():
            raise bad_request(f"Invalid value '{text}' for ${name} query option found.")
        return int(text)

    def here(self, options: dict[str, Any]) -> str:
        """Give this path again with other options, on the host the client used."""
        marked = {f"${name}": value for name, value in options.items()}
        return f"{self.request.base_url}{self.request.path}?{urlencode(marked, safe='$,', quote_via=quote)}"

    def folder(self, name: str) -> Folder:
        """Find a folder by id or well-known name. Raises GraphError 400 or 404."""
        folders = self.cloud.folders
        if name.lower() in WELL_KNOWN or name.lower() in ALIASES:
            found = folders.well_known(self.mailbox, name)
        else:
            item = self._read_id(name)
            found = folders.get(self.mailbox, item.number) if item.kind == FOLDER else None
        if found is None:
            raise not_found()
        return found

    def message(self, name: str, *, below: Folder | None = None) -> Message:
        """Find a message by either kind of id. Raises GraphError 400 or 404."""
        item = self._read_id(name)
        found = self.cloud.messages.get(self.mailbox, item) if item.kind != FOLDER else None
        if found is None or (below and found.folder != below.number):
            raise not_found()
        return found

    def _read_id(self, text: str) -> ItemId:
        try:
            return read_id(text, owner=self.mailbox.oid)
        except MalformedId as error:
            raise malformed_id() from error

    def folder_id(self, number: int) -> str:
        return write_id(ItemId(FOLDER, number), owner=self.mailbox.oid)

    def message_id(self, message: Message) -> str:
        return write_id(message.item_id(immutable=self.immutable), owner=self.mailbox.oid)
