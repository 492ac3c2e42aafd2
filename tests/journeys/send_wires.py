"""The wires that senders are killed on, as `send_kills` drives them: how answers are cut, and what really left."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from sandbox.process import RunningSandbox
from tests.mail_servers.submission import Submission

if TYPE_CHECKING:
    # Its models can be imported once Django is set up, with an environment that the wire has a say in.
    from tests.journeys.customer import Customer

SEED: Final = 11


class KilledWire(Protocol):
    """What a wire is asked during the run."""

    #: As the mailbox's outgoing wire is called.
    name: str

    def environment(self, folder: Path) -> dict[str, str]: ...

    def begin(self, customers: Sequence[Customer]) -> None: ...

    def cut(self, count: int) -> Iterator[int]:
        """Cut so many answers, before and after Microsoft has acted; gives again and again how many are to come."""

    def left(self) -> Counter[str]:
        """Count what really left, by Message-ID."""


class GraphWire:
    """The sandbox itself."""

    name = "graph"

    def __init__(self) -> None:
        self.customers: Sequence[Customer] = ()

    def environment(self, folder: Path) -> dict[str, str]:
        return {}

    def begin(self, customers: Sequence[Customer]) -> None:
        self.customers = customers

    def cut(self, count: int) -> Iterator[int]:
        for kind, share in (("reset_after", count - count // 2), ("reset_before", count // 2)):
            if share:
                rule = {"path": "/send$", "method": "POST", "probability": 0.5, "seed": SEED}
                self.customers[0].control.fault(kind, count=share, **rule)
        while (to_come := count - self._hits()) > 0:
            yield to_come

    def _hits(self) -> int:
        faults = self.customers[0].control("faults", method="GET")["faults"]
        return sum(int(one["hits"]) for one in faults)

    def left(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for customer in self.customers:
            path = f"departures?mailbox={customer.mailbox.address}"
            departures = customer.control(path, method="GET")["departures"]
            found.update(one["internetMessageId"] for one in departures)
        return found


class SmtpWire:
    """A real submission server, which puts what it takes into Sent Items of the sandbox."""

    name = "smtp"

    def __init__(self, m365: RunningSandbox, server: Submission) -> None:
        self.m365, self.server = m365, server

    def environment(self, folder: Path) -> dict[str, str]:
        authorities = folder / "authorities.pem"
        authorities.write_bytes(self.m365.ca_path.read_bytes() + self.server.tls.ca.read_bytes())
        return {"M365_SMTP_URL": self.server.url, "REQUESTS_CA_BUNDLE": str(authorities)}

    def begin(self, customers: Sequence[Customer]) -> None:
        owners = {customer.mailbox.address: customer for customer in customers}

        def keep(content: bytes) -> None:
            sender = str(BytesHeaderParser().parsebytes(content)["From"])
            owner = next(one for address, one in owners.items() if address in sender)
            owner.arrive_raw(content, folder="sentitems")

        self.server.keep = keep

    def cut(self, count: int) -> Iterator[int]:
        dice = random.Random(SEED)
        cuts = ["begun", "untaken", "unheard"] * (count // 3 + 1)
        try:
            for done, kind in enumerate(dice.sample(cuts[:count], count)):
                # Between two cuts a few mails go through: a run of them would only ever meet the same mail.
                self.server.weather.cuts = [kind] if kind == "begun" else ["", kind]
                while self.server.weather.cuts:
                    yield count - done
        finally:
            # Where time was up first, whoever clears up behind is not to meet the rest.
            self.server.weather.cuts = []

    def left(self) -> Counter[str]:
        return Counter(self.server.message_ids())


@contextmanager
def wire_named(name: str, m365: RunningSandbox, folder: Path) -> Iterator[KilledWire]:
    """Give the wire; a server of its own ends with the block."""
    if name == GraphWire.name:
        yield GraphWire()
        return
    certificates = folder / "submission"
    certificates.mkdir()
    server = Submission(certificates)
    try:
        yield SmtpWire(m365, server)
    finally:
        server.close()
