"""Big mails, cut while they stream (MT-097, MT-106)."""

import base64
import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mailboxes.parsing import DEFAULT, ParsedMessage, Unparseable, parse, split_large

from .mails import HEAD, attachment, entity, multipart, part, text, typed
from .test_structure import codes

LIMITS = replace(DEFAULT, small_mail_bytes=0, cut_body_bytes=2_000)
BYTES = bytes(range(256)) * 40
PROGRAM = """
import pathlib, re, sys
from mailboxes.parsing import parse

path = pathlib.Path(sys.argv[1])
message = parse(path, scratch=path.parent)
peak = re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())
print(message.parts[0].size_bytes, peak[1])
"""


def cut(mail: bytes, folder: Path) -> ParsedMessage:
    source = folder / "mail.eml"
    source.write_bytes(mail)
    return parse(source, scratch=folder, limits=LIMITS)


def encoded(content: bytes, encoding: str) -> bytes:
    if encoding == "one line":
        return base64.b64encode(content)
    return (
        base64.encodebytes(content)
        if encoding == "base64"
        else "".join(f"={byte:02X}" for byte in content).encode()
    )


@pytest.mark.parametrize("encoding", ["base64", "one line", "quoted-printable"])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_big_body_is_decoded_into_a_file(encoding: str, line_end: bytes, tmp_path: Path) -> None:
    name = b"quoted-printable" if encoding == "quoted-printable" else b"base64"
    big = part(
        encoded(BYTES, encoding),
        b"Content-Type: application/x; name=big.bin",
        b"Content-Transfer-Encoding: " + name,
    )
    message = cut(multipart(text(b"hello"), big, text(b"bye")).replace(b"\n", line_end), tmp_path)
    assert (message.text.split(), message.parts[0].filename) == (["hello", "bye"], "big.bin")
    assert isinstance(message.parts[0].content.held, Path)
    assert message.parts[0].content.read() == BYTES
    assert message.parts[0].sha256 == hashlib.sha256(BYTES).hexdigest()


def test_cut_mail_is_the_same_mail(tmp_path: Path) -> None:
    inner = multipart(text(b"inner"), attachment(b"filename=b.pdf", BYTES), boundary=b"in")
    mail = multipart(
        entity(text(b"hello"), boundary=b"deep"),
        attachment(b"filename=a.pdf", BYTES),
        part(inner, b"Content-Type: message/rfc822"),
    )
    small, big = parse(mail), cut(mail, tmp_path)
    assert (big.text, big.subject, big.sender) == (small.text, small.subject, small.sender)
    assert [(one.filename, one.size_bytes, one.sha256) for one in big.parts] == [
        (one.filename, one.size_bytes, one.sha256) for one in small.parts
    ]


@pytest.mark.parametrize("window_bytes", [1_000, 1_023, 1_024, 5_000])
def test_boundary_on_the_edge_of_the_window_is_seen(
    window_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailboxes.parsing.window._WINDOW_BYTES", window_bytes)
    mail = multipart(*[attachment(b"filename=a.pdf", BYTES[:size]) for size in range(3_000, 3_040)]).replace(
        b"\n", b"\r\n"
    )
    assert [one.size_bytes for one in cut(mail, tmp_path).parts] == list(range(3_000, 3_040))


def test_long_text_is_shown_from_its_beginning_and_attached_mt_106(tmp_path: Path) -> None:
    message = cut(typed(b"text/plain; charset=utf-8", "Grüße\n".encode() * 640), tmp_path)
    assert message.text.startswith("Grüße\nGrüße")
    assert (codes(message), message.parts[0].size_bytes) == (["text_cut"], 640 * len("Grüße\n".encode()))


def test_boundary_that_never_comes_loses_nothing_mt_016(tmp_path: Path) -> None:
    message = cut(HEAD + b"Content-Type: multipart/mixed; boundary=never\n\n" + b"words " * 1_000, tmp_path)
    assert message.text.startswith("words words")
    assert message.parts[0].size_bytes == 6_000


def test_sender_cannot_point_at_a_file(tmp_path: Path) -> None:
    forged = part(b"small", b"X-Cut-Body: ../../etc/passwd", b"Content-Type: application/x")
    message = cut(multipart(forged, attachment(b"filename=a.pdf", BYTES)), tmp_path)
    assert message.parts[0].content.read() == b"small"


def test_far_too_many_parts_are_cut_mt_023(tmp_path: Path) -> None:
    message = cut(multipart(*[part(b"x", b"Content-Type: application/x")] * 2_000), tmp_path)
    assert (len(message.parts), codes(message)) == (500, ["too_many_parts"])


def test_no_file_is_left_when_the_mail_is_unparseable(tmp_path: Path) -> None:
    with pytest.raises(Unparseable):
        cut(b"\xff\xfe\n\n" + b"x" * 5_000, tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["mail.eml"]


def test_no_file_is_left_when_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "mail.eml"
    source.write_bytes(multipart(attachment(b"filename=a.pdf", BYTES), attachment(b"filename=b.pdf", BYTES)))
    with pytest.raises(OSError, match="No such file"):
        split_large(source, tmp_path / "missing", LIMITS)
    assert [one.name for one in tmp_path.iterdir()] == ["mail.eml"]


def test_discarded_part_has_no_file(tmp_path: Path) -> None:
    message = cut(multipart(attachment(b"filename=a.pdf", BYTES)), tmp_path)
    message.parts[0].content.discard()
    assert [one.name for one in tmp_path.iterdir()] == ["mail.eml"]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Peak memory is read from /proc.")
def test_fifty_megabytes_in_one_line_stay_far_below_256_mt_097(tmp_path: Path) -> None:
    source = tmp_path / "mail.eml"
    with source.open("wb") as file:
        file.write(HEAD + b"Content-Type: application/x; name=a.bin\nContent-Transfer-Encoding: base64\n\n")
        for _ in range(50):
            file.write(base64.b64encode(bytes(786_432)))
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(source)], check=True, capture_output=True, text=True
    )
    size_bytes, peak_kb = map(int, ran.stdout.split())
    assert size_bytes == 50 * 786_432
    assert peak_kb < 100 * 1024
