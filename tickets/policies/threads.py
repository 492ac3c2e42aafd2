"""Which conversation is this mail part of? Marks only; who owns them is looked up elsewhere, within one tenant."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from mailboxes.parsing import ParsedMessage
from mailboxes.parsing.envelope import bracketed

#: Our own Message-IDs: <reply token . number @ host>. The token is 128 random bits, so a guess finds nothing.
_OUR_ID: Final = re.compile(r"<([a-z2-7]{26})\.[0-9a-z]{1,32}@")
#: A mail's own id is kept to 998 characters with its brackets, so those that refer to it are cut alike.
MAX_ID_CHARS: Final = 996
#: A reference as it stands in subject lines.
TAG: Final = re.compile(r"\[#([A-Z]{2,5}-[A-Z2-7]{10})\]")


def key_of(kind: str, value: str) -> str:
    """Hash a mark; ids may be longer than an index takes."""
    return hashlib.sha256(f"{kind}\0{value}".encode("utf-8", "surrogatepass")).hexdigest()


def message_key(message_id: str) -> str:
    return key_of("id", message_id.strip().strip("<>").strip()[:MAX_ID_CHARS])


def content_key(mailbox_id: int, message: ParsedMessage, received_at: datetime) -> str:
    """The second key within one mailbox: the same mail again, whatever id the wire gives it.

    A mail without Message-ID is told from others with the same words, or none, by sender and subject as well. With
    neither Message-ID nor Date it says nothing of its own about which one it is: a machine that sends the same words
    every morning sends a new mail every morning, told apart by when it was received.
    """
    named = "" if message.message_id else f":{message.sender.email}:{message.subject}"
    moment = "" if message.message_id or message.sent_at else f":{received_at.isoformat()}"
    return key_of("content", f"{mailbox_id}:{message.content_hash}{named}{moment}")


def known_by(message: ParsedMessage) -> tuple[str, ...]:
    """Marks that may lead to the ticket, best first: the mail a bounce reports on, In-Reply-To, References from the
    newest to the root.
    """
    about = (message.bounce.original_message_id,) if message.bounce else ()
    ids = (*about, *message.in_reply_to, *reversed(message.references))
    return tuple(dict.fromkeys(message_key(one) for one in ids if one.strip("<> ")))


def answered_by(message: ParsedMessage) -> tuple[str, ...]:
    """The mails a mail is written in answer to: the newest of the References where it does not say."""
    return tuple(
        message_key(one) for one in message.in_reply_to or message.references[-1:] if one.strip("<> ")
    )


def leaves(message: ParsedMessage) -> tuple[str, ...]:
    """Marks that later mails may use: its own id, and the ids of the mail and the root it refers to.

    With these, two replies to a mail we never had, or had not yet filed, still meet on one ticket.
    """
    ids = (message.message_id, *message.in_reply_to[:1], *message.references[:1])
    return tuple(dict.fromkeys(message_key(one) for one in ids if one.strip("<> ")))


def reply_tokens(message: ParsedMessage) -> Iterator[str]:
    """Our own tokens among the ids the mail refers to or reports on, newest first."""
    about = (bracketed(message.bounce.original_message_id),) if message.bounce else ()
    for one in (*about, *message.in_reply_to, *reversed(message.references)):
        if found := _OUR_ID.match(one):
            yield found.group(1)


def subject_tags(subject: str) -> tuple[str, ...]:
    """Ticket references in a subject line. Good for a participant of that ticket only: subjects are forwarded."""
    return tuple(TAG.findall(subject))
