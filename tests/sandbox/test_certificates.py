"""Entra: client assertions signed by a registered certificate."""

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import msal
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.sandbox.client import APP, TENANT, Client, scenario
from tests.sandbox.conftest import Start

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Pair:
    """A key and its self-signed certificate."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "helpdesk")])
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key())
        )
        builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=30))
        self.certificate = builder.sign(self.key, hashes.SHA256())
        self.pem = self.certificate.public_bytes(serialization.Encoding.PEM).decode()
        self.key_pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()


Sign = Callable[..., dict[str, str]]


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair()


@pytest.fixture
def client(start: Start, pair: Pair) -> Client:
    document = scenario()
    document["tenants"][0]["apps"][0]["certificates"] = [{"pem": pair.pem}]
    return start(document)


def assertion(client: Client, pair: Pair, **claims: Any) -> dict[str, str]:
    now = int(time.time())
    print_ = pair.certificate.fingerprint(hashes.SHA256())
    header = {"x5t#S256": jwt.utils.base64url_encode(print_).decode()}
    usual = {
        "aud": f"{client.sandbox.url}/{TENANT}/oauth2/v2.0/token", "iss": APP, "sub": APP, "jti": str(uuid.uuid4()),
        "nbf": now, "exp": now + 600,
    }  # fmt: skip
    signed = jwt.encode(usual | claims, pair.key, algorithm="PS256", headers=header)
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": signed, "client_secret": ""}


@pytest.mark.parametrize("legacy", [False, True], ids=["PS256 and x5t#S256", "RS256 and x5t"])
def test_msal_gets_a_token_by_certificate(client: Client, pair: Pair, legacy: bool) -> None:
    credential = {"private_key": pair.key_pem, "public_certificate": pair.pem}
    if legacy:
        # The older form is what MSAL still sends to whoever configures only a SHA-1 thumbprint.
        credential = {
            "private_key": pair.key_pem,
            "thumbprint": pair.certificate.fingerprint(hashes.SHA1()).hex(),
        }
    app = msal.ConfidentialClientApplication(
        APP, client_credential=credential, authority=f"{client.sandbox.url}/{TENANT}", instance_discovery=False,
        http_client=client.session,
    )  # fmt: skip
    assert "access_token" in app.acquire_token_for_client(["https://graph.microsoft.com/.default"])


def test_own_assertion_is_accepted(client: Client, pair: Pair) -> None:
    assert client.sign_in(**assertion(client, pair)).ok


def test_unregistered_certificate_is_refused(client: Client) -> None:
    """F-80."""
    body = client.sign_in(**assertion(client, Pair())).json()
    assert body["error_codes"] == [700027]
    assert "is not registered on application" in body["error_description"]


def test_signature_by_another_key_is_refused(client: Client, pair: Pair) -> None:
    forged = Pair()
    forged.certificate = pair.certificate
    assert client.sign_in(**assertion(client, forged)).json()["error_codes"] == [700027]


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"exp": 1_700_000_000}, 700024),
        ({"nbf": 4_000_000_000, "exp": 4_000_000_600}, 700024),
        ({"aud": "https://login.microsoftonline.com/elsewhere"}, 700023),
        ({"sub": TENANT}, 50012),
    ],
)
def test_wrong_claims_are_refused(client: Client, pair: Pair, claims: Any, code: int) -> None:
    assert client.sign_in(**assertion(client, pair, **claims)).json()["error_codes"] == [code]


def test_clock_five_minutes_off_is_still_accepted(client: Client, pair: Pair) -> None:
    now = int(time.time())
    assert client.sign_in(**assertion(client, pair, nbf=now + 240, exp=now + 840)).ok
