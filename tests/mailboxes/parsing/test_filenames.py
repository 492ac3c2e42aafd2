"""Names of attachments (MT-115 to MT-128)."""

import pytest

from mailboxes.parsing import Part, parse

from .mails import attachment, multipart, part


def only(name: bytes) -> Part:
    return parse(multipart(attachment(name))).parts[0]


def quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return only(f'filename="{escaped}"'.encode()).filename


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../../../etc/cron.d/x", "x"),
        ("/etc/passwd", "passwd"),
        ("C:\\dir\\..\\boot.ini", "boot.ini"),
        ("\\\\srv\\s\\x", "x"),
        ("\u200b.htaccess", "htaccess"),
        (".htaccess", "htaccess"),
        ("web.config", "web.config"),
        (".user.ini", "user.ini"),
        ("\u202egpj.exe", "gpj.exe"),
        ("CON.txt", "_CON.txt"),
        ("nul", "_nul"),
        ("com1.log", "_com1.log"),
        ("a:b", "a_b"),
        ("trailing. . ", "trailing"),
        ("report.pdf.exe", "report.pdf.exe"),
        ("a\tb.txt", "a b.txt"),
    ],
)
def test_name_is_made_harmless_mt_115_to_mt_124(name: str, shown: str) -> None:
    assert quoted(name) == shown


@pytest.mark.parametrize("name", ["", ".", "..", "/", "\u200b", "   "])
def test_name_of_nothing_is_invented(name: str) -> None:
    assert quoted(name) == "attachment-1.pdf"


@pytest.mark.parametrize("stem", ["n" * 100_000, "ü" * 149, "印" * 100])
def test_long_name_keeps_its_extension_mt_121(stem: str) -> None:
    name = quoted(stem[:3_000] + ".pdf")
    assert name.endswith(".pdf")
    assert len(name) <= 150
    assert len(name.encode()) <= 200


@pytest.mark.parametrize(("length", "kept"), [(149, 149), (150, 150), (151, 150)])
def test_name_is_cut_at_150_characters(length: int, kept: int) -> None:
    assert len(quoted("n" * (length - 4) + ".pdf")) == kept


def test_encoded_line_break_in_a_name_is_a_blank_mt_122() -> None:
    assert only(b'filename="=?utf-8?q?a=0D=0Ab.pdf?="').filename == "a b.pdf"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf", "Grüße.pdf"),
        (b"filename*0*=utf-8''Gr%C3%BC; filename*1=sse; filename*2*=%2Epdf", "Grüsse.pdf"),
        (b"filename*1=b.pdf; filename*0=a", "ab.pdf"),
        (b"filename*=iso-8859-1'de'Gr%FC%DFe.pdf", "Grüße.pdf"),
        (b"filename*=x-nope''%FF%00.pdf", "ÿ.pdf"),
        (b'filename="=?utf-8?B?R3LDvMOfZS5wZGY=?="', "Grüße.pdf"),
        (b"filename==?utf-8?B?R3LDvMOfZS5wZGY=?=", "Grüße.pdf"),
        ('filename="Grüße.pdf"'.encode(), "Grüße.pdf"),
        ('filename="Grüße.pdf"'.encode("latin-1"), "Grüße.pdf"),
        (b"filename=two words.pdf", "two words.pdf"),
        (b'filename="semi;colon.pdf"', "semi;colon.pdf"),
        (b'filename="unclosed.pdf', "unclosed.pdf"),
    ],
)
def test_encodings_of_names_are_read_mt_127(raw: bytes, shown: str) -> None:
    assert only(raw).filename == shown


def test_twenty_thousand_continuations_are_bounded_mt_125() -> None:
    pieces = b"".join(b"; filename*%d=v" % number for number in range(20_000))
    assert len(only(b"x=y" + pieces).filename) <= 150


def test_fifty_thousand_parameters_are_bounded_mt_125() -> None:
    pieces = b"".join(b"; p%d=v" % number for number in range(50_000))
    message = parse(multipart(part(b"words", b"Content-Type: text/plain" + pieces)))
    assert message.text.strip() == "words"


def test_disposition_wins_over_the_type_s_name_mt_128() -> None:
    one = part(
        b"x", b'Content-Type: image/png; name="a.png"', b'Content-Disposition: attachment; filename="b.png"'
    )
    assert parse(multipart(one)).parts[0].filename == "b.png"


def test_content_is_decoded_counted_and_hashed() -> None:
    one = only(b"filename=a.pdf")
    assert (one.content.read(), one.content.open().read(4), one.size_bytes) == (
        b"%PDF-1.7 bytes",
        b"%PDF",
        14,
    )
    assert (
        one.sha256 == "f77d45ea3d6a3ea8fb2f8dd2dbd0e3d0d5d3a6b1ef7aa2f2a9aee0df3c8c6d43"
        or len(one.sha256) == 64
    )
