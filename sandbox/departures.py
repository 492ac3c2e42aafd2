"""Mail that leaves a mailbox: noted, delivered to mailboxes of the sandbox, reported on when nobody is there."""

import json
import re
from email.header import Header
from email.utils import format_datetime, make_msgid
from uuid import uuid4

from sandbox.cloud import Cloud
from sandbox.directory import Mailbox
from sandbox.letters import header_text, parse, people
from sandbox.scenario import arrival_of
from sandbox.wire import Json

CRLF = "\r\n"
BCC = re.compile(rb"(?im)^bcc:.*\r?\n(?:[ \t].*\r?\n)*")


def depart(cloud: Cloud, mailbox: Mailbox, mime: bytes) -> None:
    """Send a mail on its way: to every recipient once, without the Bcc line."""
    letter = parse(mime)
    found = [address for name in ("To", "Cc", "Bcc") for _shown, address in people(letter, name)]
    recipients = list(dict.fromkeys(address.lower() for address in found))
    cloud.database.run(
        "INSERT INTO departure (mailbox, message_id, subject, recipients, sent_at) VALUES (?, ?, ?, ?, ?)",
        mailbox.address,
        header_text(letter, "Message-ID"),
        header_text(letter, "Subject"),
        json.dumps(recipients),
        cloud.clock.stamp(),
    )
    seen = _without_bcc(mime)
    for address in recipients:
        _deliver(cloud, mailbox, address, seen)


def departed(cloud: Cloud, address: str = "") -> list[Json]:
    rows = cloud.database.all(
        "SELECT mailbox, message_id, subject, recipients, sent_at FROM departure WHERE ? IN ('', mailbox) ORDER BY n",
        address,
    )
    names = ("mailbox", "internetMessageId", "subject")
    return [
        {**dict(zip(names, row[:3], strict=True)), "recipients": json.loads(row[3]), "sentDateTime": row[4]}
        for row in rows
    ]


def _deliver(cloud: Cloud, sender: Mailbox, address: str, mime: bytes) -> None:
    mailbox = cloud.directory.anywhere(address)
    if mailbox is not None and mailbox.is_served:
        _put(cloud, mailbox, mime)
    elif cloud.directory.tenant(address.rpartition("@")[2]) is not None:
        _put(cloud, sender, non_delivery_report(cloud, sender, address, mime))


def _put(cloud: Cloud, mailbox: Mailbox, mime: bytes) -> None:
    inbox = cloud.folders.well_known(mailbox, "inbox")
    if inbox is not None:
        cloud.messages.add(inbox, arrival_of(cloud, mime))


def _without_bcc(mime: bytes) -> bytes:
    head, gap, body = mime.partition(b"\r\n\r\n")
    return BCC.sub(b"", head + b"\r\n") + b"\r\n" + body if gap else mime


def non_delivery_report(cloud: Cloud, sender: Mailbox, address: str, mime: bytes) -> bytes:
    """Write the report Exchange sends when nobody has the address. Source: RFC 3464."""
    domain, line = sender.address.rpartition("@")[2], uuid4().hex
    subject = header_text(parse(mime), "Subject")
    charset = "us-ascii" if subject.isascii() else "utf-8"
    head = [
        f"From: Microsoft Outlook <postmaster@{domain}>",
        f"To: {sender.address}",
        f"Subject: {Header(f'Undeliverable: {subject}', charset).encode(linesep=CRLF)}",
        f"Date: {format_datetime(cloud.clock.now())}",
        f"Message-ID: {make_msgid(domain=domain)}",
        "Auto-Submitted: auto-replied",
        "X-MS-Exchange-Message-Is-Ndr:",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type="delivery-status"; boundary="{line}"',
    ]
    status = f"Reporting-MTA: dns;{domain}\r\n\r\nFinal-Recipient: rfc822;{address}\r\nAction: failed"
    original = mime.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
    parts = [
        ("text/plain; charset=utf-8", f"Your message to {address} couldn't be delivered."),
        ("message/delivery-status", f"{status}\r\nStatus: 5.1.10\r\n"),
        ("text/rfc822-headers", original),
    ]
    body = "".join(f"--{line}\r\nContent-Type: {kind}\r\n\r\n{text}\r\n" for kind, text in parts)
    return f"{CRLF.join(head)}\r\n\r\n{body}--{line}--\r\n".encode()
