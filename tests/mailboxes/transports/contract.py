"""What every wire for incoming mail has to hold; a wire's tests inherit it and say how its mailbox is filled."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, Protocol

import pytest

from mailboxes.transports.base import Delivery, FolderSeen, InboundTransport, Ref, Step
from tenants.errors import CursorExpired, FolderGone, ItemGone, Misconfigured
from tests.factories import mail

#: Bodies that a wire might be tempted to touch.
AWKWARD = [
    mail(message_id="<dots@x>", text=".\r\n..\r\n.leading"),
    mail(message_id="<8bit@x>", text="caf\u00e9 \U0001f600"),
    mail(message_id="<literal@x>", text="{5}\r\n)\r\n* OK\r\nA1 OK done"),
    mail(message_id="<long@x>", text="x" * 900_000),
]


class Box(Protocol):
    """A mailbox at the other end."""

    transport: InboundTransport
    foreign_cursor: str

    def put(self, mails: Sequence[bytes]) -> None: ...

    def left(self) -> int:
        """How many mails lie in the inbox."""


def listed(box: Box, cursor: str = "") -> tuple[list[Ref], str]:
    """Read a listing to its end; gives the mails and the cursor."""
    inbox = box.transport.find_folder("inbox").remote_id
    refs: list[Ref] = []
    for batch in box.transport.fetch(inbox, cursor):
        refs += batch.refs
        cursor = batch.cursor
    return refs, cursor


def downloaded(box: Box, refs: Sequence[Ref], *, max_bytes: int = 10**7) -> dict[str, tuple[Delivery, bytes]]:
    """Fetch mails as the product does; gives what came and what was written of each."""
    found: dict[str, tuple[Delivery, bytes]] = {}
    with tempfile.TemporaryDirectory() as folder:
        places: list[Path] = []

        def open_file() -> BinaryIO:
            places.append(Path(folder) / str(len(places)))
            return places[-1].open("wb", buffering=0)

        for bunch in box.transport.bunches(refs):
            with closing(box.transport.download(bunch, open_file=open_file, max_bytes=max_bytes)) as arriving:
                for delivery in arriving:
                    found[delivery.remote_id] = (
                        delivery,
                        places[-1].read_bytes() if delivery.download else b"",
                    )
    return found


def some(count: int, *, first: int = 0) -> list[bytes]:
    names = range(first, first + count)
    return [
        mail(message_id=f"<mail-{name}@x>", subject=f"Gr\u00fc\u00dfe {name}", text=f"{name}")
        for name in names
    ]


class TransportContract:
    """Inherited by the tests of each wire, which define the fixture `box`."""

    def test_listing_names_every_mail_once(self, box: Box) -> None:
        box.put(some(7))
        refs, _cursor = listed(box)
        assert sorted(ref.message_id for ref in refs) == [f"<mail-{number}@x>" for number in range(7)]
        assert len({ref.remote_id for ref in refs}) == 7
        assert {ref.sender for ref in refs} == {"ada@fabrikam.example"}

    def test_bytes_come_as_they_are(self, box: Box) -> None:
        """MT-066: nothing a mail says is taken for the protocol's."""
        box.put(AWKWARD)
        refs, _cursor = listed(box)
        came = downloaded(box, refs)
        assert sorted(raw for _, raw in came.values()) == sorted(AWKWARD)
        assert all(
            hashlib.sha256(raw).hexdigest() == one.download.sha256
            for one, raw in came.values()
            if one.download
        )

    def test_cursor_gives_only_what_is_new(self, box: Box) -> None:
        box.put(some(3))
        _refs, cursor = listed(box)
        box.put(some(2, first=3))
        fresh, cursor = listed(box, cursor)
        assert sorted(ref.message_id for ref in fresh) == ["<mail-3@x>", "<mail-4@x>"]
        assert listed(box, cursor)[0] == []

    def test_walk_goes_on_in_the_middle(self, box: Box) -> None:
        box.put(some(450))
        inbox = box.transport.find_folder("inbox").remote_id
        first = next(iter(box.transport.fetch(inbox, "")))
        rest, _cursor = listed(box, first.cursor)
        names = [ref.message_id for ref in [*first.refs, *rest]]
        assert (len(names), len(set(names)), first.is_last) == (450, 450, False)

    def test_empty_mailbox_has_a_cursor_too(self, box: Box) -> None:
        refs, cursor = listed(box)
        box.put(some(1))
        assert (refs, len(listed(box, cursor)[0])) == ([], 1)

    def test_cursor_of_another_wire_is_expired(self, box: Box) -> None:
        with pytest.raises(CursorExpired):
            listed(box, box.foreign_cursor)

    def test_mail_over_the_limit_is_cut_and_its_neighbours_are_whole(self, box: Box) -> None:
        large = mail(message_id="<large@x>", text="x" * 200_000)
        box.put([*some(2), large, *some(2, first=2)])
        came = downloaded(box, listed(box)[0], max_bytes=50_000)
        cut = [(one, raw) for one, raw in came.values() if one.download and one.download.is_truncated]
        assert len(came) == 5
        assert [(len(raw), large.startswith(raw)) for _, raw in cut] == [(50_000, True)]
        assert all(one.download and one.download.size_bytes >= 50_000 for one, _ in cut)

    def test_deleting_twice_is_as_good_as_once(self, box: Box) -> None:
        box.put(some(4))
        ids = [ref.remote_id for ref in listed(box)[0][:3]]
        assert set(box.transport.acknowledge(ids, Step.DELETE).values()) == {None}
        again = box.transport.acknowledge(ids, Step.DELETE).values()
        assert all(error is None or isinstance(error, ItemGone) for error in again)
        assert box.left() == 1

    def test_inbox_is_found_and_shown(self, box: Box) -> None:
        found = box.transport.find_folder("Inbox")
        assert found.remote_id == box.transport.find_folder("inbox").remote_id
        assert found.display_name.lower() in [one.path.lower() for one in box.transport.folders()]

    def test_missing_folder_is_told(self, box: Box) -> None:
        with pytest.raises((FolderGone, Misconfigured)):
            box.transport.find_folder("No/Such/Folder")


