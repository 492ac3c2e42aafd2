"""POP3: ids that servers repeat, change or do not have, and deletions that count only at the end."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from mailboxes.transports.base import Step
from mailboxes.transports.pop3 import PopInbound
from sandbox.tls import ensure_tls
from tenants.errors import AccessDenied, IntegrationError, Misconfigured, NetworkFailure, Throttled
from tests.factories import mail
from tests.fakes.scripted import ScriptedServer
from tests.mail_servers.box import DovecotBox
from tests.mailboxes.transports.contract import listed, some

Open = Callable[[Mapping[str, bytes | None]], PopInbound]
HEAD = b"+OK\r\nReceived: by x; Mon, 02 Nov 2026 09:29:55 +0000\r\nMessage-ID: <%d@x>\r\n\r\n.\r\n"
USUAL: Mapping[str, bytes | None] = {
    "CAPA": b"+OK\r\nUIDL\r\nTOP\r\n.\r\n",
    "AUTH XOAUTH2": b"+ \r\n",
    "LIST": b"+OK\r\n1 100\r\n2 100\r\n.\r\n",
    "UIDL": b"+OK\r\n1 aa\r\n2 bb\r\n.\r\n",
    "TOP 1 0": HEAD % 1,
    "TOP 2 0": HEAD % 2,
    "QUIT": b"+OK\r\n",
}


@pytest.fixture
def against(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    tls = ensure_tls(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tls.ca))
    servers: list[ScriptedServer] = []

    def begin(answers: Mapping[str, bytes | None]) -> PopInbound:
        known = {**USUAL, **answers}
        servers.append(
            ScriptedServer(tls, greeting=b"+OK ready\r\n", answer=lambda line: known.get(line, b"+OK\r\n"))
        )
        return PopInbound(servers[-1].url("pop3s"), user="help@contoso.example", token=lambda _: "tok")

    yield begin
    for server in servers:
        server.close()


def keys(transport: PopInbound, cursor: str = "") -> list[str]:
    return [ref.remote_id for batch in transport.fetch("INBOX", cursor) for ref in batch.refs]


@pytest.mark.parametrize(
    "uidl", [b"+OK\r\n1 same\r\n2 same\r\n.\r\n", b"-ERR unknown command\r\n", b"+OK\r\n.\r\n"]
)
def test_mails_without_an_id_of_their_own_are_told_apart_by_their_headers(against: Open, uidl: bytes) -> None:
    """F-55: duplicate UIDLs, and none at all."""
    found = keys(against({"UIDL": uidl}))
    assert (len(set(found)), {key.partition(".")[0] for key in found}) == (2, {"header"})


def test_line_written_by_the_server_does_not_make_another_mail(against: Open) -> None:
    none = {"UIDL": b"-ERR\r\n"}
    read = {**none, "TOP 1 0": (HEAD % 1).replace(b"Message-ID", b"Status: RO\r\nX-UIDL: 7\r\nMessage-ID")}
    assert keys(against(none)) == keys(against(read))


def test_changed_ids_list_the_mails_again(against: Open) -> None:
    """F-55: filing recognises them by their content."""
    *_, last = against({}).fetch("INBOX", "")
    assert keys(against({"UIDL": b"+OK\r\n1 cc\r\n2 dd\r\n.\r\n"}), last.cursor) == ["uidl.cc", "uidl.dd"]


@pytest.mark.parametrize(
    ("answers", "kind", "code"),
    [
        ({"AUTH XOAUTH2": b"-ERR Authentication failure: unknown user name or bad password.\r\n"}, AccessDenied,
         "mail_login_refused"),
        ({"AUTH XOAUTH2": b"-ERR [IN-USE] locked\r\n"}, Throttled, "mail_wire_busy"),
        ({"AUTH XOAUTH2": b"-ERR Server Unavailable. 21\r\n"}, Throttled, "mail_wire_busy"),
        ({"LIST": None}, NetworkFailure, "network_reset"),
        ({"UIDL": b"-ERR\r\n", "TOP 1 0": b"-ERR\r\n"}, IntegrationError, "pop_no_ids"),
        ({"LIST": b"HTTP/1.1 400\r\n"}, IntegrationError, "answer_malformed"),
    ],
)  # fmt: skip
def test_refusal_is_told_with_its_cause(
    against: Open, answers: Mapping[str, bytes | None], kind: type[IntegrationError], code: str
) -> None:
    with pytest.raises(kind) as caught:
        keys(against(answers))
    assert caught.value.code == code


def test_deletion_counts_only_with_a_good_end(against: Open) -> None:
    """F-56: without the answer to QUIT nobody knows, so the mail is asked for again."""
    transport = against({"QUIT": None})
    with pytest.raises(NetworkFailure):
        transport.acknowledge(keys(transport), Step.DELETE)


def test_body_that_ends_early_is_no_mail(against: Open) -> None:
    """F-53"""
    transport = against({"RETR 1": b"+OK\r\nFrom: a@x\r\n\r\nhal%END%"})
    [batch] = transport.fetch("INBOX", "")
    with pytest.raises(NetworkFailure):
        list(transport.download(batch.refs, open_file=io.BytesIO, max_bytes=1000))


@pytest.mark.parametrize("step", [Step.MOVE, Step.COPY, Step.MARK_READ])
def test_what_pop3_cannot_do_is_said(against: Open, step: Step) -> None:
    outcome = against({}).acknowledge(["uidl.aa"], step, folder_id="Done")
    assert isinstance(outcome["uidl.aa"], Misconfigured)


def test_mail_is_dated_by_the_server_that_keeps_it(against: Open) -> None:
    [batch] = against({}).fetch("INBOX", "")
    assert batch.refs[0].received_at.isoformat() == "2026-11-02T09:29:55+00:00"


@pytest.mark.dovecot
def test_crash_before_the_end_deletes_nothing(dovecot_box: DovecotBox) -> None:
    """F-56"""
    box = dovecot_box.over_pop3()
    box.put([*some(2), mail(message_id="<last@x>")])
    assert len(listed(box)[0]) == 3
    connection = box.transport._dial()  # type: ignore[attr-defined]
    assert [status.is_ok for status in connection.ask(["DELE 1", "DELE 2"])] == [True, True]
    connection.line.close()
    assert len(listed(box)[0]) == 3
    box.transport.close()
