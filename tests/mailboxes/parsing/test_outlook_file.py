"""Mails saved by Outlook as .msg are read as mails."""

import re
import struct
from contextlib import suppress

import pytest

from mailboxes.parsing import Address, Unparseable, parse
from mailboxes.parsing.parse import parse_here
from tickets.policies.dangers import danger

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


def ansi(words: str, name: int, *, page: str) -> tuple[str, bytes]:
    return f"__substg1.0_{name:04X}001E", words.encode(page)


LONG = 3
METHOD = 0x3705


@pytest.mark.parametrize(
    ("number", "page", "words"),
    [
        (1251, "cp1251", "Принтер не печатает"),
        (932, "cp932", "プリンターが動かない"),
        (936, "gbk", "打印机坏了"),
        (1253, "cp1253", "Ο εκτυπωτής χάλασε"),
        (1255, "cp1255", "המדפסת לא עובדת"),
    ],
)
def test_old_file_is_read_in_its_own_code_page(number: int, page: str, words: str) -> None:
    pages = [(0x3FFD, LONG, number.to_bytes(4, "little")), (0x3FDE, LONG, (65001).to_bytes(4, "little"))]
    who = dict([fixed(8, (0x0C15, LONG, b"\x01\0\0\0")), ansi(words, 0x3001, page=page)])
    file = dict([fixed(8), ansi(f"{words}.pdf", 0x3707, page=page), ("__substg1.0_37010102", PDF)])
    folders: Tree = {"__recip_version1.0_#00000000": who, "__attach_version1.0_#00000000": file}
    lines = [
        ansi(words, 0x0037, page=page),
        ansi(words, 0x1000, page=page),
        text_stream(0x5D01, "a@x.example"),
    ]
    message = parse(compound(dict([fixed(32, *pages), *lines], **folders)))
    assert (message.subject, message.text.strip(), message.to[0].name) == (words, words, words)
    assert message.parts[0].filename == f"{words}.pdf"


def rich(source: bytes) -> Tree:
    plain = b"\0" * 4 + len(source).to_bytes(4, "little") + b"MELA" + b"\0" * 4 + source
    return dict([fixed(32), text_stream(0x0037, "Rich"), ("__substg1.0_10090102", plain)])


def test_body_that_is_rich_text_alone_is_read() -> None:
    words = rb"{\rtf1\ansi\ansicpg1252\pard Gr\'fc\'dfe\par Ann\u8364?}"
    assert parse(compound(rich(words))).text.strip() == "Grüße\nAnn€"


def test_html_inside_rich_text_wins_over_the_plain_body() -> None:
    html = rb"{\rtf1\ansi\ansicpg1252\fromhtml1 {\*\htmltag64 <p>}Works{\*\htmltag72 </p>}}"
    message = parse(compound(rich(html) | dict([text_stream(0x1000, "Works")])))
    assert message.html.strip() == "<p>Works</p>"


@pytest.mark.parametrize("method", [2, 3, 4])
def test_file_that_stayed_where_it_is_says_where_that_is(method: int) -> None:
    values = fixed(8, (METHOD, LONG, method.to_bytes(4, "little")))
    file = dict([values, text_stream(0x3707, "plan.docx"), text_stream(0x370D, r"\\srv\share\plan.docx")])
    part = parse(compound(letter("Look.", more={"__attach_version1.0_#00000000": file}))).parts[0]
    assert part.filename == "plan.docx.txt"
    assert rb"\\srv\share\plan.docx" in part.content.read()


def test_file_in_the_cloud_is_a_link() -> None:
    values = fixed(8, (METHOD, LONG, b"\x07\0\0\0"))
    url = "https://contoso.sharepoint.com/plan.docx"
    file = dict([values, text_stream(0x3707, "plan.docx"), text_stream(0x370D, url)])
    message = parse(compound(letter("Look.", more={"__attach_version1.0_#00000000": file})))
    assert [(link.name, link.url) for link in message.links] == [("plan.docx", url)]
    assert [danger(one.filename) for one in message.parts] == [""]


def test_object_inside_the_text_is_no_mail() -> None:
    values = fixed(8, (METHOD, LONG, b"\x06\0\0\0"))
    file = dict([values, text_stream(0x3707, "Sheet"), ("__substg1.0_3701000D", {"CONTENTS": b"x" * 90})])
    part = parse(compound(letter("Look.", more={"__attach_version1.0_#00000000": file}))).parts[0]
    assert part.filename == "Sheet.txt"


def test_mails_in_mails_end_somewhere() -> None:
    inner = letter("The end.", head_bytes=24)
    for _ in range(20):
        file = dict([fixed(8, (METHOD, LONG, b"\x05\0\0\0")), ("__substg1.0_3701000D", inner)])
        inner = letter("Deeper.", head_bytes=24, more={"__attach_version1.0_#00000000": file})
    assert "Deeper." in parse(compound(letter("Top.", more={"__attach_version1.0_#00000000": file}))).parts[
        0
    ].content.read().decode("ascii", "replace")


@pytest.mark.usefixtures("cpu_guard")
def test_files_that_share_one_chain_hold_no_more_than_the_whole() -> None:
    stub: Tree = {"__substg1.0_37010102": b"z"}
    files = {f"__attach_version1.0_#{number:08X}": stub for number in range(60)}
    whole = compound(letter("Look.", more={**files, "__substg1.0_70000102": b"x" * 30_000}))
    large = struct.pack("<Q", 30_000)
    first = whole[whole.index(large) - 4 : whole.index(large)]
    shared = re.sub(
        re.escape(b"\0" * 36) + rb"....\x01\0{7}", lambda _: b"\0" * 36 + first + large, whole, flags=re.S
    )
    parts = parse_here(shared).parts
    assert len(parts) == 60
    assert sum(one.size_bytes for one in parts) <= len(shared)
