"""Through the operator's proxy, as HTTPS_PROXY names it."""

import itertools
import socket

import pytest

from tenants.errors import NetworkFailure
from tenants.microsoft import deadline
from tenants.microsoft.http import open_answer

from .tls_server import Authority, TlsServer

OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"
DRIPPING = b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 200 + b"\r\nContent-Length: 0\r\n\r\n"
CLOSED = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"


def script(connection: socket.socket, _: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def proxy(authority: Authority, monkeypatch: pytest.MonkeyPatch, tunnel: bytes) -> TlsServer:
    server = TlsServer(authority, script, tunnel=tunnel)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.certificate))
    monkeypatch.setenv("HTTPS_PROXY", server.url.replace("https://localhost", "http://127.0.0.1"))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    return server


def test_proxy_is_asked_for_a_tunnel_and_never_sees_the_token(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy(authority, monkeypatch, OPEN) as server:
        headers = {"Authorization": "Bearer canary"}
        for _ in range(2):
            answer = open_answer("GET", "https://localhost:443/v1.0/a", headers=headers, deadline_s=20)
            assert answer.read(max_bytes=10) == b"ok"
    assert len(server.asked_to_connect) == 1
    assert b"CONNECT localhost:443" in server.asked_to_connect[0]
    assert b"canary" not in server.asked_to_connect[0]


def test_proxy_that_refuses_is_named_as_the_cause(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy(authority, monkeypatch, CLOSED), pytest.raises(NetworkFailure) as caught:
        open_answer("GET", "https://localhost:443/v1.0/a", headers={}, deadline_s=20)
    assert caught.value.code == "network_proxy"


def test_host_named_in_no_proxy_is_called_directly(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy(authority, monkeypatch, CLOSED), TlsServer(authority, script) as server:
        monkeypatch.setenv("NO_PROXY", "localhost")
        assert open_answer("GET", server.url + "/", headers={}, deadline_s=20).read(max_bytes=10) == b"ok"


def test_time_limit_holds_behind_a_proxy_as_well(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drip(connection: socket.socket, _: bytes) -> None:
        for place in range(len(DRIPPING)):
            connection.sendall(DRIPPING[place : place + 1])

    server = proxy(authority, monkeypatch, OPEN)
    server.script = drip
    ticks = itertools.count(1000.0)
    monkeypatch.setattr(deadline, "monotonic", lambda: next(ticks))
    with server, pytest.raises(NetworkFailure) as caught:
        open_answer("GET", "https://localhost:443/v1.0/a", headers={}, deadline_s=60)
    assert caught.value.code == "network_timeout"
