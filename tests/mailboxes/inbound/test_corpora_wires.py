"""Every mail of the corpora over every wire, when they lie beside this repository."""

from __future__ import annotations

import mailbox
from collections import Counter
from collections.abc import Callable

import pytest

from mailboxes.models import InboundMessage
from mailboxes.storage import full_path
from tests.journeys.customer import Customer
from tests.mail_servers.dovecot import Dovecot
from tests.mailboxes.inbound.test_mail_wires import dovecot, left, over
from tests.mailboxes.parsing.test_corpora import BESIDE
from tickets.models import Entry

__all__ = ["dovecot", "over"]

pytestmark = [
    pytest.mark.journey,
    pytest.mark.dovecot,
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (BESIDE / "corpora").is_dir(), reason="The corpora are not beside the repository."
    ),
]
OF_MAILS = ("*.eml", "*.raw", "*/messages/*.txt", "flufl_bounces/messages/*")


def every_mail() -> list[bytes]:
    found = {path for pattern in OF_MAILS for path in (BESIDE / "corpora").rglob(pattern) if path.is_file()}
    mails = [as_on_any_wire(path.read_bytes()) for path in sorted(found)]
    for path in sorted((BESIDE / "corpora").rglob("*.mbox")):
        mails += [as_on_any_wire(one.as_bytes()) for one in mailbox.mbox(path)]
    return list(dict.fromkeys(mails))


def as_on_any_wire(raw: bytes) -> bytes:
    """A mail server may change line ends, add the last one, and put another byte for NUL."""
    return raw.replace(b"\r\n", b"\n").replace(b"\0", b"\x80").rstrip(b"\n")


@pytest.mark.parametrize("transport", ["graph", "imap", "pop3"])
def test_each_ends_in_one_visible_place_and_whole(
    over: Callable[..., Customer], dovecot: Dovecot, transport: str
) -> None:
    customer, mails = over(transport, after="delete"), every_mail()
    if transport == "graph":
        for raw in mails:
            customer.arrive_raw(raw)
    else:
        dovecot.put(customer.mailbox.address, mails)
    assert customer.sync().error is None
    rows = InboundMessage.objects.all()
    assert {one.reason for one in rows if one.state != "filed"} == {"the same mail is filed already"}
    assert Entry.objects.count() == customer.states()["filed"]
    assert Counter(as_on_any_wire(full_path(one.raw_path).read_bytes()) for one in rows) == Counter(mails)
    assert (left(dovecot, customer), rows.filter(acknowledged_at=None).count()) == (0, 0)
