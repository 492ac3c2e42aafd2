"""What a folder holds, as IMAP tells it: numbers, dates, sizes and three header lines."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from mailboxes.transports.base import Ref
from mailboxes.transports.header_lines import believable, ref_of
from mailboxes.transports.imap_ids import Place, write_id
from mailboxes.transports.imap_names import number_set, quoted
from mailboxes.transports.imap_wire import ImapConnection, Reply, Response, Selected
from tenants.errors import BadAnswer, CursorExpired

LISTING: Final = "(UID INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID SUBJECT FROM)])"
UID: Final = re.compile(rb"\bUID ([0-9]{1,10})\b", re.IGNORECASE)
_HEAD: Final = "(UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID IN-REPLY-TO REFERENCES FROM)])"
_HIT: Final = re.compile(rb"\* SEARCH [0-9]", re.IGNORECASE)
_CURSOR: Final = re.compile(r"([0-9]{1,10}):([0-9]{1,10})")
_SIZE: Final = re.compile(rb"\bRFC822\.SIZE ([0-9]{1,18})\b", re.IGNORECASE)
_DATE: Final = re.compile(rb"\bINTERNALDATE \"([^\"]{1,40})\"", re.IGNORECASE)


def last_seen(cursor: str, folder: Selected) -> int:
    """Read from a cursor the last number seen. Raises CursorExpired when the folder counts anew."""
    if not cursor:
        return 0
    found = _CURSOR.fullmatch(cursor)
    if found is None or int(found[1]) != folder.validity:
        raise CursorExpired.own("uidvalidity_changed")
    return int(found[2])


def numbers_after(connection: ImapConnection, folder: Selected, last: int) -> Sequence[int]:
    """List what has a higher number; those in between may be missing and never come back."""
    found = array("Q")
    if folder.total == 0 or (folder.uid_next and folder.uid_next <= last + 1):
        return found
    reply = connection.run(f"UID SEARCH UID {last + 1}:*")
    found.extend(_hits(reply, above=last))
    return array("Q", sorted(set(found)))


def present(connection: ImapConnection, uids: Sequence[int]) -> frozenset[int]:
    """Tell which of these the open folder still holds: a step over IMAP passes over the others without a word."""
    # A session need not see what another has done before it asks for news. Apart: sent in one go, Dovecot ends the
    # second command before the first.
    connection.run("NOOP").checked()
    return frozenset(_hits(connection.run(f"UID SEARCH UID {number_set(uids)}"), above=0))


def _hits(reply: Reply, *, above: int) -> Iterable[int]:
    for response in reply.checked().responses:
        if response.texts[0][:8].upper() == b"* SEARCH":
            yield from _numbers(response.texts[0][8:], above=above)


def holds(connection: ImapConnection, message_ids: Sequence[str]) -> frozenset[str]:
    """Tell which Message-IDs the open folder knows; one that no quotes can hold counts as unknown."""
    asked = [one for one in message_ids if one.isascii() and one.isprintable()]
    replies = connection.run_all(*(f"UID SEARCH HEADER MESSAGE-ID {quoted(one)}" for one in asked))
    found = (any(_HIT.match(one.text) for one in reply.checked().responses) for reply in replies)
    return frozenset(one for one, is_there in zip(asked, found, strict=True) if is_there)


def head_of(connection: ImapConnection, message_id: str) -> bytes:
    """Read what a mail of the open folder says of its sender and its thread; "" where it is not there."""
    reply = connection.run(f"UID SEARCH HEADER MESSAGE-ID {quoted(message_id)}").checked()
    texts = [one.text[8:] for one in reply.responses if _HIT.match(one.text)]
    uids = [uid for text in texts for uid in _numbers(text, above=0)]
    told = _by_number(_headers(connection, str(uids[-1]), _HEAD).responses) if uids else {}
    return next((one.literals[0] for one in told.values() if one.literals), b"")


def describe(connection: ImapConnection, place: Place, uids: Sequence[int]) -> list[Ref]:
    """Describe mails; one the server does not describe is listed all the same, and asked for."""
    reply = _headers(connection, number_set(uids), LISTING)
    told = _by_number(reply.responses)
    if not told:
        reply.checked()
    return [_ref(write_id(place, uid), told.get(uid)) for uid in uids]


def _headers(connection: ImapConnection, uids: str, wanted: str) -> Reply:
    """Ask for header lines; one of a megabyte is cut, or its mail would hold up all others."""
    return connection.run(f"UID FETCH {uids} {wanted}", take=connection.read_beginning)


def _by_number(responses: Iterable[Response]) -> Mapping[int, Response]:
    return {int(found[1]): response for response in responses if (found := UID.search(response.text))}


def _ref(remote_id: str, told: Response | None) -> Ref:
    text = told.text if told else b""
    size, date = _SIZE.search(text), _DATE.search(text)
    # "17-Jul-1996 02:44:25 -0700": with blanks it is the date of a mail.
    words = date[1].decode("ascii", "replace").replace("-", " ", 2) if date else ""
    return ref_of(
        remote_id,
        told.literals[0] if told and told.literals else b"",
        received_at=believable(words),
        size_bytes=int(size[1]) if size else 0,
    )


def _numbers(words: bytes, *, above: int) -> Iterable[int]:
    """Read numbers above one: "n:*" means the last mail even when its number is below n."""
    try:
        return [number for word in words.split() if above < (number := int(word)) < 2**32]
    except ValueError:
        raise BadAnswer.own("answer_malformed") from None
