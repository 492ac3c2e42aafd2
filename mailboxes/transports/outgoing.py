"""What every outgoing wire gives and takes: a composed mail in, and a note in the journal before silence is doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Protocol

from tenants.errors import IntegrationError


class FileOnDisk(Protocol):
    """A file too large to travel inside the mail's own bytes."""

    @property
    def name(self) -> str: ...

    @property
    def content_type(self) -> str: ...

    @property
    def path(self) -> Path: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A mail ready for the wire.

    `recipients` are those who have not got it yet, `taken` how many have; `remote_id` and `tries` tell of earlier
    tries, and by `message_id` it is recognised in Sent Items. One that `is_old` is looked up before it is sent: who
    restored a backup does not know that it left. `uploads` are sessions begun for its files, by name.
    """

    sender: str
    recipients: Sequence[str]
    message_id: str
    mime: bytes
    files: Sequence[FileOnDisk] = ()
    remote_id: str = ""
    tries: int = 0
    is_old: bool = False
    taken: int = 0
    uploads: Mapping[str, str] = field(default_factory=dict)

    @property
    def may_be_there(self) -> bool:
        """Tell whether Microsoft may have it already, as a draft or sent."""
        return self.tries > 0 or bool(self.remote_id) or self.is_old


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The wire has taken the mail; `refused` holds the recipients it was not taken for, each with its reason."""

    remote_id: str = ""
    refused: Mapping[str, IntegrationError] = field(default_factory=dict)


class Found(Enum):
    SENT = "sent"
    DRAFT = "draft"
    ABSENT = "absent"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What the mailbox shows of an outgoing mail."""

    found: Found
    remote_id: str = ""
    message_id: str = ""
    #: Of a mail that another wire has looked up: its header, as it lies there.
    head: bytes = b""


class Doubtful(Exception):
    """The mail may have left: it was asked for, and the answer was lost. Any other error says that it has not."""

    def __init__(self, error: IntegrationError) -> None:
        super().__init__(error.code)
        self.error = error


class TurnOver(Exception):
    """Others have their turn first; what was begun is kept, and gone on with later."""


class Journal(Protocol):
    """Where a wire notes how far a mail has come, committed at once. Raises LeaseLost when another has the mail."""

    def alive(self) -> None:
        """Hold on to the mail while something takes long."""

    def next_piece(self) -> None:
        """Hold on to the mail between two pieces of what is large. Raises TurnOver when the turn has lasted enough."""

    def uploading(self, name: str, url: str) -> None:
        """Note the session that takes the pieces of a file."""

    def drafted(self, *, remote_id: str, message_id: str) -> None:
        """Note the draft that stands for it at Microsoft."""

    def asking(self, refused: Mapping[str, IntegrationError] | None = None) -> None:
        """Note that the next thing said sends it, to all but those refused: from here on silence means doubt."""


class OutboundTransport(Protocol):
    """A wire that mail goes out by. Every method raises IntegrationError and none sleeps."""

    @property
    def max_mime_bytes(self) -> int:
        """How large the mail's own bytes may be; files beyond that are given beside it."""

    @property
    def shows_bcc(self) -> bool:
        """Whether blind copies are named in the header, for the wire itself to take out."""

    def send(self, mail: Outgoing, journal: Journal) -> Receipt:
        """Send once. Raises Doubtful when it may have left; what else is raised says that it has not."""

    def send_at_once(self, mail: Outgoing) -> None:
        """Send something that is in no outbox and is never tried again."""

    def knock(self) -> bool:
        """Sign in and send nothing; False where that shows nothing, because each request stands for itself."""

    def find(self, *, remote_id: str, message_id: str) -> Sighting:
        """Look a mail up that may have left."""

    def discard(self, remote_id: str) -> None:
        """Take away what stands at Microsoft for a mail that will not be sent as it is there."""

    def close(self) -> None:
        """Hang up; the transport is not used again."""
