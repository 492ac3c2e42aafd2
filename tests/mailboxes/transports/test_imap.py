"""IMAP over a real Dovecot: what the contract does not ask of every wire."""

from __future__ import annotations

import email
from collections.abc import Iterator

import pytest

from mailboxes.transports.base import Step
from mailboxes.transports.imap_folders import Listed, find
from mailboxes.transports.imap_names import decode_name, encode_name, number_set
from mailboxes.transports.xoauth2 import initial_response
from tenants.errors import AccessDenied, CursorExpired, NetworkFailure
from tests.mail_servers.box import TOKEN, DovecotBox
from tests.mail_servers.slow_line import SlowLine
from tests.mailboxes.transports.contract import downloaded, listed, some


@pytest.fixture
def box(dovecot_box: DovecotBox) -> Iterator[DovecotBox]:
    yield dovecot_box.over_imap()
    dovecot_box.transport.close()


def test_proof_is_microsofts_own_example() -> None:
    """Source: the vendor's page on OAuth for IMAP, POP and SMTP."""
    token = "EwBAAl3BAAUFFpUAo7J3Ve0bjLBWZWCclRC3EoAA"
    assert initial_response("test@contoso.onmicrosoft.com", token) == (
        b"dXNlcj10ZXN0QGNvbnRvc28ub25taWNyb3NvZnQuY29tAWF1dGg9QmVhcmVyIEV3QkFBbDNCQUFVRkZwVUFvN0ozVmUwYmpM"
        b"QldaV0NjbFJDM0VvQUEBAQ=="
    )


@pytest.mark.parametrize(
    ("shown", "wire"),
    [
        ("Entw\u00fcrfe", "Entw&APw-rfe"),
        ("A&B", "A&-B"),
        ("\u53f0\u5317", "&U,BTFw-"),
        ("\u65e5\u672c\u8a9e", "&ZeVnLIqe-"),
        ("~peter", "~peter"),
        ("\U0001f600", "&2D3eAA-"),
    ],
)
def test_folder_names_survive_modified_utf7(shown: str, wire: str) -> None:
    """RFC 3501 \u00a75.1.3"""
    assert (encode_name(shown), decode_name(wire)) == (wire, shown)


def test_numbers_are_written_as_ranges() -> None:
    assert number_set([7, 1, 2, 3, 9, 10, 12]) == "1:3,7,9:10,12"


def test_well_known_folder_is_found_by_use_and_by_its_local_name() -> None:
    """Exchange Online tells no uses, so the names of its languages count."""
    german = Listed(
        name="Gel&APY-schte Elemente", path="Gel\u00f6schte Elemente", delimiter="/", flags=frozenset()
    )
    used = Listed(name="Gone", path="Gone", delimiter="/", flags=frozenset({"\\trash"}))
    assert find([german], "deleteditems") is german
    assert find([german, used], "DeletedItems") is used


@pytest.mark.dovecot
def test_well_known_name_opens_the_folder_of_that_use(box: DovecotBox) -> None:
    assert box.transport.find_folder("sentitems").path == "Sent Items"


@pytest.mark.dovecot
def test_header_of_a_mail_is_read_by_its_message_id(box: DovecotBox) -> None:
    thread = b"In-Reply-To: <a@x>\r\nReferences: <root@x>\r\n <a@x>\r\n"
    box.put(
        [b"From: ada@fabrikam.example\r\nMessage-ID: <b@x>\r\n" + thread + b"Subject: Hi\r\n\r\nText\r\n"]
    )
    inbox = box.transport.find_folder("inbox").remote_id
    head = email.message_from_bytes(box.transport.head("<b@x>", inbox))  # type: ignore[attr-defined]
    assert (head["From"], head["In-Reply-To"], head["References"].split()) == (
        "ada@fabrikam.example", "<a@x>", ["<root@x>", "<a@x>"],
    )  # fmt: skip
    assert box.transport.head("<c@x>", inbox) == b""  # type: ignore[attr-defined]


