"""Bytes to text (MT-088 to MT-113)."""

import pytest

from mailboxes.parsing import parse

from .mails import attachment, entity, mail, multipart, part, typed
from .test_structure import codes


def read(charset: str, content: bytes) -> str:
    return parse(typed(b"text/plain; charset=" + charset.encode(), content)).text


@pytest.mark.parametrize(
    ("charset", "codec", "words"),
    [
        ("utf-8", "utf-8", "Grüße €"),
        ("iso-8859-1", "cp1252", "Grüße – €"),
        ("windows-1252", "cp1252", "“quoted” …"),
        ("iso-8859-2", "iso8859-2", "zażółć"),
        ("windows-1251", "cp1251", "Принтер"),
        ("koi8-r", "koi8-r", "Принтер"),
        ("gb2312", "gb18030", "打印机坏了"),
        ("gb18030", "gb18030", "打印机坏了"),
        ("big5-hkscs", "big5hkscs", "打印機"),
        ("ks_c_5601-1987", "cp949", "프린터"),
        ("shift_jis", "cp932", "プリンター①"),
        ("iso-2022-jp", "iso2022_jp", "プリンター"),
        ("windows-874", "cp874", "เครื่องพิมพ์"),
        ("x-mac-roman", "mac_roman", "Grüße"),
        ("utf-16", "utf-16", "Grüße"),
        ("utf-32", "utf-32", "Grüße"),
        ("utf-16le", "utf-16-le", "Grüße"),
    ],
)
def test_valid_text_of_the_allowed_charsets_is_exact_mt_095(charset: str, codec: str, words: str) -> None:
    assert read(charset, words.encode(codec)) == words


@pytest.mark.parametrize(
    "charset", ["iso-8859-2", "iso-8859-15", "iso-8859-11", "windows-1250", "windows-1258"]
)
def test_plain_ascii_is_no_guess_whatever_alphabet_is_declared_mt_095(charset: str) -> None:
    message = parse(typed(b"text/plain; charset=" + charset.encode(), b"It jams."))
    assert (message.text.strip(), codes(message)) == ("It jams.", [])


@pytest.mark.parametrize(
    "charset", ['"utf-8\0"', "../../etc", "é", "n" * 10_000, "rot13", "idna", "undefined", "base64", "x-nope"]
)
def test_charset_that_is_none_still_gives_readable_text_mt_094(charset: str) -> None:
    assert read(charset, "Grüße aus Köln".encode()) == "Grüße aus Köln"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x1b$B-!-j\x1b(B", "①㈱"),
        (b"\x1b$B%W%j%s%?!<\x1b(I\x4a\x5d\x36\x38\x1b(B OK", "プリンターﾊﾝｶｸ OK"),
        (b"\x1b$B\x7c\x62\r\n\x1b(Bend", "髙\nend"),
    ],
)
def test_japanese_of_windows_is_read_although_it_says_iso_2022_mt_095(content: bytes, words: str) -> None:
    assert parse(typed(b"text/plain; charset=iso-2022-jp", content)).text == words


def test_declared_utf_8_with_latin_bytes_is_readable_mt_088() -> None:
    words = "Die Drucker im ersten Stock stören uns über alle Maßen, schöne Grüße"
    message = parse(typed(b"text/plain; charset=utf-8", words.encode("latin-1")))
    assert (message.text, codes(message)) == (words, ["text_guessed"])


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "iso-8859-2", "windows-1251"])
def test_utf_8_that_says_it_is_some_other_charset_is_readable_mt_088(charset: str) -> None:
    message = parse(typed(b"text/plain; charset=" + charset.encode(), "Schöne Grüße – €".encode()))
    assert (message.text, codes(message)) == ("Schöne Grüße – €", ["text_guessed"])


@pytest.mark.parametrize(
    ("charset", "words"),
    [("gb2312", "打印机坏了"), ("koi8-r", "Принтер"), ("utf-8", "Grüße"), ("gbk", "Grüße")],
)
@pytest.mark.parametrize("is_nested", [False, True])
def test_bare_bytes_in_headers_are_read_as_the_text_is(charset: str, words: str, is_nested: bool) -> None:
    codec = "utf-8" if words == "Grüße" else charset
    head = b"From: %b <a@x.example>\nSubject: %b\n" % (words.encode(codec), words.encode(codec))
    body = part(b"hello", b"Content-Type: text/plain; charset=" + charset.encode())
    message = parse(head + (entity(body) if is_nested else body))
    assert (message.subject, message.sender.name, message.text.strip()) == (words, words, "hello")


@pytest.mark.parametrize(
    ("charset", "name"), [("gbk", "打印机.pdf"), ("koi8-r", "Счёт.pdf"), ("utf-8", "Grüße.pdf")]
)
def test_bare_bytes_in_names_of_files_are_read_as_the_text_is(charset: str, name: str) -> None:
    words = part(b"hello", b"Content-Type: text/plain; charset=" + charset.encode())
    message = parse(multipart(words, attachment(b'filename="%b"' % name.encode(charset))))
    assert [one.filename for one in message.parts] == [name]


