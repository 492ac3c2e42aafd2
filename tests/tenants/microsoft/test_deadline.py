"""One time limit for the whole answer, against servers that answer byte by byte or not at all.

The clock is replaced by one that moves a second at every look; nothing here waits for real time to pass,
but for a socket that stays silent for a tenth of a second.
"""

import itertools
import socket

import pytest
from urllib3.exceptions import ConnectTimeoutError

from tenants.errors import NetworkFailure
from tenants.microsoft import deadline
from tenants.microsoft.deadline import TimedConnection
from tenants.microsoft.http import Answer, open_answer

from .tls_server import Authority, TlsServer

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Padding: "
    + b"x" * 500
    + b"\r\nContent-Length: 500\r\n\r\n"
)


@pytest.fixture(autouse=True)
def _trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.certificate))


@pytest.fixture
def hurrying_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at the clock finds it a second later; a TLS record is one look."""
    ticks = itertools.count(1000.0)
    monkeypatch.setattr(deadline, "monotonic", lambda: next(ticks))


def open_from(server: TlsServer, *, deadline_s: float) -> Answer:
    return open_answer("GET", server.url + "/v1.0/a", headers={}, deadline_s=deadline_s)


def byte_by_byte(connection: socket.socket, content: bytes) -> None:
    for place in range(len(content)):
        connection.sendall(content[place : place + 1])


@pytest.mark.usefixtures("hurrying_clock")
def test_headers_that_drip_do_not_outlast_the_limit(authority: Authority) -> None:
    server = TlsServer(authority, lambda connection, _: byte_by_byte(connection, HEAD))
    with server, pytest.raises(NetworkFailure) as caught:
        open_from(server, deadline_s=60)
    assert (caught.value.code, caught.value.permanent) == ("network_timeout", False)


@pytest.mark.usefixtures("hurrying_clock")
def test_body_that_drips_does_not_outlast_the_limit(authority: Authority) -> None:
    def script(connection: socket.socket, _: bytes) -> None:
        connection.sendall(HEAD)
        byte_by_byte(connection, b"x" * 500)

    with TlsServer(authority, script) as server:
        answer = open_from(server, deadline_s=60)
        with pytest.raises(NetworkFailure) as caught:
            answer.read(max_bytes=1000)
    assert caught.value.code == "network_timeout"


@pytest.mark.usefixtures("hurrying_clock")
def test_large_mail_over_a_slow_line_earns_its_time(authority: Authority) -> None:
    size = 4 * 1024 * 1024

    def script(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        connection.sendall(b"x" * size)

    with TlsServer(authority, script) as server:
        # 256 records of 16 KB take 256 seconds of this clock; sixteen of them are bought by what came.
        answer = open_from(server, deadline_s=250)
        assert len(answer.read(max_bytes=size)) == size


def test_server_that_never_answers_is_left(authority: Authority) -> None:
    with TlsServer(authority, lambda connection, _: None) as server, pytest.raises(NetworkFailure) as caught:
        open_from(server, deadline_s=0.1)
    assert caught.value.code == "network_timeout"


def test_server_that_never_says_hello_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://localhost:{silent.getsockname()[1]}/"
        with pytest.raises(NetworkFailure) as caught:
            open_answer("GET", url, headers={}, deadline_s=0.1)
    assert caught.value.code == "network_timeout"


def test_little_time_left_by_one_answer_does_not_shorten_the_next(authority: Authority) -> None:
    def script(connection: socket.socket, _: bytes) -> None:
        connection.sendall(HEAD + b"x" * 500)

    with TlsServer(authority, script) as server:
        open_from(server, deadline_s=1).read(max_bytes=1000)
        assert len(open_from(server, deadline_s=30).read(max_bytes=1000)) == 500
    assert server.connections == 1


def test_each_read_gets_only_the_time_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(deadline, "monotonic", lambda: now[0])
    ours, theirs = socket.socketpair()
    connection = TimedConnection("localhost", timeout=60)
    with ours, theirs:
        connection.sock = ours
        connection.request("GET", "/", preload_content=False)
        theirs.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
        answer = connection.getresponse()
        now[0] += 59
        theirs.sendall(b"ok")
        answer.read(2)
        assert 0 < (ours.gettimeout() or 0) < 2


def test_sending_on_a_kept_connection_has_the_new_requests_time() -> None:
    ours, theirs = socket.socketpair()
    connection = TimedConnection("localhost", timeout=30)
    with ours, theirs:
        ours.settimeout(0.5)
        connection.sock = ours
        connection.request("GET", "/")
        assert ours.gettimeout() == 30


def test_address_that_is_tried_when_the_time_is_over_is_not_waited_for() -> None:
    with pytest.raises(ConnectTimeoutError):
        TimedConnection("127.0.0.1", port=9, timeout=-1.0)._new_conn()
