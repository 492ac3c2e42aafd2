"""What is done over IMAP with mails that have been filed; never an EXPUNGE that takes what others have marked.

Source: RFC 6851 (MOVE), RFC 4315 (UID EXPUNGE).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mailboxes.transports.base import Step
from mailboxes.transports.imap_listing import present
from mailboxes.transports.imap_names import number_set, quoted
from mailboxes.transports.imap_wire import ImapConnection
from tenants.errors import BadAnswer, IntegrationError, ItemGone


def take_step(
    connected: Callable[[], ImapConnection], uids: Sequence[int], step: Step, *, target: str
) -> Mapping[int, IntegrationError | None]:
    """Take one step with mails of the open folder, together; if that is refused, one by one."""
    try:
        there = present(connected(), uids)
        gone = dict.fromkeys([uid for uid in uids if uid not in there], ItemGone.own("mail_gone"))
        if len(gone) < len(uids):
            _take(connected(), number_set([uid for uid in uids if uid in there]), step, target)
    except BadAnswer as error:
        if len(uids) == 1:
            return {uids[0]: error}
        singles = [take_step(connected, [uid], step, target=target) for uid in uids]
        return {uid: failure for single in singles for uid, failure in single.items()}
    except IntegrationError as error:
        return dict.fromkeys(uids, error)
    return {**dict.fromkeys(uids), **gone}


def _take(connection: ImapConnection, uids: str, step: Step, target: str) -> None:
    if step is Step.MARK_READ:
        connection.run(f"UID STORE {uids} +FLAGS.SILENT (\\Seen)").checked()
    elif step is Step.MOVE and "MOVE" in connection.capabilities:
        connection.run(f"UID MOVE {uids} {quoted(target)}").checked()
    elif step is Step.DELETE:
        _delete(connection, uids)
    else:
        connection.run(f"UID COPY {uids} {quoted(target)}").checked()
        if step is Step.MOVE:
            _delete(connection, uids)


def _delete(connection: ImapConnection, uids: str) -> None:
    """Mark as deleted, and expunge just these where the server can; a plain EXPUNGE would take others' too."""
    commands = [f"UID STORE {uids} +FLAGS.SILENT (\\Deleted)"]
    if "UIDPLUS" in connection.capabilities:
        commands.append(f"UID EXPUNGE {uids}")
    for reply in connection.run_all(*commands):
        reply.checked()
