"""What servers say that are broken, overloaded or not what they claim to be: F-53, S-95, S-107."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mailboxes.transports.base import STUB_BYTES, Delivery, Ref, Step
from mailboxes.transports.imap import ImapInbound
from sandbox.tls import TlsFiles, ensure_tls
from tenants.errors import (
    AccessDenied,
    BadAnswer,
    FolderGone,
    IntegrationError,
    MailboxUnavailable,
    Misconfigured,
    NetworkFailure,
    Throttled,
)
from tests.factories import RECEIVED_AT
from tests.fakes.scripted import ScriptedServer, imap

NOT_CONNECTED = b"%TAG% BAD User is authenticated but not connected.\r\n"
Open = Callable[..., ImapInbound]
SEVEN = Ref(remote_id="14.7.INBOX", received_at=RECEIVED_AT)
EIGHT = Ref(remote_id="14.8.INBOX", received_at=RECEIVED_AT)


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    return ensure_tls(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def against(tls: TlsFiles, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tls.ca))
    servers: list[ScriptedServer] = []

    def begin(*, user: str = "help@contoso.example", **answers: object) -> ImapInbound:
        servers.append(ScriptedServer(tls, greeting=b"* OK ready\r\n", answer=imap(**answers)))  # type: ignore[arg-type]
        transport = ImapInbound(servers[-1].url("imaps"), user=user, token=lambda _: "tok")
        transport.heard = servers[-1].heard  # type: ignore[attr-defined]
        return transport

    yield begin
    for server in servers:
        server.close()


def fetch(transport: ImapInbound, *refs: Ref, max_bytes: int = 10**6) -> list[Delivery]:
    return list(transport.download(refs or (SEVEN,), open_file=io.BytesIO, max_bytes=max_bytes))


@pytest.mark.parametrize(
    ("command", "said", "kind", "code"),
    [
        ("AUTHENTICATE", b"%TAG% NO AUTHENTICATE failed.\r\n", AccessDenied, "mail_login_refused"),
        ("AUTHENTICATE", b"%TAG% BAD Command Argument Error. 12\r\n", AccessDenied, "mail_login_refused"),
        ("AUTHENTICATE", b"%TAG% BAD Command Error. 12\r\n", BadAnswer, "mail_command_refused"),
        ("AUTHENTICATE", b"%TAG% NO Server Unavailable. 15\r\n", Throttled, "mail_wire_busy"),
        ("SELECT", b"%TAG% NO Server Unavailable. 15\r\n", Throttled, "mail_wire_busy"),
        ("SELECT", NOT_CONNECTED, MailboxUnavailable, "mailbox_not_connected"),
        ("SELECT", b"* BYE Session invalidated\r\n", NetworkFailure, "mail_session_ended"),
        ("SELECT", b"* BYE Connection is closed. 13\r\n", NetworkFailure, "mail_session_ended"),
        ("SELECT", b"%TAG% BAD Command Error. 12\r\n", BadAnswer, "mail_command_refused"),
        ("SELECT", b"%TAG% NO there is no such thing\r\n", FolderGone, "folder_missing"),
        ("SELECT", None, NetworkFailure, "network_reset"),
        ("SELECT", b"HTTP/1.1 400 Bad Request\r\n", BadAnswer, "answer_malformed"),
        ("SELECT", b"* LIST () NIL {2147483648}\r\n", BadAnswer, "answer_too_long"),
        ("SELECT", b"* X" + b"x" * 9 * 1024 * 1024 + b"\r\n", BadAnswer, "answer_too_long"),
        ("SEARCH", b"* SEARCH seven\r\n%TAG% OK\r\n", BadAnswer, "answer_malformed"),
        ("CAPABILITY", b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n%TAG% OK\r\n", AccessDenied, "xoauth2_missing"),
    ],
)  # fmt: skip
def test_bad_answer_is_told_with_its_cause(
    against: Open, command: str, said: bytes | None, kind: type[IntegrationError], code: str
) -> None:
    with pytest.raises(kind) as caught:
        list(against(**{command: said}).fetch("INBOX", ""))
    assert caught.value.code == code


def test_mailbox_that_is_not_connected_is_tried_again(against: Open) -> None:
    """Exchange says so for hours after a change of licence; the diagnosis names the PowerShell step."""
    with pytest.raises(MailboxUnavailable) as caught:
        list(against(SELECT=NOT_CONNECTED).fetch("INBOX", ""))
    assert (caught.value.permanent, "Get-CASMailbox" in caught.value.diagnosis.fix) == (False, True)


def test_throttling_says_when_to_come_back(against: Open) -> None:
    said = b"%TAG% BAD Request is throttled. Suggested Backoff Time: 92415 milliseconds\r\n"
    with pytest.raises(Throttled) as caught:
        list(against(SEARCH=said).fetch("INBOX", ""))
    assert caught.value.retry_after == timedelta(milliseconds=92415)


def test_refusal_with_a_continuation_is_answered_and_decoded(against: Open) -> None:
    """A token is tried once more, fresh; the explanation is answered by an empty line as SASL wants."""
    transport = against(
        AUTHENTICATE=b"+ eyJzdGF0dXMiOiI0MDEifQ==\r\n", **{"": b"A2 NO AUTHENTICATE failed.\r\n"}
    )
    with pytest.raises(AccessDenied) as caught:
        transport.find_folder("inbox")
    assert "401" in caught.value.diagnosis.cause
    assert transport.heard.count("") == 2  # type: ignore[attr-defined]


def test_two_gigabytes_are_not_taken_into_memory(against: Open) -> None:
    """F-53: the announced size is known first, so only the beginning is read and the line is ended."""
    body = b"* 1 FETCH (UID 7 BODY[] {2147483648}\r\n" + b"x" * (STUB_BYTES + 4096)
    [delivery] = fetch(against(FETCH=body))
    assert delivery.download is not None
    assert (delivery.download.is_truncated, delivery.download.size_bytes) == (True, 2**31)


def test_literal_that_ends_early_is_no_mail(against: Open) -> None:
    """F-53, F-34"""
    with pytest.raises(NetworkFailure):
        fetch(against(FETCH=b"* 1 FETCH (UID 7 BODY[] {50}\r\nshort%END%"))


def test_number_behind_the_body_is_understood(against: Open) -> None:
    said = b"* 1 FETCH (BODY[] {3}\r\nabc UID 7)\r\n%TAG% OK\r\n"
    [delivery] = fetch(against(FETCH=said))
    assert (delivery.remote_id, delivery.download and delivery.download.size_bytes) == ("14.7.INBOX", 3)


def test_one_bad_mail_does_not_hold_up_its_neighbour(against: Open) -> None:
    good = b"* 2 FETCH (UID 8 BODY[] {3}\r\nabc)\r\n%TAG% OK\r\n"
    refused = b"%TAG% NO message cannot be converted\r\n"
    came = fetch(against(FETCH=[refused, refused, good]), SEVEN, EIGHT)
    assert [type(one.error) for one in came] == [BadAnswer, type(None)]


def test_server_that_is_unavailable_is_no_fault_of_the_mail(against: Open) -> None:
    """Else a bad quarter of an hour would send a whole folder to quarantine, mail by mail."""
    with pytest.raises(Throttled):
        fetch(against(FETCH=b"%TAG% NO Server Unavailable. 15\r\n"), SEVEN, EIGHT)


def test_empty_body_is_an_error_of_that_mail(against: Open) -> None:
    [delivery] = fetch(against(FETCH=b"* 1 FETCH (UID 7 BODY[] NIL)\r\n%TAG% OK\r\n"))
    assert delivery.error is not None
    assert delivery.error.code == "answer_empty"


def test_unasked_news_between_answers_is_passed_over(against: Open) -> None:
    said = b"* 2 EXISTS\r\n* 1 FETCH (FLAGS (\\Seen))\r\n* 1 FETCH (UID 7 BODY[] {1}\r\nx)\r\n%TAG% OK\r\n"
    assert len(fetch(against(FETCH=said))) == 1


@pytest.mark.parametrize("name", ["In\r\nA9 DELETE x", "In\nbox", "In\0box", "Gr\u00fc\u00df"])
def test_line_break_in_a_folder_is_refused_before_the_socket(against: Open, name: str) -> None:
    """S-95, MT-066"""
    transport = against()
    with pytest.raises(Misconfigured):
        list(transport.fetch(name, ""))
    assert not [line for line in transport.heard if "box" in line or "A9" in line]  # type: ignore[attr-defined]


def test_separator_in_an_address_is_refused(against: Open) -> None:
    """S-95"""
    transport = against(user="help@contoso.example\x01auth=Bearer x")
    with pytest.raises(Misconfigured):
        transport.find_folder("inbox")


def test_mails_of_others_are_not_expunged_without_uidplus(against: Open) -> None:
    """Without UIDPLUS the mail stays marked: a plain EXPUNGE would take what others have marked."""
    capabilities = b"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR\r\n%TAG% OK\r\n"
    transport = against(CAPABILITY=capabilities)
    assert transport.acknowledge(["14.7.INBOX"], Step.DELETE) == {"14.7.INBOX": None}
    assert not [line for line in transport.heard if "EXPUNGE" in line]  # type: ignore[attr-defined]


def test_certificate_of_a_stranger_is_refused(
    against: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """S-107"""
    transport = against()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ensure_tls(tmp_path).ca))
    with pytest.raises(NetworkFailure) as caught:
        transport.find_folder("inbox")
    assert caught.value.code == "network_tls"


def test_token_and_address_are_in_no_message(against: Open) -> None:
    said = (
        b"%TAG% NO help@contoso.example dXNlcj1oZWxwQGNvbnRvc28uZXhhbXBsZQFhdXRoPUJlYXJlciB0b2s= is wrong\r\n"
    )
    with pytest.raises(BadAnswer) as caught:
        list(against(SEARCH=said).fetch("INBOX", ""))
    assert "contoso" not in str(caught.value)
    assert "dXNlcj" not in str(caught.value)