@pytest.mark.dovecot
def test_new_numbering_expires_the_cursor_and_the_old_ids(box: DovecotBox) -> None:
    """F-52: an id of the old numbering may name another mail now, so it is never used."""
    box.put(some(2))
    _refs, cursor = listed(box)
    box.transport.close()
    box.dovecot.forget_numbers(box.address)
    box.dovecot.put(box.address, some(1, first=2))
    with pytest.raises(CursorExpired):
        listed(box, cursor)
    wrong = f"{cursor.partition(':')[0]}.1.INBOX"
    assert box.transport.acknowledge([wrong], Step.DELETE) == {wrong: None}
    assert box.left() == 3


@pytest.mark.dovecot
def test_refused_token_is_replaced_once(box: DovecotBox) -> None:
    box.dovecot.introspection.refused = {TOKEN}
    assert box.transport.find_folder("inbox").total == 0
    assert box.tokens == [False, True]


@pytest.mark.dovecot
def test_refused_application_is_told_the_powershell_step(box: DovecotBox) -> None:
    box.dovecot.introspection.refused = {TOKEN, f"{TOKEN}-fresh"}
    with pytest.raises(AccessDenied) as caught:
        box.transport.find_folder("inbox")
    assert "Add-MailboxPermission" in caught.value.diagnosis.fix


@pytest.mark.dovecot
def test_mails_that_others_marked_as_deleted_are_left_alone(box: DovecotBox) -> None:
    box.put(some(3))
    refs, _cursor = listed(box)
    imap = box.transport
    imap._in("INBOX").run("UID STORE 3 +FLAGS.SILENT (\\Deleted)").checked()  # type: ignore[attr-defined]
    imap.acknowledge([refs[0].remote_id], Step.DELETE)
    assert box.left() == 2


@pytest.mark.dovecot
def test_move_works_without_the_command_of_that_name(box: DovecotBox) -> None:
    box.put(some(3))
    ids = [ref.remote_id for ref in listed(box)[0][:2]]
    target = box.transport.find_folder("Done", create=True)
    connection = box.transport._dial()  # type: ignore[attr-defined]
    connection.capabilities -= {"MOVE"}
    assert set(box.transport.acknowledge(ids, Step.MOVE, folder_id=target.remote_id).values()) == {None}
    assert (box.left(), len(box.dovecot.bodies(box.address, folder="Done"))) == (1, 2)


@pytest.mark.dovecot
def test_cut_line_is_told_and_the_next_call_goes_on(dovecot_box: DovecotBox) -> None:
    """F-53"""
    line = SlowLine(dovecot_box.dovecot.imap_port)
    box = dovecot_box.over_imap(port=line.port)
    box.put(some(2))
    refs, _cursor = listed(box)
    line.cut()
    with pytest.raises(NetworkFailure):
        listed(box)
    assert len(downloaded(box, refs)) == 2
    box.transport.close()
    line.close()


@pytest.mark.dovecot
def test_killed_server_is_read_on_where_it_was(box: DovecotBox) -> None:
    box.put(some(300))
    inbox = box.transport.find_folder("inbox").remote_id
    pages = box.transport.fetch(inbox, "")
    first = next(pages)
    box.dovecot.kill()
    with pytest.raises(NetworkFailure):
        next(pages)
    rest, _cursor = listed(box, first.cursor)
    assert len({ref.message_id for ref in [*first.refs, *rest]}) == 300


@pytest.mark.dovecot
def test_thousand_mails_take_few_round_trips(box: DovecotBox) -> None:
    """At most 60 for listing, fetching and moving a thousand."""
    box.put(some(1000))
    refs, _cursor = listed(box)
    came = downloaded(box, refs)
    target = box.transport.find_folder("Done", create=True).remote_id
    for at in range(0, 1000, box.transport.steps_at_once):
        ids = [ref.remote_id for ref in refs[at : at + box.transport.steps_at_once]]
        box.transport.acknowledge(ids, Step.MOVE, folder_id=target)
    assert (len(came), box.left(), box.transport.requests <= 60) == (1000, 0, True)
