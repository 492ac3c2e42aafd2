"""Raw bytes over a real TLS connection: bounded, complete, over one kept-alive connection. Covers F-34."""

import gzip
import hashlib
import io
import socket
from collections.abc import Callable

import pytest
from django.test import override_settings

from tenants.errors import AnswerTooLarge, BadAnswer, IntegrationError
from tenants.microsoft.clouds import cloud
from tenants.microsoft.graph import GraphClient

from .tls_server import Authority, Script, TlsServer

PATH = "/users/u/messages/AAMk/$value"
MAIL = b"From: a@contoso.example\r\n\r\n" + bytes(range(256)) * 4000


def answering(body: bytes, *headers: bytes, close: bool = False) -> Script:
    head = b"\r\n".join([b"HTTP/1.1 200 OK", *headers]) + b"\r\n\r\n"

    def script(connection: socket.socket, request: bytes) -> None:
        connection.sendall(head + body)
        if close:
            connection.close()

    return script


def length(count: int) -> bytes:
    return b"Content-Length: %d" % count


@pytest.fixture(autouse=True)
def _trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.certificate))


def client_of(server: TlsServer, token: Callable[[bool], str]) -> GraphClient:
    with override_settings(M365_LOGIN_URL=server.url, M365_GRAPH_URL=server.url):
        return GraphClient(cloud=cloud("custom"), token=token, deadline_s=20)


def failure(authority: Authority, script: Script, token: Callable[[bool], str]) -> IntegrationError:
    with TlsServer(authority, script) as server, pytest.raises(IntegrationError) as caught:
        client_of(server, token).download(PATH, io.BytesIO(), max_bytes=10**7)
    return caught.value


def test_download_writes_every_byte_and_its_hash(authority: Authority, token: Callable[[bool], str]) -> None:
    into = io.BytesIO()
    with TlsServer(authority, answering(MAIL, length(len(MAIL)))) as server:
        done = client_of(server, token).download(PATH, into, max_bytes=len(MAIL))
    assert into.getvalue() == MAIL
    assert (done.size_bytes, done.sha256) == (len(MAIL), hashlib.sha256(MAIL).hexdigest())


def test_complete_answers_share_one_connection(authority: Authority, token: Callable[[bool], str]) -> None:
    with TlsServer(authority, answering(MAIL, length(len(MAIL)))) as server:
        client = client_of(server, token)
        for _ in range(5):
            client.download(PATH, io.BytesIO(), max_bytes=10**7)
    assert (server.connections, client.requests) == (1, 5)


def test_error_answers_keep_the_connection_too(authority: Authority, token: Callable[[bool], str]) -> None:
    def script(connection: socket.socket, request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}")

    with TlsServer(authority, script) as server:
        client = client_of(server, token)
        for _ in range(3):
            with pytest.raises(IntegrationError):
                client.get("/users/u")
    assert server.connections == 1


def test_refused_token_costs_no_connection(authority: Authority, token: Callable[[bool], str]) -> None:
    def script(connection: socket.socket, request: bytes) -> None:
        status = b"200 OK" if b"token-fresh" in request else b"401 Unauthorized"
        connection.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\n{}")

    with TlsServer(authority, script) as server:
        client_of(server, token).get("/users/u")
    assert server.connections == 1


def test_mail_is_asked_for_unpacked(authority: Authority, token: Callable[[bool], str]) -> None:
    """F-34: the announced length then counts the mail's own bytes."""
    seen: list[bytes] = []

    def script(connection: socket.socket, request: bytes) -> None:
        seen.append(request)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with TlsServer(authority, script) as server:
        client_of(server, token).download(PATH, io.BytesIO(), max_bytes=10)
    assert b"accept-encoding: identity\r\n" in seen[0].lower()


def test_login_page_of_a_network_is_not_taken_for_the_mail(
    authority: Authority, token: Callable[[bool], str]
) -> None:
    """F-35."""
    page = b"<html>Please log in</html>"
    error = failure(authority, answering(page, b"Content-Type: text/html", length(len(page))), token)
    assert (error.code, error.permanent) == ("not_json", False)


def test_empty_answer_is_not_taken_for_the_mail(authority: Authority, token: Callable[[bool], str]) -> None:
    """F-35."""
    error = failure(authority, answering(b"", length(0)), token)
    assert (error.code, error.permanent) == ("answer_empty", False)


def test_body_shorter_than_announced_is_a_cut_answer(
    authority: Authority, token: Callable[[bool], str]
) -> None:
    """F-34."""
    error = failure(authority, answering(MAIL, length(len(MAIL) + 1), close=True), token)
    assert (type(error), error.code, error.permanent) == (BadAnswer, "answer_cut", False)
    assert (error.__cause__, error.__context__) == (None, None)


def test_chunked_body_that_stops_is_a_cut_answer(authority: Authority, token: Callable[[bool], str]) -> None:
    """F-34."""
    script = answering(b"5\r\nFrom:\r\n", b"Transfer-Encoding: chunked", close=True)
    assert failure(authority, script, token).permanent is False


def test_chunked_body_is_read_to_its_end(authority: Authority, token: Callable[[bool], str]) -> None:
    into = io.BytesIO()
    script = answering(b"5\r\nFrom:\r\n2\r\n a\r\n0\r\n\r\n", b"Transfer-Encoding: chunked")
    with TlsServer(authority, script) as server:
        client_of(server, token).download(PATH, into, max_bytes=100)
    assert into.getvalue() == b"From: a"


def test_too_large_a_mail_hands_over_what_came_before_the_bound(
    authority: Authority, token: Callable[[bool], str]
) -> None:
    into = io.BytesIO()
    server = TlsServer(authority, answering(MAIL, length(len(MAIL))))
    with server, pytest.raises(AnswerTooLarge) as caught:
        client_of(server, token).download(PATH, into, max_bytes=len(MAIL) - 1)
    assert (into.getvalue(), caught.value.permanent) == (MAIL[:-1], True)


def test_reader_that_stops_early_does_not_poison_the_next_answer(
    authority: Authority, token: Callable[[bool], str]
) -> None:
    with TlsServer(authority, answering(MAIL, length(len(MAIL)))) as server:
        client = client_of(server, token)
        with client.stream(PATH, max_bytes=10**7) as chunks:
            next(chunks)
        with client.stream(PATH, max_bytes=10**7) as chunks:
            assert b"".join(chunks) == MAIL


def test_page_larger_than_the_bound_after_unpacking_is_refused(
    authority: Authority, token: Callable[[bool], str]
) -> None:
    packed = gzip.compress(b" " * (33 * 1024 * 1024))
    headers = (b"Content-Encoding: gzip", b"Content-Type: application/json", length(len(packed)))
    with TlsServer(authority, answering(packed, *headers)) as server, pytest.raises(AnswerTooLarge):
        client_of(server, token).get("/users/u")


def test_cookies_are_neither_kept_nor_sent(authority: Authority, token: Callable[[bool], str]) -> None:
    seen: list[bytes] = []

    def script(connection: socket.socket, request: bytes) -> None:
        seen.append(request)
        connection.sendall(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 2\r\n\r\nok")

    with TlsServer(authority, script) as server:
        client = client_of(server, token)
        for _ in range(2):
            client.download(PATH, io.BytesIO(), max_bytes=10)
    assert b"cookie" not in seen[1].lower()
