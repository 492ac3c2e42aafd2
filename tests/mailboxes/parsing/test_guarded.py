"""Strange mail is read by a process of its own, whose end is no harm (reliability N1, N2, N4, §10 rule 1)."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailboxes.parsing import DEFAULT, Exploded, Unparseable, guarded, parse
from mailboxes.parsing.parse import parse_here

from .mails import attachment, html, mail, multipart, text

LONG = mail(b"It jams again and again.\n" * 30_000)


@pytest.fixture
def child() -> Iterator[guarded.Children]:
    """The child of this process, fresh."""
    guarded.CHILDREN.end()
    yield guarded.CHILDREN
    guarded.CHILDREN.end()


def pid_of(child: guarded.Children) -> int | None:
    return child._child.pid if child._child else None


def test_small_ordinary_mail_needs_no_other_process(child: guarded.Children) -> None:
    assert parse(multipart(text(b"It jams."), html(b"<p>Now.</p>"))).text.startswith("It jams.")
    assert pid_of(child) is None


@pytest.mark.parametrize(
    "strange",
    [
        LONG,
        multipart(*[text(b"x")] * 1_100),
        mail(b"x", extra=b"".join(b"X-%d: y\n" % number for number in range(1_100))),
        multipart(html(b"<div>" * 600)),
    ],
    ids=["size", "parts", "headers", "nesting"],
)
def test_larger_or_odder_mail_goes_to_the_child_and_comes_back_the_same(
    child: guarded.Children, strange: bytes
) -> None:
    assert parse(strange) == parse_here(strange)
    assert pid_of(child) is not None


def test_one_child_reads_one_mail_after_the_other(child: guarded.Children) -> None:
    parse(LONG)
    first = pid_of(child)
    parse(LONG)
    assert pid_of(child) == first


def test_files_of_a_large_mail_come_back_whole(child: guarded.Children, tmp_path: Path) -> None:
    content = os.urandom(700_000)
    stored = tmp_path / "mail.eml"
    stored.write_bytes(multipart(text(b"See."), attachment(b"filename=a.pdf", content)))
    message = parse(stored, scratch=tmp_path)
    assert [part.content.read() for part in message.parts] == [content]
    assert pid_of(child) is not None


def test_bytes_without_a_header_are_unparseable_there_too(child: guarded.Children) -> None:
    with pytest.raises(Unparseable) as caught:
        parse(bytes(range(256)) * 4_000)
    assert caught.value.cause == "unparseable"
    assert pid_of(child) is not None


def test_missing_file_is_a_fault_of_the_disk(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        parse(tmp_path / "gone.eml")


@pytest.mark.slow
def test_mail_that_takes_too_long_ends_alone_and_the_next_one_is_read(child: guarded.Children) -> None:
    boundless = replace(DEFAULT, html_nesting=10**6, html_bytes=10**8)
    with pytest.raises(Exploded, match="time") as caught:
        parse(multipart(html(b"<div>" * 130_000)), limits=boundless)
    assert caught.value.cause == "parsing_exceeded"
    assert parse(LONG).text.startswith("It jams again")


def test_mail_that_takes_too_much_memory_ends_alone_and_the_next_one_is_read(child: guarded.Children) -> None:
    boundless = replace(DEFAULT, text_chars=10**9, small_mail_bytes=10**9)
    with pytest.raises(Exploded, match="memory"):
        parse(mail(b"It jams.\n" * 5_000_000), limits=boundless)
    assert parse(LONG).text.startswith("It jams again")


def test_child_that_was_killed_takes_only_its_mail_along(child: guarded.Children) -> None:
    parse(LONG)
    pid = pid_of(child)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(Exploded):
        parse(LONG)
    assert parse(LONG).text.startswith("It jams again")


def test_child_that_left_for_want_of_work_is_replaced(child: guarded.Children) -> None:
    parse(LONG)
    running = child._child
    assert running is not None
    assert running.stdin is not None
    # As it does by itself after a minute without a mail.
    running.stdin.close()
    running.wait()
    assert parse(LONG).text.startswith("It jams again")


def test_child_knows_no_variable_of_ours(child: guarded.Children, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTOSO_SECRET", "canary-1")
    parse(LONG)
    known = Path(f"/proc/{pid_of(child)}/environ").read_bytes().split(b"\0")
    assert {one.partition(b"=")[0] for one in known if one} == {b"LC_ALL", b"MALLOC_ARENA_MAX"}


def test_child_has_limits_on_memory_and_leaves_no_core(child: guarded.Children) -> None:
    parse(LONG)
    limits = Path(f"/proc/{pid_of(child)}/limits").read_text()
    lines = {line[:25].strip(): line[26:].split()[:1] for line in limits.splitlines()}
    assert lines["Max address space"] == [str(256 * 1024 * 1024)]
    assert lines["Max core file size"] == ["0"]
    assert int(lines["Max cpu time"][0]) < 60


def test_parsing_brings_no_django_along() -> None:
    code = "import sys, mailboxes.parsing.child; sys.exit(any(name.startswith('django') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_fork_has_a_child_of_its_own(child: guarded.Children) -> None:
    parse(LONG)
    ours, pid = pid_of(child), os.fork()
    if not pid:
        os._exit(0 if parse(LONG).text and pid_of(guarded.CHILDREN) != ours else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert parse(LONG).text.startswith("It jams again")
    assert pid_of(child) == ours
