"""The HTTP side: kept-alive connections, bodies in chunks, clients that hang up or speak nonsense."""

import socket
import ssl
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.sandbox.client import ADDRESS, APP, Client, scenario
from tests.sandbox.conftest import Start

BIG_BYTES = 8_000_000


def connect(client: Client) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(client.sandbox.ca_path))
    raw = socket.create_connection(("127.0.0.1", int(client.sandbox.url.rpartition(":")[2])), timeout=10)
    return context.wrap_socket(raw, server_hostname="localhost")


def read_all(wire: ssl.SSLSocket) -> bytes:
    content = b""
    while piece := wire.recv(65536):
        content += piece
    return content


def ask(client: Client, path: str, *headers: str) -> bytes:
    token = str(client.session.headers["Authorization"])
    lines = [
        f"GET /v1.0/users/{ADDRESS}/{path} HTTP/1.1",
        "Host: localhost",
        f"Authorization: {token}",
        *headers,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def test_two_requests_sent_at_once_are_answered_in_turn(client: Client) -> None:
    with connect(client) as wire:
        wire.sendall(
            ask(client, "mailFolders/inbox") + ask(client, "mailFolders/drafts", "Connection: close")
        )
        content = read_all(wire)
    assert content.count(b"HTTP/1.1 200 OK") == 2
    assert content.index(b'"Inbox"') < content.index(b'"Drafts"')


def test_body_in_chunks_is_read(client: Client) -> None:
    answer = client.session.post(
        f"{client.user}/mailFolders", data=iter([b'{"displayName"', b':"Chunked"}']), timeout=10
    )
    assert answer.json()["displayName"] == "Chunked"


@pytest.mark.parametrize("nonsense", [b"HELLO\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"])
def test_nonsense_ends_the_connection_and_nothing_else(client: Client, nonsense: bytes) -> None:
    with connect(client) as wire:
        wire.sendall(nonsense)
        assert read_all(wire) == b""
    assert client.get("mailFolders/inbox").ok


def test_client_that_hangs_up_half_way_leaves_its_place(start: Start, tmp_path: Path) -> None:
    letter = EmailMessage()
    letter.set_content("x" * 70 + "\n")
    (tmp_path / "big.eml").write_bytes(letter.as_bytes() + b"x\r\n" * (BIG_BYTES // 3))
    client = start(scenario(mail=[{"eml": str(tmp_path)}])).signed_in()
    mail = client.get("messages?$select=id").json()["value"][0]
    with connect(client) as wire:
        wire.sendall(ask(client, f"messages/{mail['id']}/$value"))
        assert wire.recv(1000).startswith(b"HTTP/1.1 200 OK")
    client.sandbox.stop()
    places = [client.sandbox.cloud.traffic.take_slot(APP, ADDRESS) for _ in range(4)]
    assert None not in places


def test_stopping_hangs_up_on_kept_alive_connections(client: Client) -> None:
    with connect(client) as wire:
        wire.sendall(ask(client, "mailFolders/inbox"))
        wire.recv(65536)
        client.sandbox.stop()
        assert wire.recv(65536) == b""


def test_big_mail_arrives_whole(start: Start, tmp_path: Path) -> None:
    mime = b"Subject: big\r\n\r\n" + b"0123456789abcde\r\n" * (BIG_BYTES // 17)
    (tmp_path / "big.eml").write_bytes(mime)
    client = start(scenario(mail=[{"eml": str(tmp_path)}])).signed_in()
    mail = client.get("messages?$select=id").json()["value"][0]
    assert client.get(f"messages/{mail['id']}/$value").content == mime
