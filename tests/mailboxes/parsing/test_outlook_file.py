"""Mails saved by Outlook as .msg are read as mails."""

from contextlib import suppress

import pytest

from mailboxes.parsing import Address, Unparseable, parse
from mailboxes.parsing.parse import parse_here

from .msgs import Tree, compound, fixed, text_stream

MOMENT = (134_083_008_000_000_000).to_bytes(8, "little")
PDF = b"%PDF-1.7 " + b"x" * 5_000


def letter(words: str, *, head_bytes: int = 32, more: Tree | None = None) -> Tree:
    return dict(
        [
            fixed(head_bytes, (0x0039, 0x40, MOMENT)),
            text_stream(0x0037, "Lüfter"),
            text_stream(0x0C1A, "Ann Lee"),
            text_stream(0x5D01, "ann@example.org"),
            text_stream(0x1000, words),
            text_stream(0x1035, "<m1@example.org>"),
        ],
        **(more or {}),
    )


RECIPIENT: Tree = dict(
    [
        fixed(8, (0x0C15, 3, b"\x01\0\0\0")),
        text_stream(0x3001, "Help"),
        text_stream(0x39FE, "help@desk.example"),
    ]
)
FILE: Tree = dict([fixed(8), text_stream(0x3707, "Vertrag.pdf"), ("__substg1.0_37010102", PDF)])
INNER: Tree = dict(
    [
        fixed(8),
        text_stream(0x3001, "Inner"),
        ("__substg1.0_3701000D", letter("Das erste Mal.", head_bytes=24)),
    ]
)
WHOLE = compound(
    letter(
        "Er ist laut.",
        more={
            "__recip_version1.0_#00000000": RECIPIENT,
            "__attach_version1.0_#00000000": FILE,
            "__attach_version1.0_#00000001": INNER,
        },
    )
)


def test_mail_saved_by_outlook_is_read() -> None:
    message = parse(WHOLE)
    assert (message.subject, message.text.strip(), message.message_id) == (
        "Lüfter",
        "Er ist laut.",
        "<m1@example.org>",
    )
    assert message.sender == Address(name="Ann Lee", email="ann@example.org")
    assert message.to == (Address(name="Help", email="help@desk.example"),)
    assert message.sent_at is not None


def test_its_files_are_whole_and_the_mail_inside_it_is_a_mail() -> None:
    file, inner = parse(WHOLE).parts
    assert (file.filename, file.content.read()) == ("Vertrag.pdf", PDF)
    assert inner.filename == "Inner.eml"
    assert parse(inner.content.read()).text.strip() == "Das erste Mal."


@pytest.mark.parametrize("cut", [8, 100, 600, 1_500, 4_000])
def test_file_that_was_cut_is_unparseable_or_read_as_far_as_it_goes(cut: int) -> None:
    with suppress(Unparseable):
        parse_here(WHOLE[:cut])


@pytest.mark.parametrize("place", range(30, 1_400, 29))
def test_file_with_a_wrong_byte_never_fails_otherwise(place: int) -> None:
    broken = WHOLE[:place] + b"\xff\xff" + WHOLE[place + 2 :]
    with suppress(Unparseable):
        parse_here(broken)


def test_folders_in_a_circle_are_walked_once() -> None:
    circle = WHOLE.replace(b"\xff\xff\xff\xff" * 2 + b"\x01\0\0\0", b"\0\0\0\0" * 2 + b"\x01\0\0\0")
    with suppress(Unparseable):
        parse_here(circle)
