"""Long bodies are lifted out before the mail is walked, and nobody can tell."""

import base64
import re
from email.feedparser import FeedParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailboxes.parsing import parse
from mailboxes.parsing.lift import lift
from mailboxes.parsing.tree import Node

from .mails import attachment, mail, multipart, part, text, typed

BYTES = bytes(range(256)) * 100


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_lifted_attachments_keep_their_bytes_and_their_order(line_end: bytes) -> None:
    names = (b"filename=a.bin", b"filename=b.bin")
    source = multipart(text(b"above"), *[attachment(name, BYTES + name) for name in names], text(b"below"))
    message = parse(source.replace(b"\n", line_end))
    assert message.text.split() == ["above", "below"]
    assert [one.content.read() for one in message.parts] == [BYTES + name for name in names]


def test_long_body_of_a_mail_without_parts_is_lifted() -> None:
    source = typed(b"application/x", base64.encodebytes(BYTES), encoding=b"base64")
    assert len(lift(source).source) < 1_000
    assert parse(source).parts[0].content.read() == BYTES


def test_attached_mail_gets_its_long_bodies_back() -> None:
    inner = multipart(
        attachment(b"filename=a.bin", BYTES), attachment(b"filename=b.bin", BYTES), boundary=b"inner"
    )
    source = multipart(text(b"see"), part(inner, b"Content-Type: message/rfc822"))
    assert len(lift(source).bodies) == 2
    assert parse(source).parts[0].content.read() == inner


def test_text_with_a_signature_comes_back_whole() -> None:
    words = b"Das Drucker\xfcbel.\r\n" * 100 + b"\r\n-- \r\nJohn\r\n--.\r\n\r\n" + b"More.\r\n" * 200
    source = mail(words)
    assert len(lift(source).bodies) == 2
    assert read(source) == read_without(source)


LONG = b"word " * 200
PIECES = st.sampled_from(
    [b"\r\n\r\n", b"\n\n", b"\n", b"\r", LONG, LONG + b"\r\n", b"\xfc\xff" * 300, b"a: b\n", b"-- \n", b"--.\n",
     b"--one\r\n", b"--one--\r\n", b"--two\n", b"Content-Type: multipart/mixed; boundary=two\n",
     b"Content-Type: message/rfc822\n"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30))
@example([b"\n", LONG, b"\r", b"--one\r\n", b"\r\n\r\n", LONG])
@example([b"--one\r\n", b"\r\n\r\n", LONG + b"\r\n"])
@example([b"--one\r\n", b"\n", LONG + b"\r\n", b"--one\r\n"])
def test_tree_and_every_byte_of_it_are_the_same_without_lifting(pieces: list[bytes]) -> None:
    source = b"Content-Type: multipart/mixed; boundary=one\n" + b"".join(pieces)
    assert read(source) == read_without(source)


def read(source: bytes) -> list[tuple[list[tuple[str, str]], str]]:
    lifted = lift(source)
    return [
        (headers, _as_text(lifted.body_of(body)) or lifted.restored(body))
        for headers, body in leaves(lifted.source)
    ]


def read_without(source: bytes) -> list[tuple[list[tuple[str, str]], str]]:
    return leaves(source)


def leaves(source: bytes) -> list[tuple[list[tuple[str, str]], str]]:
    parser: FeedParser[Node] = FeedParser(Node)
    parser.feed(source.decode("ascii", "surrogateescape"))
    return [(list(one.raw_items()), one.stored) for one in parser.close().walk() if isinstance(one, Node)]


def _as_text(body: bytes | None) -> str | None:
    return None if body is None else body.decode("ascii", "surrogateescape")


def test_token_is_new_for_each_mail() -> None:
    source = multipart(attachment(b"filename=a.bin", BYTES))
    tokens = {re.sub(r"-\d+$", "", lift(source).token) for _ in range(3)}
    assert len(tokens) == 3


@pytest.mark.usefixtures("cpu_guard")
@pytest.mark.parametrize("line", [b"\n--", b"--", b"\n--x\nbase64\n\n", b"-", b"\n--base64\n"])
def test_many_dashes_stall_nothing(line: bytes) -> None:
    source = multipart(text(b"words"), part(line * (3_000_000 // len(line)), b"Content-Type: application/x"))
    assert parse(source).text.strip() == "words"
