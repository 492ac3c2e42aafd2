"""Mail that is signed and wrapped is read like any other, and nothing in the wrapping can do harm (MT-139)."""

import base64
import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailboxes.parsing import ParsedMessage, parse
from mailboxes.parsing.parse import parse_here
from mailboxes.parsing.signed_data import MOST_ELEMENTS, NotSigned, signed_content

from .mails import attachment, entity, html, multipart, part, text
from .signed import P7M, SIGNED_OID, around, ber, der, element, left_open, wrapped

WORDS = text("Der Lüfter ist laut.".encode())
RICH = entity(
    entity(WORDS, html("<p>Der Lüfter ist <b>laut</b>.</p>".encode()), subtype=b"alternative"),
    attachment(b"filename=a.pdf"),
    boundary=b"outer",
)


def names(message: ParsedMessage) -> list[str]:
    return [one.filename for one in message.parts]


def codes(message: ParsedMessage) -> list[str]:
    return [problem.code for problem in message.problems]


@pytest.mark.parametrize("sign", [der, ber], ids=["der", "ber"])
def test_text_html_and_files_are_read_from_the_wrapping(sign) -> None:  # type: ignore[no-untyped-def]
    message = parse(wrapped(sign(RICH)))
    assert message.text.strip() == "Der Lüfter ist laut."
    assert message.html.strip() == "<p>Der Lüfter ist <b>laut</b>.</p>"
    assert (names(message), message.seal, codes(message)) == (["a.pdf", "smime.p7m"], "smime_signed", [])


def test_original_file_stays_as_it_came() -> None:
    packet = der(WORDS)
    assert parse(wrapped(packet)).parts[0].content.read() == packet


@pytest.mark.parametrize(
    "kind", [P7M.replace(b"/pkcs7", b"/x-pkcs7"), b"application/octet-stream; name=smime.p7m"]
)
def test_other_names_of_the_wrapping_are_known(kind: bytes) -> None:
    message = parse(wrapped(der(WORDS), kind=kind))
    assert (message.text.strip(), message.seal) == ("Der Lüfter ist laut.", "smime_signed")


@pytest.mark.parametrize(
    "content",
    [
        b"\r\nNote: it is loud.\r\n",
        b"\nNote: it is loud.\n",
        b"MIME-Version: 1.0\r\n\r\nNote: it is loud.",
        b"Content-Transfer-Encoding: base64\r\n\r\nTm90ZTogaXQgaXMgbG91ZC4=",
    ],
)
def test_content_without_a_type_is_plain_text(content: bytes) -> None:
    message = parse(wrapped(der(content)))
    assert (message.text.strip(), codes(message)) == ("Note: it is loud.", [])


def test_wrapping_under_the_footer_of_a_gateway_is_read_too() -> None:
    packet = part(
        base64.encodebytes(der(WORDS)), b"Content-Type: " + P7M, b"Content-Transfer-Encoding: base64"
    )
    message = parse(multipart(packet, text(b"Checked by us.")))
    assert [line for line in message.text.splitlines() if line] == ["Der Lüfter ist laut.", "Checked by us."]


def test_wrapping_inside_a_wrapping_is_read() -> None:
    inner = part(
        base64.encodebytes(ber(WORDS)), b"Content-Type: " + P7M, b"Content-Transfer-Encoding: base64"
    )
    message = parse(wrapped(der(inner)))
    assert (message.text.strip(), message.seal) == ("Der Lüfter ist laut.", "smime_signed")


def test_what_is_encrypted_inside_the_wrapping_is_said() -> None:
    enveloped = left_open(0x30, SIGNED_OID[:-1] + b"\3")
    kind = b"Content-Type: application/pkcs7-mime; name=smime.p7m"
    inner = part(base64.encodebytes(enveloped), kind, b"Content-Transfer-Encoding: base64")
    assert parse(wrapped(der(inner))).seal == "smime_encrypted"