def test_few_wrong_bytes_do_not_change_the_charset() -> None:
    words = "Ж" * 200
    assert read("utf-8", words.encode() + b"\xff").count("Ж") == 200


def test_nul_in_a_body_is_shown_as_replacement_mt_089() -> None:
    assert parse(mail(b"a\0b")).text == "a\ufffdb"


@pytest.mark.parametrize("content", ["hi".encode("utf-16-le"), "hi".encode("utf-16-be"), b"h\0i\0x"])
def test_utf_16_without_mark_and_with_an_odd_byte_is_read_mt_091(content: bytes) -> None:
    assert read("utf-16", content).startswith("hi")


def test_utf_7_markup_is_hostile_after_decoding_mt_092() -> None:
    message = parse(typed(b"text/html; charset=utf-7", b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-hello"))
    assert (message.html, message.text) == ("hello", "hello")


def test_bad_escapes_of_iso_2022_jp_lose_nothing_readable_mt_095() -> None:
    assert "hello" in read("iso-2022-jp", b"hello \x1b$Bxx\x1b(Z\xff")


@pytest.mark.parametrize(
    "encoding", [b"x-foo", b"8BIT ", b"binary", b"7bit (comment)", b"base64\nContent-Transfer-Encoding: 7bit"]
)
def test_odd_transfer_encodings_keep_the_text_mt_098_mt_100(encoding: bytes) -> None:
    assert parse(typed(b"text/plain", b"SXQgamFtcy4=", encoding=encoding)).text in (
        "It jams.",
        "SXQgamFtcy4=",
    )


def test_plain_footer_below_base64_is_not_decoded() -> None:
    message = parse(
        typed(b"text/plain", b"SXQgamFtcy4u\n\n____\nSent to you by a list\n", encoding=b"base64")
    )
    assert (message.text, codes(message)) == ("It jams..", ["text_guessed"])


@pytest.mark.parametrize(
    "content",
    [b"SXQgamFtcy4=", b"SXQg\namFtcy4", b"SXQ=IGphbXMu", b"SXQ!gam-Ftcy4=\n", b"SXQgamFtcy4=\n\n-- footer"],
)
def test_damaged_base64_keeps_what_can_be_read(content: bytes) -> None:
    assert parse(typed(b"text/plain", content, encoding=b"base64")).text.startswith("It")


def test_blanks_at_the_ends_of_base64_lines_are_no_footer() -> None:
    message = parse(typed(b"text/plain", b"SXQg \r\n\r\namFt \r\n\r\ncy4= \r\n", encoding=b"base64"))
    assert message.text.strip() == "It jams."


def test_uuencoded_part_is_decoded_mt_101() -> None:
    message = parse(
        typed(
            b"application/x-thing; name=x", b"begin 644 ../../evil\n#0V%T\n`\nend\n", encoding=b"x-uuencode"
        )
    )
    assert (message.parts[0].content.read(), message.parts[0].filename) == (b"Cat", "x")


def test_words_around_a_uuencoded_file_and_yenc_stay_mt_101_mt_103() -> None:
    message = parse(mail(b"see\nbegin 644 ../../evil\n#0V%T\n`\nend\n=ybegin line=128 size=1 name=x\n"))
    assert message.text == "see\n=ybegin line=128 size=1 name=x\n"
    assert [(one.filename, one.content.read()) for one in message.parts] == [("evil", b"Cat")]


def test_flowed_lines_are_joined_mt_104() -> None:
    message = parse(typed(b"text/plain; format=flowed", b"one \ntwo\n> quote \n> more\n-- \nAnn\n"))
    assert message.text == "one two\n> quote \n> more\n-- \nAnn\n"


def test_flowed_lines_with_delsp_are_joined_without_blank_mt_104() -> None:
    assert parse(typed(b"text/plain; format=flowed; delsp=yes", b"one \ntwo\n")).text == "onetwo\n"


def test_hundred_thousand_quote_marks_are_read_mt_104() -> None:
    assert len(parse(mail(b">" * 100_000)).text) == 100_000


def test_emoji_and_direction_marks_stay_in_bodies_mt_109_mt_112() -> None:
    assert parse(typed(b"text/plain; charset=utf-8", "🖨 \u202egpj".encode())).text == "🖨 \u202egpj"


@pytest.mark.parametrize(
    "meta",
    ["<meta charset=Shift_JIS>", '<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS">'],
)
def test_page_says_how_it_is_written_where_no_header_does(meta: str) -> None:
    page = f"<html><head>{meta}</head><body>プリンター</body></html>".encode("shift_jis")
    assert parse(typed(b"text/html", page)).text == "プリンター"
    assert parse(typed(b"text/html; charset=utf-8", "<meta charset=Shift_JIS>Grüße".encode())).text == "Grüße"
