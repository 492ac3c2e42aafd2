"""Graph, IMAP and POP3 under the same contract: Graph against the sandbox, the others against a real Dovecot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from mailboxes.governor import RunGate
from mailboxes.transports import open_inbound
from mailboxes.transports.base import Ref, Step
from tenants.errors import FolderGone, ItemGone
from tests.factories import RECEIVED_AT
from tests.journeys.customer import Customer
from tests.mail_servers.box import DovecotBox
from tests.mailboxes.transports.contract import Box, FolderContract, TransportContract, listed, outcomes, some


class GraphBox:
    foreign_cursor = "uidl 00"

    def __init__(self, customer: Customer) -> None:
        self.customer = customer
        self.transport = open_inbound(customer.mailbox, RunGate())

    def put(self, mails: Sequence[bytes]) -> None:
        for raw in mails:
            self.customer.arrive_raw(raw)

    def left(self) -> int:
        return len(self.customer.folders().get("inbox", []))


@pytest.mark.journey
@pytest.mark.django_db
class TestGraph(FolderContract):
    @pytest.fixture
    def box(self, customer: Customer) -> Box:
        return GraphBox(customer)


class LostMail:
    """Over these wires a deleted mail is gone; Graph keeps it within reach of its id."""

    def test_mail_that_is_gone_is_told_from_its_neighbours(self, box: Box) -> None:
        box.put(some(3))
        refs, _cursor = listed(box)
        box.transport.acknowledge([refs[1].remote_id], Step.DELETE)
        assert {ref.remote_id for ref in refs} == set(came := outcomes(box, refs))
        assert [type(came[ref.remote_id]) for ref in refs] == [type(None), ItemGone, type(None)]

    def test_id_of_another_wire_counts_as_gone(self, box: Box) -> None:
        """After the wire of a mailbox was changed, the ledger still holds ids of the other."""
        strange = "AAMkADExample="
        ref = Ref(remote_id=strange, received_at=RECEIVED_AT)
        assert isinstance(outcomes(box, [ref])[strange], ItemGone)
        assert box.transport.acknowledge([strange], Step.DELETE) == {strange: None}


@pytest.mark.dovecot
class TestImap(LostMail, FolderContract):
    @pytest.fixture
    def box(self, dovecot_box: DovecotBox) -> Iterator[Box]:
        yield dovecot_box.over_imap()
        dovecot_box.transport.close()

    def test_target_that_is_gone_is_told(self, box: Box) -> None:
        box.put(some(1))
        [ref] = listed(box)[0]
        outcome = box.transport.acknowledge([ref.remote_id], Step.MOVE, folder_id="No-such-folder")
        assert isinstance(outcome[ref.remote_id], FolderGone)
        assert box.left() == 1


@pytest.mark.dovecot
class TestPop3(LostMail, TransportContract):
    @pytest.fixture
    def box(self, dovecot_box: DovecotBox) -> Iterator[Box]:
        yield dovecot_box.over_pop3()
        dovecot_box.transport.close()
