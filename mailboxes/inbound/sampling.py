"""A few mails of a folder, to look at before any is taken in: nothing of them is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from io import BytesIO
from typing import Final

from mailboxes.governor import visit
from mailboxes.models import Mailbox
from mailboxes.transports import open_inbound
from mailboxes.transports.base import InboundTransport, Ref
from tenants.errors import IntegrationError, ItemGone
from tenants.whom import for_its_tenant

#: Enough of a mail for its headers and the beginning of its text. Bytes.
MOST_BYTES: Final = 1024 * 1024


@for_its_tenant
def sample(mailbox: Mailbox, refs: Sequence[Ref]) -> list[tuple[Ref, bytes]]:
    """Read some mails, each cut after a megabyte; what is gone meanwhile is left out. Raises IntegrationError."""
    with visit(mailbox) as gate, closing(open_inbound(mailbox, gate)) as transport:
        return [found for bunch in transport.bunches(refs) for found in _read(transport, bunch)]


def _read(transport: InboundTransport, refs: Sequence[Ref]) -> Iterator[tuple[Ref, bytes]]:
    files: list[BytesIO] = []

    def open_file() -> BytesIO:
        files.append(BytesIO())
        return files[-1]

    by_id = {ref.remote_id: ref for ref in refs}
    try:
        for delivery in transport.download(refs, open_file=open_file, max_bytes=MOST_BYTES):
            if delivery.download is not None:
                yield by_id[delivery.remote_id], files[-1].getvalue()
            elif isinstance(delivery.error, IntegrationError) and not isinstance(delivery.error, ItemGone):
                raise delivery.error
    except ItemGone:
        return
