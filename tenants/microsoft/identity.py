"""Tokens from Entra through MSAL. One throw-away MSAL application for each sign-in.

MSAL remembers a refused sign-in for a minute in its own cache; a cache that lives as long as the call means
that a repaired secret works at once, and that no tenant can see another's answer.
"""

import base64
import json
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msal

from tenants.errors import BadAnswer, IntegrationError, Misconfigured, TokenRefused
from tenants.microsoft.clouds import Cloud
from tenants.microsoft.credentials import CertificateCredential, Credential, SecretCredential
from tenants.microsoft.login import LoginWire, refusal
from tenants.redaction import remember

__all__ = ["AppToken", "CertificateCredential", "Credential", "SecretCredential", "acquire_app_token"]

GRAPH = "graph"
EXCHANGE = "exchange"
MAX_LIFE_S = 24 * 3600
_DIRECTORY = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*",
    re.IGNORECASE,
)
BEARER = re.compile(r"[A-Za-z0-9._~+/=-]+")
# Entra says 700027 for an expired certificate as well as for an unknown one.
_CERTIFICATE_CODES = frozenset({"AADSTS700027", "AADSTS50012", "AADSTS700024"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AppToken:
    """A token of the application itself.

    `expires_at` is aware, UTC. `roles` are the application permissions named in the token, for a hint only:
    with Exchange's role based access a token has none and works all the same. `clock_skew` is how far our
    clock is ahead of Entra's.
    """

    value: str = field(repr=False)
    expires_at: datetime
    roles: tuple[str, ...] = ()
    clock_skew: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        remember(self.value)


def acquire_app_token(
    *,
    cloud: Cloud,
    directory_id: str,
    client_id: str,
    credential: Credential,
    resource: str = GRAPH,
    fresh: bool = False,
) -> AppToken:
    """Sign the application in at one directory, within 60 seconds in all.

    `resource` is "graph" or "exchange"; `fresh` reads the directory's metadata anew as well. Raises
    CredentialUnusable before anything is sent, TokenRefused for Entra's refusals, and NetworkFailure or
    BadAnswer for what comes between. A token proves the credential, not the permission.
    Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
    """
    if not _DIRECTORY.fullmatch(directory_id):
        raise Misconfigured.own("directory_malformed")
    wire = LoginWire(cloud=cloud, directory_id=directory_id, fresh=fresh)
    scope = f"{cloud.graph_resource if resource == GRAPH else cloud.exchange_resource}/.default"
    answer = _ask(wire, f"{cloud.login_url}/{directory_id}", client_id, credential, scope)
    if "access_token" not in answer:
        raise _refused(answer, credential, wire)
    return _read_token(answer, wire)


def _ask(
    wire: LoginWire, authority: str, client_id: str, credential: Credential, scope: str
) -> dict[str, Any]:
    secret = credential.for_msal()
    try:
        app = msal.ConfidentialClientApplication(
            client_id,
            client_credential=secret,
            authority=authority,
            # Metadata comes from the login host of the tenant's cloud and from nowhere else.
            instance_discovery=False,
            http_client=wire,
            http_cache={},
        )
        answer: dict[str, Any] = app.acquire_token_for_client([scope])
        return answer
    except IntegrationError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError, msal.exceptions.MsalError):
        pass  # MSAL's own words may quote what was sent; nothing of them is kept.
    raise BadAnswer.own("answer_malformed")


def _refused(answer: dict[str, Any], credential: Credential, wire: LoginWire) -> TokenRefused:
    refused = refusal(answer, {}, skew=wire.skew)
    if refused.code in _CERTIFICATE_CODES and credential.is_expired():
        return TokenRefused.own("certificate_expired")
    if refused.code in _CERTIFICATE_CODES and isinstance(credential, CertificateCredential):
        trail = (*refused.diagnosis.correlation, ("thumbprint", credential.thumbprint))
        return TokenRefused(replace(refused.diagnosis, correlation=trail))
    return refused


def _read_token(answer: dict[str, Any], wire: LoginWire) -> AppToken:
    value, life_s = answer["access_token"], whole_seconds(answer.get("expires_in"))
    if not isinstance(value, str) or not BEARER.fullmatch(value) or life_s <= 0:
        raise BadAnswer.own("answer_malformed")
    claims = _claims(value)
    tenant = str(claims.get("tid") or "").lower()
    if tenant and wire.tenant_guid and tenant != wire.tenant_guid:
        raise TokenRefused.own("directory_mismatch")
    roles = claims.get("roles")
    return AppToken(
        value=value,
        expires_at=datetime.now(UTC) + timedelta(seconds=min(life_s, MAX_LIFE_S)),
        roles=tuple(str(role) for role in roles) if isinstance(roles, list) else (),
        clock_skew=wire.skew,
    )


def whole_seconds(value: object) -> int:
    """Read a number of seconds that may come as text; 0 for anything else."""
    try:
        return int(value) if isinstance(value, int | str) else 0
    except ValueError:
        return 0


def _claims(token: str) -> dict[str, Any]:
    """Look into a token for a hint and for its directory; {} when it is not the usual kind."""
    parts = token.split(".")
    try:
        raw = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        claims = json.loads(raw)
    except (IndexError, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}
