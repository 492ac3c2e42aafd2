"""A TLS server of a few lines that answers exactly the bytes a test gives it."""

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

Script = Callable[[socket.socket, bytes], None]


@dataclass(frozen=True)
class Authority:
    """A certificate for localhost that is its own CA."""

    certificate: Path
    key: Path


def make_authority(folder: Path, *, days: int = 2, host: str = "localhost") -> Authority:
    key_pem, certificate_pem = make_certificate(days=days, host=host)
    authority = Authority(folder / f"{host}{days}.pem", folder / f"{host}{days}.key")
    authority.certificate.write_text(certificate_pem)
    authority.key.write_text(key_pem)
    return authority


def make_certificate(*, days: int = 2, host: str = "localhost") -> tuple[str, str]:
    """Make an RSA key and its self-signed certificate, both PEM; negative days: it has expired."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key_pem.decode(), certificate.public_bytes(Encoding.PEM).decode()


class TlsServer:
    """Listens on a free port; runs `script(connection, request head)` for every request.

    `tunnel` makes it a proxy as well: the answer to CONNECT, after which it plays the host behind itself.
    """

    def __init__(
        self,
        authority: Authority,
        script: Script,
        *,
        newest: ssl.TLSVersion | None = None,
        tunnel: bytes = b"",
    ) -> None:
        self._tunnel = tunnel
        self.asked_to_connect: list[bytes] = []
        self.script = script
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(authority.certificate, authority.key)
        if newest is not None:
            self._context.set_ciphers("ALL:@SECLEVEL=0")
            self._context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            self._context.maximum_version = newest
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://localhost:{self._listener.getsockname()[1]}"
        self.connections = 0

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                raw, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._talk, args=(raw,), daemon=True).start()

    def _talk(self, raw: socket.socket) -> None:
        with suppress(OSError), raw:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tunnel:
                self.asked_to_connect.append(_read_head(raw))
                raw.sendall(self._tunnel)
            with self._context.wrap_socket(raw, server_side=True) as connection:
                while head := _read_head(connection):
                    self.script(connection, head)


def _read_head(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        received = connection.recv(65536)
        if not received:
            return b""
        head += received
    return head
