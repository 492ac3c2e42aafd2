"""What can be tried on a mailbox over IMAP and POP3: does it let us in, is the folder there, can mail be listed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from mailboxes import probes
from mailboxes.governor import visit
from mailboxes.models import Folder, Mailbox
from mailboxes.transports import open_inbound
from mailboxes.transports.base import InboundTransport
from mailboxes.wording import counted
from tenants.errors import CursorExpired, IntegrationError
from tenants.setup.check import Check, failed, not_reached, passed, skipped, warned


def probe(mailbox: Mailbox) -> list[Check]:
    """Sign in as a run would and look; a check for each step of an examination."""
    found: dict[str, Check] = {"marker": _other_installation(mailbox)}
    try:
        with visit(mailbox) as gate, closing(open_inbound(mailbox, gate)) as transport:
            for check in _tried(mailbox, transport):
                found[check.id] = check
    except IntegrationError as error:
        step = next(name for name in ("mailbox", "folder", "read") if name not in found)
        found[step] = failed(step, error)
        found |= {check.id: check for check in not_reached([s for s in probes.STEPS if s not in found])}
    return [found.get(step) or skipped(step, "check_other_wire") for step in probes.STEPS]


def _tried(mailbox: Mailbox, transport: InboundTransport) -> Iterator[Check]:
    # Exchange may accept the sign-in and refuse the first command: only an open folder proves the mailbox.
    inbox = transport.find_folder("inbox")
    yield passed("mailbox", f"{inbox.display_name}, {counted(inbox.total)}")
    folder = transport.find_folder(mailbox.folder)
    yield passed("folder", f"{folder.display_name}, {counted(folder.total)}")
    row = Folder.objects.filter(mailbox=mailbox, purpose=Folder.Purpose.INBOX).first()
    cursor = row.cursor if row is not None and row.remote_id == folder.remote_id else ""
    try:
        next(iter(transport.fetch(folder.remote_id, cursor)))
    except CursorExpired:
        # A run begins anew then, and says nothing.
        next(iter(transport.fetch(folder.remote_id, "")))
    yield passed("read", "mail can be listed")


def _other_installation(mailbox: Mailbox) -> Check:
    row = Folder.objects.filter(mailbox=mailbox, purpose=Folder.Purpose.INBOX).first()
    if row is not None and row.other_installation:
        return warned("marker", "other_installation", detail=f"since {row.other_installation.get('since')}")
    return skipped("marker", "marker_impossible")
