"""Files inside winmail.dat and inside the text (reliability MT-101, MT-136, MT-137)."""

import base64
import binascii

import pytest

from mailboxes.parsing import ParsedMessage, parse, rtf

from .mails import mail, multipart, part, text
from .winmails import BINARY, LONG, OBJECT, UNICODE, attribute, file, properties, stored_rtf, winmail

PDF = b"%PDF-1.7 the contract"


def with_winmail(content: bytes, *others: bytes, kind: bytes = b"application/ms-tnef") -> ParsedMessage:
    packet = part(
        base64.encodebytes(content),
        b'Content-Type: %s; name="winmail.dat"' % kind,
        b"Content-Transfer-Encoding: base64",
        b"Content-Disposition: attachment; filename=winmail.dat",
    )
    return parse(multipart(*others, packet))


def names(message: ParsedMessage) -> list[str]:
    return [one.filename for one in message.parts]


def codes(message: ParsedMessage) -> list[str]:
    return [problem.code for problem in message.problems]


def test_files_of_a_winmail_are_unpacked_beside_it_mt_136() -> None:
    message = with_winmail(winmail(file("Vertrag Müller.pdf", PDF), file("b.txt", b"two")), text(b"See."))
    assert names(message) == ["winmail.dat", "Vertrag Müller.pdf", "b.txt"]
    assert [one.content.read() for one in message.parts[1:]] == [PDF, b"two"]
    assert (message.text.strip(), codes(message)) == ("See.", ["winmail_unpacked"])


def test_winmail_is_known_by_its_name_too() -> None:
    message = with_winmail(winmail(file("a.pdf", PDF)), text(b"See."), kind=b"application/octet-stream")
    assert names(message) == ["winmail.dat", "a.pdf"]


def test_words_of_a_winmail_are_shown_when_the_mail_has_none() -> None:
    words = properties((0x1000, UNICODE, "Der Lüfter ist laut.\0".encode("utf-16-le")))
    assert with_winmail(winmail(values=words)).text == "Der Lüfter ist laut."


def test_html_wrapped_into_rich_text_is_shown_as_html() -> None:
    source = rb"{\rtf1\ansi\ansicpg1252\fromhtml1 {\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Gr\'fc\'dfe \u8364?"
    source += rb"{\*\htmltag72 </p>}\htmlrtf }\htmlrtf0 }"
    message = with_winmail(winmail(values=properties((0x1009, BINARY, stored_rtf(source)))))
    assert (message.html, message.text) == ("<p>Grüße €</p>", "Grüße €")
    assert names(message) == ["winmail.dat", "message.rtf"]


def test_rich_text_is_read_without_its_tables_of_fonts() -> None:
    source = rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\*\generator Word;}\f0 Line one\par Line {\b two}\par}"
    assert rtf.contents(source) == ("", "Line one\nLine two")


def test_rich_text_packed_with_references_is_unpacked() -> None:
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert rtf.unpacked(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


def test_mail_inside_a_winmail_becomes_a_mail_that_can_be_opened() -> None:
    inner = winmail(
        file("a.pdf", PDF),
        values=properties(
            (0x0037, UNICODE, "Lüfter\0".encode("utf-16-le")),
            (0x1000, UNICODE, "Laut.\0".encode("utf-16-le")),
        ),
    )
    packet = (
        attribute(0x00069002, b"\0" * 14, level=2)
        + attribute(0x00069005, properties((0x3701, OBJECT, b"\0" * 16 + inner)), level=2)
        + attribute(0x00018010, b"Forwarded\0", level=2)
    )
    message = with_winmail(winmail(packet), text(b"See."))
    assert names(message) == ["winmail.dat", "Forwarded.eml"]
    opened = parse(message.parts[1].content.read())
    assert (opened.subject, opened.text.strip(), names(opened)) == ("Lüfter", "Laut.", ["a.pdf"])


WHOLE = winmail(file("a.pdf", PDF), file("b.pdf", PDF * 50))


@pytest.mark.parametrize("cut", [10, 60, 150, len(WHOLE) - 200])
def test_winmail_that_was_cut_stays_attached_and_gives_what_stands_before_the_cut_mt_137(cut: int) -> None:
    message = with_winmail(WHOLE[:cut], text(b"See."))
    assert names(message)[0] == "winmail.dat"
    assert set(names(message)[1:]) <= {"a.pdf", "FILE~1.BIN"}
    assert message.text.strip() == "See."


def looped(depth: int) -> bytes:
    inner = winmail(file("a.pdf", PDF))
    for _ in range(depth):
        inner = winmail(
            attribute(0x00069002, b"\0" * 14, level=2)
            + attribute(0x00069005, properties((0x3701, OBJECT, b"\0" * 16 + inner)), level=2)
        )
    return inner


@pytest.mark.parametrize(
    "hostile",
    [
        b"\x78\x9f\x3e\x22" + b"\xff" * 5_000,
        winmail(values=b"\xff\xff\xff\xff" * 1_000),
        winmail(values=properties((0x3701, LONG, b"abcd"))[:7]),
        winmail(attribute(0x00069005, b"\xff" * 40, level=2)),
        looped(200),
        b"no winmail at all",
    ],
    ids=["lengths", "counts", "short", "file before it begins", "nested", "other"],
)
@pytest.mark.usefixtures("cpu_guard")
def test_hostile_winmail_is_attached_as_it_is_mt_137(hostile: bytes) -> None:
    message = with_winmail(hostile, text(b"See."))
    assert (names(message)[0], message.text.strip()) == ("winmail.dat", "See.")


def encoded(content: bytes, name: str) -> bytes:
    lines = [binascii.b2a_uu(content[at : at + 45]) for at in range(0, len(content), 45)]
    return b"begin 644 " + name.encode() + b"\n" + b"".join(lines) + b"`\nend\n"


def test_uuencoded_file_in_the_text_becomes_a_file_mt_101() -> None:
    content = bytes(range(256)) * 3
    message = parse(mail(b"Here it is.\n\n" + encoded(content, "../../evil.sh") + b"\nBye.\n"))
    assert [(one.filename, one.content.read()) for one in message.parts] == [("evil.sh", content)]
    assert message.text.split() == ["Here", "it", "is.", "Bye."]


@pytest.mark.parametrize(
    "body", [b"begin 644 a\nnot encoded\nend\n", b"begin 644 a\n#AB", b"begin with a word.\n"]
)
def test_words_that_look_like_an_encoded_file_stay_words(body: bytes) -> None:
    message = parse(mail(body))
    assert (message.text, message.parts) == (body.decode(), ())