class FolderContract(TransportContract):
    """For wires that know more than an inbox."""

    def moved(self, box: Box, step: Step) -> FolderSeen:
        box.put(some(3))
        target = box.transport.find_folder("Erledigt/Gr\u00fc\u00dfe & Co", create=True)
        ids = [ref.remote_id for ref in listed(box)[0][:2]]
        outcome = box.transport.acknowledge(ids, step, folder_id=target.remote_id)
        assert set(outcome.values()) == {None}
        return box.transport.find_folder("erledigt/gr\u00fc\u00dfe & co")

    def test_mails_are_moved_to_a_folder_that_is_made(self, box: Box) -> None:
        assert (self.moved(box, Step.MOVE).total, box.left()) == (2, 1)

    def test_mails_are_copied_and_stay(self, box: Box) -> None:
        assert (self.moved(box, Step.COPY).total, box.left()) == (2, 3)

    def test_copies_are_known_by_message_id(self, box: Box) -> None:
        copies = self.moved(box, Step.COPY).remote_id
        asked = ["<mail-0@x>", "<mail-2@x>", "<o'neill@x>", "<\u00fcml\u00e4ut@x>"]
        assert box.transport.copied(asked, copies) == {"<mail-0@x>"}

    def test_mails_are_marked_and_stay(self, box: Box) -> None:
        box.put(some(2))
        ids = [ref.remote_id for ref in listed(box)[0]]
        assert set(box.transport.acknowledge(ids, Step.MARK_READ).values()) == {None}
        assert box.left() == 2


def outcomes(box: Box, refs: Sequence[Ref]) -> dict[str, Exception | None]:
    return {remote_id: delivery.error for remote_id, (delivery, _) in downloaded(box, refs).items()}
