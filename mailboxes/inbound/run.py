"""One look at one mailbox: whose claim it is, what it has counted, how its writes are fenced."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from mailboxes.errors import LeaseLost
from mailboxes.governor import RunGate
from mailboxes.models import Folder, InboundMessage, Mailbox
from mailboxes.transports import open_inbound
from mailboxes.transports.base import InboundTransport, TellsTime


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A mail that has been decided on and may be tidied up at Microsoft."""

    pk: int
    mailbox_id: int
    remote_id: str
    #: Over the size limit: the whole of it is nowhere but at Microsoft.
    is_cut: bool = False


@dataclass(slots=True, kw_only=True)
class Filed:
    """What one pass of filing has done with the stored mails of a tenant."""

    filed: int = 0
    skipped: int = 0
    suspended: int = 0
    quarantined: int = 0
    settled: list[Settled] = field(default_factory=list)


class FileReceived(Protocol):
    """Files the stored mails of the mailbox's tenant; given by the layer above, which knows tickets."""

    def __call__(self, mailbox: Mailbox) -> Filed: ...


@dataclass(slots=True, kw_only=True)
class Run:
    """A claimed mailbox while it is being read."""

    mailbox: Mailbox
    folder: Folder
    gate: RunGate
    #: When to stop and let the next run go on; time.monotonic() seconds.
    deadline: float
    #: False after anything but a clean end: then known mails are looked up, and leftovers are searched for.
    was_settled: bool
    fetched: int = 0
    #: Of these, the mails that people have sent.
    fetched_sent: int = 0
    #: Stored since the last filing pass.
    unfiled: int = 0
    #: Filed, and not yet tidied up at Microsoft.
    untidied: list[Settled] = field(default_factory=list)
    filed: Filed = field(default_factory=Filed)
    leaves_something: bool = False
    opened: InboundTransport | None = None

    @property
    def transport(self) -> InboundTransport:
        """The wire, opened when it is first asked for: what is wrong with its settings is trouble of this run."""
        if self.opened is None:
            self.opened = open_inbound(self.mailbox, self.gate)
        return self.opened

    @property
    def requests(self) -> int:
        return self.opened.requests if self.opened else 0

    @property
    def charged(self) -> int:
        return self.opened.charged if self.opened else 0

    def close(self) -> None:
        if self.opened is not None:
            self.opened.close()

    def is_over(self) -> bool:
        return time.monotonic() >= self.deadline

    def at_microsoft(self, moment: datetime) -> datetime:
        """Say what Microsoft's clock, which dates mail, showed at a moment of ours; the same where it is not told."""
        return moment - self.transport.clock_skew() if isinstance(self.transport, TellsTime) else moment

    def note(self, **values: object) -> None:
        """Write columns of the folder, provided that the claim is still ours. Raises LeaseLost, and nothing is written.

        A server that waits for a row looks at that row alone again: what was begun anew meanwhile must stand there.
        """
        ours = Mailbox.objects.filter(pk=self.mailbox.pk, claim_number=self.mailbox.claim_number)
        # No join: `begun` has to be a condition on the row that is written, not on one found before the waiting.
        folder = Folder.objects.filter(pk=self.folder.pk, begun=self.folder.begun, mailbox__in=ours)
        if not folder.update(**values):
            raise self.lost()
        for name, value in values.items():
            setattr(self.folder, name, value)

    def lost(self) -> LeaseLost:
        return LeaseLost(
            f"mailbox {self.mailbox.pk}: the claim {self.mailbox.claim_number} is no longer held"
        )

    def count(self, filed: Filed) -> Sequence[Settled]:
        """Add up a filing pass; gives the settled mails of this mailbox."""
        self.filed.filed += filed.filed
        self.filed.skipped += filed.skipped
        self.filed.suspended += filed.suspended
        self.filed.quarantined += filed.quarantined
        return [mail for mail in filed.settled if mail.mailbox_id == self.mailbox.pk]

    def ledger_row(self, **values: object) -> InboundMessage:
        return InboundMessage(tenant_id=self.mailbox.tenant_id, mailbox_id=self.mailbox.pk, **values)
