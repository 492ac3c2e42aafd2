"""May this sender's mail stand on that ticket? To know a Message-ID proves nothing: everybody a mail is forwarded to
has seen it, and most can be guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from tickets.policies.trust import Level, Trust

_PUBLIC: Final = """
    gmail.com googlemail.com outlook.com outlook.de hotmail.com hotmail.de hotmail.co.uk hotmail.fr live.com
    live.de msn.com yahoo.com yahoo.de yahoo.co.uk yahoo.fr ymail.com aol.com icloud.com me.com mac.com proton.me
    protonmail.com gmx.de gmx.net gmx.at gmx.ch gmx.com web.de t-online.de freenet.de mail.de posteo.de
    mailbox.org arcor.de bluewin.ch hispeed.ch orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it
    virgilio.it tiscali.it mail.ru yandex.ru yandex.com qq.com 163.com 126.com naver.com zoho.com fastmail.com
    comcast.net verizon.net
"""
#: Anybody has an address there, so sharing such a domain makes nobody a colleague.
PUBLIC_DOMAINS: Final = frozenset(_PUBLIC.split())


class Part(Enum):
    """How a sender stands to a ticket."""

    #: It is his ticket, or he has written on it.
    TAKES_PART = "takes_part"
    #: Somebody who takes part wrote to him, in To or Cc.
    ADDRESSED = "addressed"
    #: Proven, and of the requester's organisation or of the tenant's own.
    COLLEAGUE = "colleague"
    #: He answers a mail of ours, whose id nobody can guess.
    HOLDER = "holder"
    STRANGER = "stranger"


@dataclass(frozen=True, slots=True)
class Circle:
    """Who takes part in a ticket, by lower-case address."""

    requester: str
    wrote: set[str] = field(default_factory=set)
    addressed: set[str] = field(default_factory=set)
    #: Keys of the ids of our answers. Exchange makes those of answers from Outlook up, at random.
    ours: set[str] = field(default_factory=set)

    def note_ours(self, key: str, recipients: Iterable[str]) -> None:
        """Take in an answer of ours."""
        self.ours.add(key)
        self._address(recipients)

    def note(self, sender: str, recipients: Iterable[str]) -> None:
        """Take in a mail of somebody else."""
        self.wrote.add(sender)
        self._address(recipients)

    def _address(self, recipients: Iterable[str]) -> None:
        self.addressed.update(address.lower() for address in recipients if address)


def part_of(sender: str, *, circle: Circle, trust: Trust, own_domain: str, has_token: bool) -> Part:
    """Tell how a sender stands to a ticket; everybody but a stranger may join it.

    A mail without any sender is nobody's but that of a ticket that was opened without one.
    """
    if sender == circle.requester or (sender and sender in circle.wrote):
        return Part.TAKES_PART
    if sender and sender in circle.addressed:
        return Part.ADDRESSED
    if trust.level is Level.PASSED and _domain(sender) in _organisations(circle.requester, own_domain):
        return Part.COLLEAGUE
    return Part.HOLDER if has_token else Part.STRANGER


def _organisations(requester: str, own_domain: str) -> set[str]:
    return {_domain(requester), own_domain.lower()} - PUBLIC_DOMAINS - {""}


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
