"""Who may be named as the sender of a mail, and what Exchange writes there.

An alias is replaced by the main address unless the organisation allows sending from aliases; a right to send on behalf
shows the real sender beside. Source: outlook-send-mail-from-other-user, Set-OrganizationConfig SendFromAliasEnabled.
"""

import re

from sandbox.directory import Mailbox
from sandbox.graph.access import may_send_from
from sandbox.graph.call import Call
from sandbox.graph.errors import GraphError, bad_request
from sandbox.letters import parse, people
from sandbox.scenario import arrival_of

FROM = re.compile(rb"(?im)^from:.*\r?\n(?:[ \t].*\r?\n)*")


def as_submitted(call: Call, mime: bytes) -> bytes:
    """Give the mail as Exchange sends it on.

    Raises GraphError unless the mailbox may send as who the mail says it is from, and it is to somebody.
    """
    letter = parse(mime)
    if not any(people(letter, name) for name in ("To", "Cc", "Bcc")):
        raise bad_request("At least one recipient isn't valid.", code="ErrorInvalidRecipients")
    if not may_send_from(call.access, call.mailbox):
        raise _denied()
    mailbox = call.mailbox
    for shown, address in people(letter, "From"):
        if mailbox.is_alias(address) and not mailbox.sends_from_alias:
            mime = _with_head(
                mime, f'From: "{shown}" <{mailbox.address}>' if shown else f"From: {mailbox.address}"
            )
        elif mailbox.may_send_on_behalf_of(address):
            mime = f"Sender: {mailbox.address}\r\n".encode() + mime
        elif not mailbox.may_send_as(address):
            raise _denied()
    return mime


def copy_for_sent_as(call: Call, mime: bytes) -> None:
    """Put a copy into the Sent Items of the mailbox named as the sender, where it is set to get one."""
    for _shown, address in people(parse(mime), "From"):
        named = call.cloud.directory.mailbox(call.mailbox.directory_id, address.lower())
        if named is not None and named is not call.mailbox and named.copy_for_sent_as:
            _file(call, named, mime)


def _file(call: Call, mailbox: Mailbox, mime: bytes) -> None:
    folder = call.cloud.folders.well_known(mailbox, "sentitems")
    if folder is not None:
        call.cloud.messages.add(folder, arrival_of(call.cloud, mime, is_read=True))


def _with_head(mime: bytes, line: str) -> bytes:
    head, gap, body = mime.partition(b"\r\n\r\n")
    replaced = FROM.sub(line.encode().replace(b"\\", b"\\\\") + b"\r\n", head + b"\r\n", count=1)
    return replaced.removesuffix(b"\r\n") + gap + body


def _denied() -> GraphError:
    text = (
        "The user account which was used to submit this request does not have the right to send mail on behalf "
        "of the specified sending account. Cannot submit message."
    )
    return GraphError(403, "ErrorSendAsDenied", text)
