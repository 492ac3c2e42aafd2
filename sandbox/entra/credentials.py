"""Prove that a client is the app it says: by its secret, or by an assertion its certificate signed."""

import base64
import binascii
from datetime import UTC, datetime

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.directory import App, Certificate, Tenant
from sandbox.entra.errors import EntraError
from sandbox.wire import Request

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SKEW_S = 300
PUBLIC, SECRET, CERTIFICATE = "0", "1", "2"


def prove(app: App, form: dict[str, str], *, now: float, audiences: frozenset[str]) -> str:
    """Give the kind of proof (the appidacr claim: "1" secret, "2" certificate). Raises EntraError."""
    if "client_assertion" in form:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise EntraError(
                900144, "invalid_request", "The request body must contain: 'client_assertion_type'."
            )
        _check_assertion(app, form["client_assertion"], now=now, audiences=audiences)
        return CERTIFICATE
    if not form.get("client_secret"):
        raise _refused(
            7000218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        )
    _check_secret(app, form["client_secret"], now=now)
    return SECRET


def prove_or_public(app: App, form: dict[str, str], *, now: float, audiences: frozenset[str]) -> str:
    """Prove like `prove`; who brings nothing is taken for a public client, where the app allows those."""
    if app.public_client:
        if not form.get("client_secret") and "client_assertion" not in form:
            return PUBLIC
        if not app.secrets and not app.certificates:
            raise _refused(
                700025,
                "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
            )
    return prove(app, form, now=now, audiences=audiences)


def audiences(request: Request, tenant: Tenant) -> frozenset[str]:
    """Give what an assertion may be meant for: the tenant's endpoints under all its names."""
    names = (tenant.directory_id, *tenant.domains)
    ends = ("oauth2/v2.0/token", "v2.0", "oauth2/token")
    return frozenset(f"{request.base_url}/{name}/{end}" for name in names for end in ends)


def _refused(code: int, text: str) -> EntraError:
    return EntraError(code, "invalid_client", text, status=401)


def _check_secret(app: App, value: str, *, now: float) -> None:
    found = next((secret for secret in app.secrets if secret.matches(value)), None)
    if found is None:
        raise _refused(
            7000215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value,"
            f" not the client secret ID, for a secret added to app '{app.client_id}'.",
        )
    if found.expires_at and found.expires_at.timestamp() <= now:
        raise _refused(
            7000222,
            f"The provided client secret keys for app '{app.client_id}' are expired. Visit the Azure portal to create"
            " new keys for your app, or consider using certificate credentials for added security.",
        )


def _check_assertion(app: App, assertion: str, *, now: float, audiences: frozenset[str]) -> None:
    certificate, algorithm = _certificate_of(app, assertion)
    key = certificate.x509.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise _refused(700027, "Client assertion failed signature validation. The key is not an RSA key.")
    options = {"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False}
    try:
        claims = jwt.decode(assertion, key, algorithms=[algorithm], options=options)  # type: ignore[arg-type]
    except jwt.PyJWTError as error:
        raise _refused(700027, "Client assertion failed signature validation.") from error
    _check_claims(app, claims, now=now, audiences=audiences)


def _certificate_of(app: App, assertion: str) -> tuple[Certificate, str]:
    try:
        header = jwt.get_unverified_header(assertion)
    except jwt.PyJWTError as error:
        raise _refused(50027, "JWT token is invalid or malformed.") from error
    algorithm = str(header.get("alg"))
    if algorithm not in ("PS256", "RS256"):
        raise _refused(700027, f"Client assertion is signed with the unsupported algorithm '{algorithm}'.")
    wanted = _thumbprint(header)
    for certificate in app.certificates:
        if wanted in certificate.thumbprints() and not certificate.revoked:
            return certificate, algorithm
    raise _refused(
        700027,
        "The certificate with identifier used to sign the client assertion is not registered on application."
        f" [Reason - The key was not found., Thumbprint of key used by client: '{wanted.hex().upper()}']",
    )


def _thumbprint(header: dict[str, object]) -> bytes:
    text = str(header.get("x5t#S256") or header.get("x5t") or "").rstrip("=")
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        return b""


def _check_claims(app: App, claims: dict[str, object], *, now: float, audiences: frozenset[str]) -> None:
    if str(claims.get("iss", "")).lower() != app.client_id.lower() or claims.get("sub") != claims.get("iss"):
        raise _refused(
            50012, "Authentication failed. The assertion's iss and sub must both be the client id."
        )
    if claims.get("aud") not in audiences:
        raise _refused(
            700023, "Client assertion audience claim does not match Realm issuer. Review the documentation."
        )
    since, until = _time(claims, "nbf", default=0.0), _time(claims, "exp", default=-1.0)
    if now > until + SKEW_S or now < since - SKEW_S:
        raise _refused(
            700024,
            "Client assertion is not within its valid time range. Current time:"
            f" {_utc(now)}, assertion valid from {_utc(since)}, expiry time of assertion {_utc(max(until, 0.0))}.",
        )


def _time(claims: dict[str, object], name: str, *, default: float) -> float:
    value = claims.get(name, default)
    return float(value) if isinstance(value, int | float) else default


def _utc(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds")
