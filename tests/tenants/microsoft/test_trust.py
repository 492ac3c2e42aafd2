"""Whom we believe, and what each failure to connect is called. Covers F-37, F-38."""

import os
import socket
import ssl
from pathlib import Path

import pytest

from tenants.errors import IntegrationError, NetworkFailure
from tenants.microsoft.http import open_answer

from .tls_server import Authority, TlsServer, make_authority

VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")


def script(connection: socket.socket, _: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


@pytest.fixture(autouse=True)
def _nothing_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def fetch(url: str) -> bytes:
    return open_answer("GET", url, headers={}, deadline_s=20).read(max_bytes=10)


def failure(url: str) -> IntegrationError:
    with pytest.raises(IntegrationError) as caught:
        fetch(url)
    assert isinstance(caught.value, NetworkFailure)
    return caught.value


@pytest.mark.parametrize("name", VARIABLES)
def test_either_variable_alone_makes_a_ca_trusted(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, str(authority.certificate))
    with TlsServer(authority, script) as server:
        assert fetch(server.url + "/") == b"ok"


def test_both_variables_together_trust_both(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = make_authority(tmp_path, host="proxy.example")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other.certificate))
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    with TlsServer(authority, script) as server:
        assert fetch(server.url + "/") == b"ok"


def test_unknown_certificate_is_refused_with_its_reason(authority: Authority) -> None:
    """F-38."""
    with TlsServer(authority, script) as server:
        error = failure(server.url + "/")
    assert error.code == "network_tls"
    assert "self-signed certificate" in str(error)


def test_expired_certificate_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """F-38."""
    expired = make_authority(tmp_path, days=-1)
    monkeypatch.setenv("SSL_CERT_FILE", str(expired.certificate))
    with TlsServer(expired, script) as server:
        assert "certificate has expired" in str(failure(server.url + "/"))


def test_certificate_of_another_host_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """F-38."""
    other = make_authority(tmp_path, host="other.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(other.certificate))
    with TlsServer(other, script) as server:
        assert failure(server.url + "/").code == "network_tls"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1")
def test_old_tls_is_refused(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """F-38."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    with TlsServer(authority, script, newest=ssl.TLSVersion.TLSv1_1) as server:
        assert failure(server.url + "/").code == "network_tls"


def test_unreadable_ca_file_is_named_as_the_cause(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    assert failure("https://localhost:1/").code == "tls_ca_unreadable"


def test_closed_port_is_named_as_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = failure(f"https://localhost:{port}/")
    assert (error.code, "Connection refused" in str(error)) == ("network_refused", True)


def test_unknown_name_is_named_as_dns() -> None:
    """F-37: names under .invalid never resolve (RFC 6761 §6.4)."""
    assert failure("https://graph.microsoft.invalid/").code == "network_dns"


def test_host_that_hangs_up_in_the_handshake_is_named_as_reset() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://localhost:{listener.getsockname()[1]}/"
        closer = os.fork()
        if closer == 0:
            connection, _ = listener.accept()
            connection.recv(10)
            connection.close()
            os._exit(0)
        assert failure(url).code == "network_reset"
        os.waitpid(closer, 0)


def test_plain_http_is_not_spoken() -> None:
    assert failure("http://localhost:1/").code == "network_address"


def test_forked_child_opens_a_connection_of_its_own(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    with TlsServer(authority, script) as server:
        fetch(server.url + "/")
        child = os.fork()
        if child == 0:
            os._exit(0 if fetch(server.url + "/") == b"ok" else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert fetch(server.url + "/") == b"ok"
    assert server.connections == 2
