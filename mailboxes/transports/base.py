"""What every wire gives and takes: ids and bytes in, decisions out."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import BinaryIO, Final, Protocol, runtime_checkable

from tenants.errors import IntegrationError

#: What is kept of a mail that is over the limit: enough for its headers and the beginning of its text. Bytes.
STUB_BYTES: Final = 1024 * 1024
#: The well-known name of Sent Items: every wire with folders understands it, and Graph takes it in place of an id.
SENT_ITEMS: Final = "sentitems"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """A mail as a listing names it. Texts are the wire's own and not yet safe to store.

    `size_bytes` is 0 where the listing does not say; the bytes that come may be a few more or less.
    """

    remote_id: str
    received_at: datetime
    size_bytes: int = 0
    message_id: str = ""
    subject: str = ""
    sender: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A page of a listing and where to go on after it."""

    refs: Sequence[Ref]
    cursor: str
    is_last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """What was written: size, hash in lower-case hex (blank for a mail cut at the limit), and whether it was cut."""

    size_bytes: int
    sha256: str
    is_truncated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What came of asking for one mail: its bytes are written, or there is an error that is this mail's alone."""

    remote_id: str
    download: Download | None = None
    error: IntegrationError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSeen:
    """A folder as the mailbox shows it."""

    remote_id: str
    display_name: str
    total: int
    path: str = ""


class Step(Enum):
    """What is done at Microsoft with a mail that has been filed."""

    COPY = "copy"
    MOVE = "move"
    MARK_READ = "mark_read"
    DELETE = "delete"


#: Opens the next empty file for a mail whose first byte is there.
OpenFile = Callable[[], BinaryIO]


class InboundTransport(Protocol):
    """A wire that mail comes in by. Every method raises IntegrationError and none sleeps."""

    @property
    def requests(self) -> int:
        """Round trips made so far."""

    @property
    def charged(self) -> int:
        """Requests as Microsoft counts them against the mailbox's budget; 0 on a wire without one."""

    @property
    def lanes(self) -> int:
        """How many bunches may be under way at once."""

    @property
    def steps_at_once(self) -> int:
        """How many mails one call of `acknowledge` should be given."""

    def fetch(self, folder_id: str, cursor: str) -> Iterator[Batch]:
        """List what is new since the cursor, page by page; all there is when it is blank. Raises CursorExpired."""

    def bunches(self, refs: Sequence[Ref]) -> Iterator[Sequence[Ref]]:
        """Divide the mails of a page into those that are asked for together."""

    def download(
        self, refs: Sequence[Ref], *, open_file: OpenFile, max_bytes: int
    ) -> Generator[Delivery, None, None]:
        """Stream one bunch as RFC 5322 bytes, each mail into the file opened last, and give each as it is done.

        Usable from several threads at once. What is raised concerns the mail that was on its way, or the whole
        mailbox; the mails not given yet may be asked for again.
        """

    def acknowledge(
        self, remote_ids: Sequence[str], step: Step, *, folder_id: str = ""
    ) -> Mapping[str, IntegrationError | None]:
        """Take one step with each mail; None stands for done, ItemGone for gone already, where the wire tells."""

    def copied(self, message_ids: Sequence[str], folder_id: str) -> frozenset[str]:
        """Tell which mails, by Message-ID, already lie in the folder copies are kept in."""

    def find_folder(self, path: str, *, create: bool = False) -> FolderSeen:
        """Find a folder by well-known name or by display names joined with a slash. Raises FolderGone."""

    def folders(self) -> Sequence[FolderSeen]:
        """List the live folder tree, each with its path of display names."""

    def close(self) -> None:
        """Hang up; the transport is not used again."""


@runtime_checkable
class TellsTime(Protocol):
    """A wire whose answers say what time it is there."""

    def clock_skew(self) -> timedelta:
        """Say how far our clock is ahead of Microsoft's (negative: behind); zero before the first answer."""


@runtime_checkable
class MarkedFolders(Protocol):
    """A wire over which a folder can carry a text of ours that no person sees."""

    def marker(self, folder_id: str) -> str:
        """Read the text on a folder; "" when there is none."""

    def mark(self, folder_id: str, text: str) -> None:
        """Write the text, in place of the one before."""

    def purpose(self) -> str:
        """Say what kind of mailbox it is, in Exchange's words; "" when that may not be read."""
