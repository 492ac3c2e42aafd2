"""Signed and wrapped mail built for tests, with a key and a certificate of their own."""

import base64
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

from .mails import typed

P7M = b'application/pkcs7-mime; smime-type=signed-data; name="smime.p7m"'
SIGNED_OID = bytes.fromhex("06092a864886f70d010702")
DATA_OID = bytes.fromhex("06092a864886f70d010701")
END = b"\0\0"


@cache
def signer() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Ann Lee")])
    built = x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
    built = built.serial_number(7).not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
    return built.not_valid_after(datetime(2027, 1, 1, tzinfo=UTC)).sign(key, hashes.SHA256()), key


def der(content: bytes) -> bytes:
    """Sign as `cryptography` does: DER, every length said."""
    builder = PKCS7SignatureBuilder(content).add_signer(*signer(), hashes.SHA256())
    return builder.sign(Encoding.DER, [PKCS7Options.Binary])


def element(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes((size,)) if size < 128 else b"\x84" + size.to_bytes(4, "big")
    return bytes((tag,)) + length + content


def left_open(tag: int, content: bytes) -> bytes:
    return bytes((tag, 0x80)) + content + END


def ber(content: bytes, *, piece_bytes: int = 76, algorithms: bytes = element(0x31, b"")) -> bytes:
    """Wrap as Outlook and OpenSSL stream it: lengths left open, the content in pieces."""
    pieces = [content[at : at + piece_bytes] for at in range(0, len(content), piece_bytes)]
    octets = left_open(0x24, b"".join(element(0x04, one) for one in pieces))
    return around(octets, algorithms=algorithms)


def around(octets: bytes, *, algorithms: bytes = element(0x31, b"")) -> bytes:
    inside = left_open(0x30, DATA_OID + left_open(0xA0, octets))
    data = left_open(0x30, element(0x02, b"\1") + algorithms + inside + element(0x31, b""))
    return left_open(0x30, SIGNED_OID + left_open(0xA0, data))


def wrapped(packet: bytes, *, kind: bytes = P7M) -> bytes:
    return typed(kind, base64.encodebytes(packet), encoding=b"base64")
