"""The text gate, and the promise for every input."""

import string
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailboxes.parsing import DEFAULT, ParsedMessage, Unparseable, one_line, parse, storable

from .mails import HEAD, attachment, html, multipart, text


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        ("a\0b", "a\ufffdb"),
        ("a\x07\x1b[31mb\x7f", "a[31mb"),
        ("a\r\nb\rc\n\td", "a\nb\nc\n\td"),
        ("\ud83d", "\ufffd"),
        ("\ud83d\ude00", "\U0001f600"),
        ("plain", "plain"),
    ],
)
def test_gate_makes_a_string_storable(raw: str, stored: str) -> None:
    assert storable(raw, max_chars=100) == stored


@pytest.mark.parametrize(("length", "kept"), [(9, 9), (10, 10), (11, 10)])
def test_gate_counts_characters(length: int, kept: int) -> None:
    assert len(storable("ü" * length, max_chars=10)) == kept


def test_one_line_has_no_line_end_of_any_kind() -> None:
    assert one_line(" a\r\n b\u2028c\x85d\x0be ", max_chars=100) == "a b c d e"


@given(st.text(st.characters(codec=None)), st.integers(0, 50))
def test_gate_keeps_its_promise_for_any_string(raw: str, most: int) -> None:
    stored = storable(raw, max_chars=most)
    assert "\0" not in stored
    assert len(stored) <= most
    assert stored.encode().decode() == stored


def strings(message: ParsedMessage) -> Iterator[str]:
    yield from (
        message.message_id,
        message.subject,
        message.text,
        message.new_text,
        message.html,
        message.auto_reason,
    )
    yield from (*message.in_reply_to, *message.references, message.content_hash)
    for address in (message.sender, *message.reply_to, *message.to, *message.cc):
        yield from (address.name, address.email)
    for name, values in message.headers.items():
        yield from (name, *values)
    for part in message.parts:
        yield from (part.filename, part.content_type, part.content_id)
    for problem in message.problems:
        yield from (problem.code, problem.sentence)
    for one in message.bounce.recipients if message.bounce else ():
        yield from (one.address, one.status, one.action, one.diagnostic)


def assert_kept(source: bytes) -> None:
    try:
        message = parse(source)
    except Unparseable:
        return
    for one in strings(message):
        assert "\0" not in one
        one.encode()
    assert len(message.subject) <= DEFAULT.subject_chars
    assert len(message.parts) <= DEFAULT.parts
    assert len(message.headers) <= DEFAULT.header_count + 12


SEEDS = [
    multipart(text(b"words"), html(b"<p>markup</p>"), attachment(b"filename=a.pdf")),
    HEAD + b"Content-Type: text/html; charset=iso-2022-jp\nContent-Transfer-Encoding: base64\n\nPGI+eA==",
    b"From: =?utf-8?q?x?= <a@b.org>\nDate: Fri, 20 Nov 2026 10:00:00 +0000\nReferences: <a@b> <c@d>\n\n"
    b"On 1 a wrote:\n> b\n",
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=2_000))
def test_any_bytes_are_a_message_or_unparseable(source: bytes) -> None:
    assert_kept(source)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 500), st.binary(max_size=12)), max_size=8))
def test_any_damage_to_a_mail_leaves_it_storable(seed: bytes, damage: list[tuple[int, bytes]]) -> None:
    for place, junk in damage:
        seed = seed[:place] + junk + seed[place + 1 :]
    assert_kept(seed)


HEADER_NAMES = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "References",
    "Content-Type",
    "Content-Disposition",
    "Content-ID",
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.sampled_from(HEADER_NAMES), st.text(string.printable + "ü\0€", max_size=60)), max_size=8
    )
)
def test_any_header_values_leave_a_mail_storable(headers: list[tuple[str, str]]) -> None:
    assert_kept(b"".join(f"{name}: {value}\n".encode() for name, value in headers) + b"\nbody")