def test_signed_file_that_is_no_mail_stays_a_file() -> None:
    packet = part(
        base64.encodebytes(der(b"<?xml version='1.0'?><Fattura/>")),
        b"Content-Type: application/pkcs7-mime; name=fattura.xml.p7m",
        b"Content-Transfer-Encoding: base64",
    )
    message = parse(multipart(text(b"See."), packet))
    assert (message.text.strip(), names(message), codes(message)) == ("See.", ["fattura.xml.p7m"], [])


def test_mail_that_only_brings_certificates_is_no_damaged_one() -> None:
    packet = left_open(0x30, SIGNED_OID + left_open(0xA0, b""))
    message = parse(wrapped(packet, kind=b"application/pkcs7-mime; smime-type=certs-only; name=smime.p7c"))
    assert (names(message), codes(message)) == (["smime.p7c"], [])


def test_same_wrapped_mail_has_the_hash_of_its_wrapping() -> None:
    packet = der(WORDS)
    again = wrapped(packet).replace(b"signed-data", b"Signed-Data")
    assert parse(wrapped(packet)).content_hash == parse(again).content_hash
    assert parse(wrapped(packet)).content_hash != parse(wrapped(der(RICH))).content_hash


DAMAGED = {
    "cut": ber(RICH)[:200],
    "cut in the content": der(RICH)[:120],
    "nothing in it": left_open(0x30, SIGNED_OID),
    "pieces in pieces": around(b"\x24\x80" * 50_000),
    "algorithms without end": ber(WORDS, algorithms=b"\x31\x80" * 50_000),
    "size beyond all": left_open(0x30, SIGNED_OID + b"\xa0\xff" + b"\xff" * 127),
    "size too large": around(b"\x04\x84\xff\xff\xff\xffx"),
    "long tag": around(b"\x1f\x81\x80\x01\0"),
    "too many pieces": around(left_open(0x24, element(0x04, b"") * (MOST_ELEMENTS + 1))),
    "no mail": der(b"just words"),
}


@pytest.mark.parametrize("packet", DAMAGED.values(), ids=DAMAGED)
def test_damaged_wrapping_is_attached_and_said(packet: bytes) -> None:
    message = parse(wrapped(packet))
    assert (names(message), message.seal, codes(message)) == (["smime.p7m"], "smime_opaque", ["smime_unread"])


def test_wrappings_without_end_are_opened_a_few_times_only() -> None:
    packet = WORDS
    for _ in range(8):
        packet = part(b"", b"Content-Type: " + P7M, b"Content-Transfer-Encoding: binary") + ber(packet)
    message = parse(wrapped(ber(packet)))
    assert (len(message.parts), message.seal) == (4, "smime_opaque")


def test_deep_multiparts_in_the_wrapping_are_bounded() -> None:
    packet = WORDS
    for level in range(60):
        packet = entity(packet, boundary=b"edge%d" % level)
    assert "too_deep" in codes(parse(wrapped(der(packet))))


def test_algorithms_of_open_length_do_not_hide_the_content() -> None:
    algorithms = left_open(0x31, left_open(0x30, element(0x06, b"\x2a")))
    assert signed_content(ber(WORDS, algorithms=algorithms)) == WORDS


def test_content_is_found_though_its_certificates_are_cut_off() -> None:
    assert signed_content(der(WORDS)[:-300]) == WORDS


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=4)), max_size=6),
    st.integers(0, 500),
)
def test_no_bytes_raise_anything_else(changes: list[tuple[int, bytes]], length: int) -> None:
    packet = bytearray(around(left_open(0x24, element(0x04, WORDS) * 3)))
    for place, change in changes:
        packet[place : place + len(change)] = change
    with contextlib.suppress(NotSigned):
        signed_content(bytes(packet[:length]))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_content_of_a_wrapping_is_a_mail_with_its_file(content: bytes) -> None:
    message = parse_here(wrapped(ber(b"Content-Type: " + content)))
    assert "smime.p7m" in names(message)
